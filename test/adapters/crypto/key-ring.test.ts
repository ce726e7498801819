import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { embeddedKeyRing } from '../../../core/adapters/crypto/embedded-key-ring.ts';
import { newKeyRing, parseKeyRing } from '../../../core/adapters/crypto/key-ring.ts';
import { built } from '../../support/built.ts';

const SECRET = Buffer.alloc(32, 1).toString('base64');
const OTHER = Buffer.alloc(32, 0xff).toString('base64url');

describe('a key ring as text', () => {
  test('is id:key pairs, the first of which seals; commas and line ends separate, both base64 alphabets count', () => {
    const ring = parseKeyRing(` new:${SECRET},\nold_1:${OTHER}\n`, 'FERMATA_KEYS');
    expect(ring.map(key => key.id)).toEqual(['new', 'old_1']);
    expect(ring.map(key => [...key.secret].at(-1))).toEqual([1, 255]);
  });

  test('can be a new one, which is never the same', () => {
    const [one] = newKeyRing();
    const [two] = newKeyRing();
    expect(one.secret).toHaveLength(32);
    expect(one).not.toEqual(two);
  });

  test.each([
    ['', 'FERMATA_KEYS has no key'],
    [' , ', 'FERMATA_KEYS has no key'],
    [SECRET, 'Key 1 of FERMATA_KEYS does not begin with an id'],
    [`:${SECRET}`, 'Key 1 of FERMATA_KEYS does not begin with an id'],
    [`a.b:${SECRET}`, 'Key 1 of FERMATA_KEYS does not begin with an id'],
    [`${'a'.repeat(17)}:${SECRET}`, 'Key 1 of FERMATA_KEYS does not begin with an id'],
    [`k1:${SECRET},k2:c2hvcnQ=`, 'Key 2 of FERMATA_KEYS ("k2") is not 32 bytes in base64'],
    [`k1:${SECRET}!`, 'Key 1 of FERMATA_KEYS ("k1") is not 32 bytes in base64'],
    [`k1:${SECRET},k1:${OTHER}`, 'FERMATA_KEYS has two keys with the id "k1"'],
  ])('%j is refused with the reason, and without showing a key', (text, reason) => {
    const parse = () => parseKeyRing(text, 'FERMATA_KEYS');
    expect(parse).toThrow(
      expect.objectContaining({ code: 'setting_invalid', message: expect.stringContaining(reason) }),
    );
    expect(parse).not.toThrow(SECRET.slice(0, 20));
  });
});

describe('the embedded key ring', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fermata-keys-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('is made at the first use, for its owner only, and is the same from then on', () => {
    const nested = join(folder, 'a', 'b');
    const ring = embeddedKeyRing(nested);
    expect(ring).toHaveLength(1);
    expect(readdirSync(nested)).toEqual(['keys']);
    expect(statSync(join(nested, 'keys')).mode & 0o777).toBe(0o600);
    expect(embeddedKeyRing(nested)).toEqual(ring);
  });

  test('may be edited by hand to rotate keys', () => {
    const [old] = embeddedKeyRing(folder);
    const file = join(folder, 'keys');
    writeFileSync(file, `new:${SECRET}\n${readFileSync(file, 'utf8')}`);
    expect(embeddedKeyRing(folder).map(key => key.id)).toEqual(['new', old.id]);
  });

  test('a damaged file is refused and left alone, never replaced by a new key', () => {
    writeFileSync(join(folder, 'keys'), 'k1:damaged');
    expect(() => embeddedKeyRing(folder)).toThrow(expect.objectContaining({ code: 'setting_invalid' }));
    expect(readFileSync(join(folder, 'keys'), 'utf8')).toBe('k1:damaged');
  });

  test('a folder that cannot be is a fault that says what to do', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => embeddedKeyRing(join(folder, 'file'))).toThrow(
      expect.objectContaining({ code: 'setting_invalid', message: expect.stringContaining('FERMATA_KEYS') }),
    );
  });

  test('processes that make it at the same time agree on one key', async () => {
    const module = JSON.stringify(built('embedded-key-ring'));
    const code = `import(${module}).then(m => console.log(m.embeddedKeyRing(process.argv[1])[0].id))`;
    const ids = await Promise.all(
      [1, 2, 3].map(async () => {
        const child = spawn(process.execPath, ['--eval', code, folder], { stdio: 'pipe' });
        const [id] = await Promise.all([once(child.stdout, 'data'), once(child, 'exit')]);
        return String(id).trim();
      }),
    );
    expect(new Set(ids)).toEqual(new Set([embeddedKeyRing(folder)[0].id]));
  });
});
