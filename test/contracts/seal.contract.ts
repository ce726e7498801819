/** The contract of `Seal`: every seal passes it. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Seal } from '../../core/ports/seal.ts';
import fc from '../support/fast-check.ts';

export interface SealUnderTest {
  readonly seal: Seal;
  cleanup(): Promise<void>;
}

export function describeSealContract(name: string, make: () => Promise<SealUnderTest>): void {
  describe(`${name}: seal`, () => {
    let given: SealUnderTest;
    let seal: Seal;

    beforeEach(async () => {
      given = await make();
      seal = given.seal;
    });
    afterEach(() => given.cleanup());

    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      fc.string({ unit: 'grapheme' }).map(part => part.repeat(400)),
    );

    test('law: what was sealed is opened with the same binding, and with no other', () => {
      fc.assert(
        fc.property(text, fc.string(), fc.string(), (plain, binding, other) => {
          const sealed = seal.seal(plain, binding);
          expect(seal.open(sealed, binding)).toBe(plain);
          if (other !== binding) expect(seal.open(sealed, other)).toBeUndefined();
        }),
      );
    });

    test('law: what was altered anywhere is not opened', () => {
      fc.assert(
        fc.property(text, fc.nat(), fc.constantFrom(...'Aa0-_.'), (plain, at, character) => {
          const sealed = seal.seal(plain, 'binding');
          const index = at % sealed.length;
          const altered = sealed.slice(0, index) + character + sealed.slice(index + 1);
          if (altered !== sealed) expect(seal.open(altered, 'binding')).toBeUndefined();
          expect(seal.open(sealed.slice(0, index), 'binding')).toBeUndefined();
          expect(seal.open(sealed + character, 'binding')).toBeUndefined();
        }),
      );
    });

    test('law: what is not ours is not opened, and does no harm', () => {
      fc.assert(
        fc.property(fc.string(), foreign => {
          expect(seal.open(foreign, 'binding')).toBeUndefined();
        }),
      );
    });

    test('what is sealed is URL-safe, says nothing, and is never the same twice', () => {
      const sealed = seal.seal('a secret', 'binding');
      expect(sealed).toMatch(/^[A-Za-z0-9._-]+$/);
      expect(Buffer.from(sealed.split('.').at(-1) ?? '', 'base64url').includes('a secret')).toBe(false);
      expect(seal.seal('a secret', 'binding')).not.toBe(sealed);
    });

    const bytes = fc.uint8Array({ maxLength: 200 });

    test('law: bytes that were sealed are opened with the same binding, and with no other', () => {
      fc.assert(
        fc.property(bytes, fc.string(), fc.string(), (plain, binding, other) => {
          const sealed = seal.sealBytes(plain, binding);
          expect(Buffer.from(seal.openBytes(sealed, binding) ?? [1]).equals(plain)).toBe(true);
          if (other !== binding) expect(seal.openBytes(sealed, other)).toBeUndefined();
          expect(Buffer.from(seal.sealBytes(plain, binding)).equals(sealed)).toBe(false);
        }),
      );
    });

    test('law: bytes that were altered anywhere, cut off, or are not ours are not opened', () => {
      fc.assert(
        fc.property(bytes, fc.nat(), fc.integer({ min: 1, max: 255 }), (plain, at, change) => {
          const sealed = Uint8Array.from(seal.sealBytes(plain, 'binding'));
          const index = at % sealed.length;
          expect(seal.openBytes(sealed.slice(0, index), 'binding')).toBeUndefined();
          sealed[index] = (sealed[index] ?? 0) ^ change;
          expect(seal.openBytes(sealed, 'binding')).toBeUndefined();
          expect(seal.openBytes(plain, 'binding')).toBeUndefined();
        }),
      );
    });

    test('bytes are not opened as a text, nor a text as bytes', () => {
      const sealed = Buffer.from(seal.sealBytes(Buffer.from('text'), ''));
      expect(seal.open(sealed.toString('latin1'), '')).toBeUndefined();
      const [version, id, payload = ''] = seal.seal('text', '').split('.');
      const asBytes = Buffer.concat([Buffer.from(`${version}.${id}.`), Buffer.from(payload, 'base64url')]);
      expect(seal.openBytes(asBytes, '')).toBeUndefined();
      expect(
        seal.openBytes(Buffer.concat([Buffer.from(`fermata1b.${id}.`), Buffer.from(payload, 'base64url')]), ''),
      ).toBeUndefined();
    });

    test('a long text of many repetitions is sealed to less than its length', () => {
      expect(seal.seal('the same question again. '.repeat(1000), '').length).toBeLessThan(1000);
    });
  });
}
