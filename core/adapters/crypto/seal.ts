/**
 * The seal: AES-256-GCM over text, as `fermata1.<key id>.<base64url of iv, tag, ciphertext>`. The prefix and the binding are
 * authenticated with it. What is encrypted begins with one byte that says whether the text was packed (raw deflate); unpacking
 * stops at a bound. Bytes that are stored are sealed as they are, in bytes: `fermata1b.<key id>.`, iv, tag, ciphertext. It knows nothing of journals, requests or time: expiry belongs to what is sealed.
 */
import type { KeyObject } from 'node:crypto';
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { Fault } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { Seal } from '../../ports/seal.ts';
import type { KeyRing } from './key-ring.ts';

const VERSION = 'fermata1';
/** Another name for sealed bytes, so that neither form opens as the other. */
const BYTES_VERSION = 'fermata1b';
const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Longer than any version and key id. */
const PREFIX_MAX = 32;
const PLAIN = 0;
const PACKED = 1;

export interface AesSealOptions {
  readonly keys: KeyRing;
  /** Texts from this size on are packed: what is stored on this machine need not be as small as what is paid for by the kilobyte. */
  readonly packBytesMin?: number;
}

export function aesSeal({ keys, packBytesMin = LIMITS.packBytesMin }: AesSealOptions): Seal {
  // The ciphers look at what kind of key they are given, which takes them longer than a small text if it is bytes.
  const byId = new Map(keys.map(({ id, secret }) => [id, createSecretKey(secret)]));
  const [{ id: sealingId, secret }] = keys;
  const sealing = byId.get(sealingId) ?? createSecretKey(secret);
  return {
    seal(plain, binding) {
      const prefix = `${VERSION}.${sealingId}.`;
      return prefix + encrypt(sealing, pack(plain, packBytesMin), prefix + binding).toString('base64url');
    },

    open(sealed, binding) {
      const [version, id = '', payload = '', ...rest] = sealed.split('.', 4);
      const key = byId.get(id);
      if (version !== VERSION || key === undefined || rest.length > 0) return undefined;
      const bytes = Buffer.from(payload, 'base64url');
      // Other spellings of the same bytes are not what we wrote.
      if (bytes.toString('base64url') !== payload) return undefined;
      try {
        return unpack(decrypt(key, bytes, `${VERSION}.${id}.${binding}`));
      } catch {
        return undefined;
      }
    },

    sealBytes(plain, binding) {
      const prefix = `${BYTES_VERSION}.${sealingId}.`;
      return Buffer.concat([Buffer.from(prefix), encrypt(sealing, plain, prefix + binding)]);
    },

    openBytes(sealed, binding) {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
      const [version, id = '', rest] = bytes.toString('latin1', 0, PREFIX_MAX).split('.', 3);
      const key = byId.get(id);
      if (version !== BYTES_VERSION || key === undefined || rest === undefined) return undefined;
      const prefix = `${version}.${id}.`;
      try {
        return decrypt(key, bytes.subarray(prefix.length), prefix + binding);
      } catch {
        return undefined;
      }
    },
  };
}

function encrypt(key: KeyObject, plain: Uint8Array, authenticated: string): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(authenticated));
  const encrypted = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), encrypted]);
}

/** Throws unless every byte, and the prefix and binding, are what was sealed. */
function decrypt(key: KeyObject, bytes: Buffer, authenticated: string): Buffer {
  const iv = bytes.subarray(0, IV_BYTES);
  const tag = bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
  const decipher = createDecipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(authenticated))
    .setAuthTag(tag);
  return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
}

/** A third of the time of the usual settings, most of which is spent on tables too large for a journal; a twentieth more bytes. */
const QUICKLY = { level: 1, windowBits: 13, memLevel: 5 } as const;

function pack(text: string, packBytesMin: number): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length > LIMITS.sealedTextBytesMax) throw tooLong(bytes.length);
  const packed = bytes.length < packBytesMin ? bytes : deflateRawSync(bytes, QUICKLY);
  return packed.length < bytes.length
    ? Buffer.concat([Buffer.of(PACKED), packed])
    : Buffer.concat([Buffer.of(PLAIN), bytes]);
}

/** Throws for what unpacks to more than we would have packed. */
function unpack(bytes: Buffer): string | undefined {
  const body = bytes.subarray(1);
  switch (bytes[0]) {
    case PLAIN:
      return body.toString();
    case PACKED:
      return inflateRawSync(body, { maxOutputLength: LIMITS.sealedTextBytesMax }).toString();
    default:
      return undefined;
  }
}

const tooLong = (length: number): Fault =>
  new Fault(
    'journal_too_large',
    `What this call has to remember is ${length} bytes, more than the ${LIMITS.sealedTextBytesMax} that can be sealed. ` +
      'Let the program ask for less at a time, or return smaller results from its steps.',
  );
