/**
 * API keys: `Authorization: Bearer <key>`, for teams too small for an identity provider.
 *
 * Only hashes are kept: a line `name:sha256` for each key, in the variable `FERMATA_API_KEYS` or in a file; scopes may follow,
 * `name:sha256:scope scope`. A key is long and random, so that one round of SHA-256 is enough; digests are compared in
 * constant time.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Fault } from '../base/errors.ts';
import type { Authentication, Authenticator } from './authenticator.ts';
import { bearerOf } from './bearer.ts';

export interface ApiKey {
  readonly name: string;
  readonly hash: Buffer;
  /** What it grants, for policies that name scopes. */
  readonly scopes?: readonly string[];
}

/** What is stored of a key: its SHA-256, in hexadecimal. */
export const hashKey = (key: string): string => createHash('sha256').update(key, 'utf8').digest('hex');

/** A fresh key of 256 bits for a name: the key goes to its user, the line into the list of keys. */
export function newApiKey(
  name: string,
  scopes: readonly string[] = [],
): { readonly key: string; readonly line: string } {
  checkName(name, 'The name of the key');
  checkScopes(scopes, 'The scopes of the key');
  const key = `fermata_${randomBytes(32).toString('base64url')}`;
  return { key, line: [name, hashKey(key), ...(scopes.length === 0 ? [] : [scopes.join(' ')])].join(':') };
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const HASH = /^[0-9a-f]{64}$/;
/** As RFC 6749 §3.3, without what separates entries here. */
const SCOPE = /^[\x21\x24-\x2b\x2d-\x5b\x5d-\x7e]{1,64}$/;

/** Reads lines `name:sha256` or `name:sha256:scope scope`. Commas separate as well as line ends do, for variables; `#` begins a comment. */
export function parseApiKeys(text: string, source = 'FERMATA_API_KEYS'): readonly ApiKey[] {
  const keys: ApiKey[] = [];
  for (const [index, line] of text.split(/[\n,]/).entries()) {
    const entry = line.replace(/#.*$/s, '').trim();
    if (entry === '') continue;
    const where = `Entry ${index + 1} of ${source}`;
    const [name = '', digits = '', ...granted] = entry.includes(':') ? entry.split(':') : [];
    const hash = digits.trim().toLowerCase();
    const scopes = granted
      .join(':')
      .split(' ')
      .filter(scope => scope !== '');
    checkName(name, where);
    if (!HASH.test(hash)) {
      throw invalid(
        `${where} ("${name}") must end in a SHA-256 of 64 hexadecimal digits. Make one with: fermata key ${name}`,
      );
    }
    checkScopes(scopes, where);
    if (keys.some(key => key.name === name))
      throw invalid(`${where} repeats the name "${name}". Give each key its own.`);
    keys.push({ name, hash: Buffer.from(hash, 'hex'), ...(granted.length === 0 ? {} : { scopes }) });
  }
  if (keys.length === 0) throw invalid(`${source} holds no key. Make one with: fermata key NAME`);
  return keys;
}

function checkName(name: string, where: string): void {
  if (NAME.test(name)) return;
  throw invalid(`${where} must have the form name:sha256, the name of letters, digits, ".", "_" and "-" (64 at most).`);
}

function checkScopes(scopes: readonly string[], where: string): void {
  const wrong = scopes.find(scope => !SCOPE.test(scope));
  if (wrong !== undefined)
    throw invalid(`${where} names the scope "${wrong}": visible characters (64 at most), without comma, quote or "#".`);
}

const invalid = (message: string): Fault => new Fault('setting_invalid', message);

/** Lets in whoever shows a key of the list, as the principal `key:<name>`. */
export function apiKeys(keys: readonly ApiKey[]): Authenticator {
  return async request => {
    const presented = bearerOf(request);
    if (presented === undefined) return rejected('Send an API key: Authorization: Bearer <key>.', 'Bearer');
    const hash = createHash('sha256').update(presented, 'utf8').digest();
    let found: ApiKey | undefined;
    for (const key of keys) if (timingSafeEqual(key.hash, hash)) found = key;
    if (found === undefined)
      return rejected('This API key is unknown or was withdrawn.', 'Bearer error="invalid_token"');
    const { name, scopes } = found;
    return { principal: { id: `key:${name}`, ...(scopes === undefined ? {} : { scopes }) } };
  };
}

const rejected = (why: string, challenge: string): Authentication => ({ rejected: why, challenge });
