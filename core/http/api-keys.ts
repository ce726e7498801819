/**
 * API keys: `Authorization: Bearer <key>`, for teams too small for an identity provider.
 *
 * Only hashes are kept: a line `name:sha256` for each key, in the variable `FERMATA_API_KEYS` or in a file. A key is long and
 * random, so that one round of SHA-256 is enough; digests are compared in constant time.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Fault } from '../base/errors.ts';
import type { Authentication, Authenticator } from './authenticator.ts';
import { bearerOf } from './bearer.ts';

export interface ApiKey {
  readonly name: string;
  readonly hash: Buffer;
}

/** What is stored of a key: its SHA-256, in hexadecimal. */
export const hashKey = (key: string): string => createHash('sha256').update(key, 'utf8').digest('hex');

/** A fresh key of 256 bits for a name: the key goes to its user, the line into the list of keys. */
export function newApiKey(name: string): { readonly key: string; readonly line: string } {
  checkName(name, 'The name of the key');
  const key = `fermata_${randomBytes(32).toString('base64url')}`;
  return { key, line: `${name}:${hashKey(key)}` };
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const HASH = /^[0-9a-f]{64}$/;

/** Reads lines `name:sha256`. Commas separate as well as line ends do, for variables; `#` begins a comment. */
export function parseApiKeys(text: string, source = 'FERMATA_API_KEYS'): readonly ApiKey[] {
  const keys: ApiKey[] = [];
  for (const [index, line] of text.split(/[\n,]/).entries()) {
    const entry = line.replace(/#.*$/s, '').trim();
    if (entry === '') continue;
    const where = `Entry ${index + 1} of ${source}`;
    const colon = entry.indexOf(':');
    const name = entry.slice(0, Math.max(0, colon));
    const hash = entry.slice(colon + 1).toLowerCase();
    checkName(name, where);
    if (!HASH.test(hash)) {
      throw invalid(
        `${where} ("${name}") must end in a SHA-256 of 64 hexadecimal digits. Make one with: fermata key ${name}`,
      );
    }
    if (keys.some(key => key.name === name))
      throw invalid(`${where} repeats the name "${name}". Give each key its own.`);
    keys.push({ name, hash: Buffer.from(hash, 'hex') });
  }
  if (keys.length === 0) throw invalid(`${source} holds no key. Make one with: fermata key NAME`);
  return keys;
}

function checkName(name: string, where: string): void {
  if (NAME.test(name)) return;
  throw invalid(`${where} must have the form name:sha256, the name of letters, digits, ".", "_" and "-" (64 at most).`);
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
    return { principal: { id: `key:${found.name}` } };
  };
}

const rejected = (why: string, challenge: string): Authentication => ({ rejected: why, challenge });
