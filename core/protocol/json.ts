/**
 * Canonical JSON (the key order of RFC 8785, which is all that matters for our use) and digests of it.
 *
 * Two values that mean the same give the same text and so the same digest; used to bind a `requestState` to its request, to
 * match a question against the journal, and to recognise the same call made again.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { isObject } from './messages.ts';

/** JSON text with object keys sorted and members that are `undefined` left out; `omit` names keys to drop at any depth. */
export function canonicalJson(value: unknown, omit: ReadonlySet<string> = new Set()): string {
  if (Array.isArray(value)) return `[${value.map(item => canonicalJson(item ?? null, omit)).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  const members = Object.keys(value)
    .filter(key => value[key] !== undefined && !omit.has(key))
    .sort()
    .map(key => `${JSON.stringify(key)}:${canonicalJson(value[key], omit)}`);
  return `{${members.join(',')}}`;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The first 132 bits of SHA-256 as 22 characters of base64url: far past any accidental collision, short enough for keys. */
export function digest(text: string): string {
  const bytes = sha256(utf8ToBytes(text));
  let out = '';
  for (let i = 0; out.length < 22; i += 3) {
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (const shift of [18, 12, 6, 0]) out += ALPHABET[(word >> shift) & 63];
  }
  return out.slice(0, 22);
}

const NOT_PART_OF_A_CALL = new Set(['_meta', 'inputResponses', 'requestState']);

/** What a call asks: the method and its parameters, without what differs between rounds and connections. */
export function callText(method: string, params: unknown): string {
  const top = isObject(params)
    ? Object.fromEntries(Object.entries(params).filter(([key]) => !NOT_PART_OF_A_CALL.has(key)))
    : {};
  return `${method}\n${canonicalJson(top)}`;
}

/** Names a call by what it asks. */
export const callDigest = (method: string, params: unknown): string => digest(callText(method, params));

/** How many bytes a value takes as JSON. */
export const jsonBytes = (value: unknown): number => utf8ToBytes(JSON.stringify(value) ?? '').length;

/** The JSON value of a text; `undefined` for a text that is none, which no JSON value is. */
export function parsedJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
