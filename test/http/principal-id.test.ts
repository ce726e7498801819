/** Pins: sessions are stored under these ids, so they must stay what they are. */
import { describe, expect, it } from 'vitest';
import { principalIdOf } from '../../core/http/principal-id.ts';

describe('the id of a principal', () => {
  it('can be read where its name can', () => {
    expect(principalIdOf('jwt', 'alice', 'https://login.example')).toBe('jwt:https://login.example#alice');
    expect(principalIdOf('iam', 'arn:aws:sts::1:assumed-role/a/b')).toBe('iam:arn:aws:sts::1:assumed-role/a/b');
    expect(principalIdOf('jwt', 'auth0|7#x', 'https://login.example/')).toBe('jwt:https://login.example/#auth0|7#x');
  });

  it('is a hash of a name that is long or cannot be read', () => {
    expect(principalIdOf('jwt', 'two words', 'https://login.example')).toBe(
      'jwt-sha256:ohLOwMPqPI3y0ui4FVw6lNtu_XKTeRAACVo21pBhwaA',
    );
    expect(principalIdOf('iam', 'x'.repeat(300))).toMatch(/^iam-sha256:[\w-]{43}$/);
    expect(principalIdOf('iam', 'x'.repeat(252))).toHaveLength(256);
    expect(principalIdOf('iam', 'x'.repeat(253))).toHaveLength(54);
  });

  it('is never the same for two who differ in anything', () => {
    const issuers = ['https://a.example', 'https://a.example/', 'https://a.example#b', 'https://a.example/#'];
    const names = [
      'b',
      'B',
      'b ',
      ' b',
      'b\n',
      '#b',
      'b#b',
      '\uD800',
      '\uDFFF',
      '\uFFFD',
      'b\u0000',
      'é',
      'e\u0301',
      '',
    ];
    const long = ['x'.repeat(1_000), 'x'.repeat(1_001)];
    const hashed = principalIdOf('jwt', 'b ', 'https://a.example');
    const all = [...names, ...long, hashed, hashed.replace('jwt-', '')];
    const ids = issuers.flatMap(issuer => all.map(name => principalIdOf('jwt', name, issuer)));
    ids.push(...all.flatMap(name => [principalIdOf('iam', name), principalIdOf('jwt', name)]));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter(id => !/^[\x21-\x7e]{1,256}$/.test(id))).toEqual([]);
  });
});
