import { createCipheriv } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Key, KeyRing } from '../../../core/adapters/crypto/key-ring.ts';
import { aesSeal } from '../../../core/adapters/crypto/seal.ts';
import { LIMITS } from '../../../core/base/limits.ts';
import { describeSealContract } from '../../contracts/seal.contract.ts';

const key = (id: string, fill: number): Key => ({ id, secret: new Uint8Array(32).fill(fill) });
const KEYS: KeyRing = [key('k1', 1)];

describeSealContract('AES-256-GCM', async () => ({ seal: aesSeal({ keys: KEYS }), cleanup: async () => {} }));

/** The format, written out a second time: bytes sealed by hand with the test's key. */
function sealedByHand(content: Buffer): string {
  const iv = Buffer.alloc(12, 7);
  const cipher = createCipheriv('aes-256-gcm', key('k1', 1).secret, iv).setAAD(Buffer.from('fermata1.k1.binding'));
  const encrypted = Buffer.concat([cipher.update(content), cipher.final()]);
  return `fermata1.k1.${Buffer.concat([iv, cipher.getAuthTag(), encrypted]).toString('base64url')}`;
}

describe('the sealed format', () => {
  const seal = aesSeal({ keys: KEYS });

  test('is the version, the id of the key, and iv, tag and ciphertext in base64url', () => {
    expect(seal.seal('text', 'binding')).toMatch(/^fermata1\.k1\.[A-Za-z0-9_-]{44}$/);
  });

  test('of today is opened for ever', () => {
    const sealed = 'fermata1.k1.BwcHBwcHBwcHBwcHiMoaQyGhWTcjC7douty7GI2IyM5g28PPePYmCv2dGg';
    expect(seal.open(sealed, 'binding')).toBe('{"journal":[]}');
    expect(sealedByHand(Buffer.from('\u0000{"journal":[]}'))).toBe(sealed);
  });

  test('holds a plain or a packed text, and nothing else', () => {
    expect(seal.open(sealedByHand(Buffer.from('\u0000text')), 'binding')).toBe('text');
    const packed = Buffer.concat([Buffer.of(1), deflateRawSync('packed')]);
    expect(seal.open(sealedByHand(packed), 'binding')).toBe('packed');
    expect(seal.open(sealedByHand(Buffer.from('\u0002text')), 'binding')).toBeUndefined();
    expect(seal.open(sealedByHand(Buffer.alloc(0)), 'binding')).toBeUndefined();
  });

  test('packs from a size on that can be chosen, and opens either', () => {
    const unpacking = aesSeal({ keys: KEYS, packBytesMin: 2_000 });
    const repeating = 'again '.repeat(200);
    const [packed, plain] = [seal, unpacking].map(one => one.seal(repeating, 'binding'));
    expect([Number(packed?.length) < 200, plain?.length]).toEqual([true, 1651]);
    expect([seal.open(plain ?? '', 'binding'), unpacking.open(packed ?? '', 'binding')]).toEqual([
      repeating,
      repeating,
    ]);
    expect(unpacking.seal(repeating.repeat(2), 'binding').length).toBeLessThan(200);
  });

  test('does not unpack beyond its bound', () => {
    const bomb = Buffer.concat([Buffer.of(1), deflateRawSync(Buffer.alloc(LIMITS.sealedTextBytesMax + 1, 'x'))]);
    expect(bomb.length).toBeLessThan(100_000);
    expect(seal.open(sealedByHand(bomb), 'binding')).toBeUndefined();
  });

  test('takes a text as long as it opens, and refuses a longer one', () => {
    const longest = 'x'.repeat(LIMITS.sealedTextBytesMax);
    expect(seal.open(seal.seal(longest, ''), '')).toBe(longest);
    expect(() => seal.seal(`${longest}x`, '')).toThrow(expect.objectContaining({ code: 'journal_too_large' }));
  });
});

describe('rotation', () => {
  const before = aesSeal({ keys: [key('old', 1)] });
  const during = aesSeal({ keys: [key('new', 2), key('old', 1)] });
  const after = aesSeal({ keys: [key('new', 2)] });

  test('the first key seals, all keys open', () => {
    expect(during.seal('text', '')).toMatch(/^fermata1\.new\./);
    expect(during.open(before.seal('text', ''), '')).toBe('text');
    expect(after.open(during.seal('text', ''), '')).toBe('text');
  });

  test('what was sealed with a key that is gone is not opened', () => {
    expect(after.open(before.seal('text', ''), '')).toBeUndefined();
  });

  test('a key of the same id but another secret opens nothing', () => {
    expect(aesSeal({ keys: [key('old', 3)] }).open(before.seal('text', ''), '')).toBeUndefined();
  });
});
