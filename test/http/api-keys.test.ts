import { describe, expect, it } from 'vitest';
import { isLoopback } from '../../core/base/loopback.ts';
import { apiKeys, hashKey, newApiKey, parseApiKeys } from '../../core/http/api-keys.ts';
import { assertBindable } from '../../core/http/loopback.ts';

const HASH = '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b';
const asking = (authorization?: string) =>
  new Request('http://localhost/', authorization === undefined ? {} : { headers: { authorization } });

describe('a list of API keys', () => {
  it('is read from lines or commas, with comments', () => {
    const keys = parseApiKeys(
      `# people\nalice:${HASH}, bob:${hashKey('other').toUpperCase()}\n\ncarol:${hashKey('x')} # away\n`,
    );
    expect(keys.map(({ name }) => name)).toEqual(['alice', 'bob', 'carol']);
  });

  it.each([
    ['', 'FERMATA_API_KEYS holds no key. Make one with: fermata key NAME'],
    [
      'alice',
      'Entry 1 of FERMATA_API_KEYS must have the form name:sha256, the name of letters, digits, ".", "_" and "-" (64 at most).',
    ],
    [
      `a b:${HASH}`,
      'Entry 1 of FERMATA_API_KEYS must have the form name:sha256, the name of letters, digits, ".", "_" and "-" (64 at most).',
    ],
    [
      'alice:secret',
      'Entry 1 of FERMATA_API_KEYS ("alice") must end in a SHA-256 of 64 hexadecimal digits. Make one with: fermata key alice',
    ],
    [`alice:${HASH}\nalice:${HASH}`, 'Entry 2 of FERMATA_API_KEYS repeats the name "alice". Give each key its own.'],
  ])('says what is wrong with %j', (text, message) => {
    expect(() => parseApiKeys(text)).toThrow(expect.objectContaining({ code: 'setting_invalid', message }));
  });
});

describe('an API key', () => {
  it('is kept as its SHA-256', () => {
    expect(hashKey('secret')).toBe(HASH);
  });

  it('grants the scopes that follow its hash', async () => {
    const { key, line } = newApiKey('carol', ['approve', 'read:all']);
    const authenticate = apiKeys(parseApiKeys(`${line},${newApiKey('dan').line}`));
    expect(await authenticate(asking(`Bearer ${key}`))).toEqual({
      principal: { id: 'key:carol', scopes: ['approve', 'read:all'] },
    });
    expect(() => newApiKey('eve', ['a,b'])).toThrow('names the scope "a,b"');
  });

  it('names its principal', async () => {
    const authenticate = apiKeys(parseApiKeys(`alice:${HASH},bob:${hashKey('other')}`));
    expect(await authenticate(asking('Bearer secret'))).toEqual({ principal: { id: 'key:alice' } });
    expect(await authenticate(asking('bearer other'))).toEqual({ principal: { id: 'key:bob' } });
  });

  it.each([
    undefined,
    'secret',
    'Bearer',
    'Bearer ',
    'Bearer secret2',
    'Bearer secret other',
    `Bearer ${HASH}`,
  ])('is not %j', async header => {
    expect(await apiKeys(parseApiKeys(`alice:${HASH}`))(asking(header))).toHaveProperty('rejected');
  });

  it('can be made, and its line is one that is understood', async () => {
    const { key, line } = newApiKey('dave');
    expect(key).toMatch(/^fermata_[A-Za-z0-9_-]{43}$/);
    expect(newApiKey('dave').key).not.toBe(key);
    expect(await apiKeys(parseApiKeys(line))(asking(`Bearer ${key}`))).toEqual({ principal: { id: 'key:dave' } });
  });
});

describe('an address to listen on', () => {
  it.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1', '[::1]'])('%s needs no authentication', host => {
    expect(isLoopback(host)).toBe(true);
    expect(() => assertBindable({ host, authenticated: false })).not.toThrow();
  });

  it.each([
    '0.0.0.0',
    '::',
    '192.168.1.5',
    'example.com',
    '127.0.0.1.example.com',
    '',
  ])('%j is refused without it', host => {
    expect(() => assertBindable({ host, authenticated: false })).toThrow(/FERMATA_API_KEYS/);
    expect(() => assertBindable({ host, authenticated: true })).not.toThrow();
  });
});
