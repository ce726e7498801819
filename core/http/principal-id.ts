/**
 * The id of a principal whom somebody else has named: by scheme, issuer and name, so that no two who differ in any of them
 * are ever the same.
 *
 * A name may hold anything and be of any length. What would not be readable in a log, or is too long for the keys it becomes
 * part of, is named by its SHA-256 instead, under a scheme of its own.
 */
import { createHash } from 'node:crypto';
import { LIMITS } from '../base/limits.ts';

const VISIBLE = /^[\x21-\x7e]+$/;
/** Stands between the parts. An issuer has no fragment (RFC 8414 §2), so the first one ends it. */
const SEPARATOR = '#';

export function principalIdOf(scheme: string, name: string, issuer?: string): string {
  const plain = `${scheme}:${issuer === undefined ? '' : `${issuer}${SEPARATOR}`}${name}`;
  const isPlain = plain.length <= LIMITS.principalIdCharactersMax && VISIBLE.test(plain);
  if (isPlain && issuer?.includes(SEPARATOR) !== true) return plain;
  // JSON keeps apart what UTF-8 would not: halves of surrogate pairs.
  const hash = createHash('sha256').update(JSON.stringify([issuer ?? null, name]));
  return `${scheme}-sha256:${hash.digest('base64url')}`;
}
