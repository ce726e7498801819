/** Access tokens against a real authorization server: what is taken, what is refused and why, and how often it is asked. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { placesOf } from '../../../core/adapters/oauth/discovery.ts';
import { isSecureUrl } from '../../../core/adapters/oauth/secure-url.ts';
import { tokenVerifier } from '../../../core/adapters/oauth/token-verifier.ts';
import { Fault } from '../../../core/base/errors.ts';
import type { Observation } from '../../../core/ports/observer.ts';
import type { MintOptions } from '../../support/authorization-server.ts';
import { AuthorizationServer } from '../../support/authorization-server.ts';
import { TestClock } from '../../support/proxies.ts';

const AUDIENCE = 'https://mcp.example/mcp';

let issuer: AuthorizationServer;
beforeAll(async () => {
  issuer = await AuthorizationServer.start(AUDIENCE);
});
afterAll(() => issuer[Symbol.asyncDispose]());

function verifierOf(server: AuthorizationServer, keysUrl?: string) {
  const clock = new TestClock();
  const observed: Observation[] = [];
  const observer = (observation: Observation) => void observed.push(observation);
  const verify = tokenVerifier({ issuer: server.issuer, audience: AUDIENCE, keysUrl, environment: clock, observer });
  return { verify, clock, observed };
}

async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  const thrown = await promise.then(
    outcome => new Error(`It was told: ${JSON.stringify(outcome)}`),
    error => error,
  );
  if (thrown instanceof Fault) return thrown;
  throw thrown;
}

describe('an access token', () => {
  it('that is good names its issuer, its subject and its scopes', async () => {
    const token = await issuer.token('alice', { claims: { scope: 'read write' } });
    const expected = { issuer: issuer.issuer, subject: 'alice', scopes: ['read', 'write'] };
    expect(await verifierOf(issuer).verify(token)).toEqual(expected);
  });

  it.each([
    ['several audiences, ours among them', { claims: { aud: ['https://other.example', AUDIENCE] } }],
    ['the type JWT', { header: { typ: 'JWT' } }],
    ['no type', { header: { typ: undefined } }],
    ['the type application/at+jwt', { header: { typ: 'application/AT+JWT' } }],
    ['an end 20 seconds ago, within the tolerance', { expiresIn: -20 }],
    ['a start in 20 seconds, within the tolerance', { claims: { nbf: Date.now() / 1000 + 20 } }],
  ] satisfies [string, MintOptions][])('may have %s', async (_, options) => {
    expect(await verifierOf(issuer).verify(await issuer.token('alice', options))).toHaveProperty('subject', 'alice');
  });

  it.each([
    ['scope: text', { scope: 'a b' }, ['a', 'b']],
    ['scp: list', { scp: ['a', 'b', 7] }, ['a', 'b']],
    ['scp: text', { scp: 'a b' }, ['a', 'b']],
    ['none', {}, []],
    ['of no kind that is known', { scope: { a: true } }, []],
  ])('has its scopes as %s', async (_, claims, scopes) => {
    const outcome = await verifierOf(issuer).verify(await issuer.token('alice', { claims }));
    expect(outcome).toHaveProperty('scopes', scopes);
  });

  it.each([
    ['has expired', { expiresIn: -31 }, 'The access token has expired.'],
    ['is not valid yet', { claims: { nbf: Date.now() / 1000 + 60 } }, 'The access token is not valid yet.'],
    ['never expires', { claims: { exp: undefined } }, 'The access token misses a claim.'],
    [
      'was made for another resource',
      { claims: { aud: `${AUDIENCE}/` } },
      'The access token was made for another resource.',
    ],
    [
      'was made for the whole host',
      { claims: { aud: 'https://mcp.example' } },
      'The access token was made for another resource.',
    ],
    ['was made for nothing', { claims: { aud: undefined } }, 'The access token was made for another resource.'],
    ['says another issuer', { claims: { iss: 'https://evil.example' } }, 'The access token is from another issuer.'],
    ['says no issuer', { claims: { iss: undefined } }, 'The access token is from another issuer.'],
    ['names nobody', { claims: { sub: '' } }, 'The access token names nobody.'],
    ['has no subject', { claims: { sub: undefined } }, 'The access token misses a claim.'],
    ['is a JWT for something else', { header: { typ: 'logout+jwt' } }, 'This JWT is no access token.'],
  ] satisfies [string, MintOptions, string][])('is refused that %s', async (_, options, rejected) => {
    expect(await verifierOf(issuer).verify(await issuer.token('alice', options))).toEqual({ rejected });
  });

  it.each([
    [
      'unsigned (alg: none)',
      () => issuer.unsignedToken('alice'),
      'The access token is signed with an algorithm not taken here.',
    ],
    [
      'signed by HMAC with the public key for its secret',
      () => issuer.hmacToken('alice'),
      'The access token is signed with an algorithm not taken here.',
    ],
    [
      'signed with the key of somebody else',
      () => issuer.forgedToken('alice'),
      'The signature of the access token is wrong.',
    ],
    [
      'signed with the key of somebody else, which it brings along',
      () => issuer.forgedToken('alice', { jwk: true }),
      'The signature of the access token is wrong.',
    ],
    [
      'one that wants what we do not know (crit)',
      () => 'eyJhbGciOiJFUzI1NiIsImNyaXQiOlsieCJdLCJ4IjoxfQ.e30.AA',
      'The access token is no signed JWT.',
    ],
    ['no token at all', () => 'secret', 'The access token is no signed JWT.'],
    ['three dots', () => '..', 'The access token is no signed JWT.'],
    [
      'one with its claims changed',
      async () => changed(await issuer.token('alice')),
      'The signature of the access token is wrong.',
    ],
  ])('is refused that is %s', async (_, token, rejected) => {
    expect(await verifierOf(issuer).verify(await token())).toEqual({ rejected });
  });

  it.each(['RS256', 'PS256', 'ES384', 'EdDSA'])('may be signed with %s', async alg => {
    await using other = await AuthorizationServer.start(AUDIENCE);
    await other.rotate({ alg });
    expect(await verifierOf(other).verify(await other.token('alice'))).toHaveProperty('subject', 'alice');
  });
});

/** The same token for somebody else, its signature left as it is. */
function changed(token: string): string {
  const [header, payload = '', signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const other = Buffer.from(JSON.stringify({ ...claims, sub: 'bob' })).toString('base64url');
  return [header, other, signature].join('.');
}

describe('the keys of an issuer', () => {
  let server: AuthorizationServer;
  beforeEach(async () => {
    server = await AuthorizationServer.start(AUDIENCE);
    return () => server[Symbol.asyncDispose]();
  });

  it('are found by its metadata and fetched once for many tokens, also for those that come at once', async () => {
    const { verify } = verifierOf(server);
    const tokens = await Promise.all(['a', 'b', 'c'].map(subject => server.token(subject)));
    await Promise.all(tokens.map(verify));
    await verify(tokens[0] ?? '');
    expect(server.asked).toEqual(['/.well-known/oauth-authorization-server', '/keys']);
  });

  it('are found where OpenID Connect has them, for an issuer with a path', async () => {
    await using tenant = await AuthorizationServer.start(AUDIENCE, '/tenant');
    tenant.isOpenIdOnly = true;
    expect(await verifierOf(tenant).verify(await tenant.token('alice'))).toHaveProperty('subject');
    expect(tenant.asked).toEqual([
      '/.well-known/oauth-authorization-server/tenant',
      '/.well-known/openid-configuration/tenant',
      '/tenant/.well-known/openid-configuration',
      '/keys',
    ]);
  });

  it('are taken from where they are said to be, without asking for metadata', async () => {
    expect(await verifierOf(server, server.keysUrl).verify(await server.token('alice'))).toHaveProperty('subject');
    expect(server.asked).toEqual(['/keys']);
  });

  it('are looked for again when a token names an unknown one: new keys need no restart', async () => {
    const { verify, clock } = verifierOf(server, server.keysUrl);
    const old = await server.token('alice');
    await verify(old);
    await server.rotate();
    clock.offsetMs += 10_000;
    expect(await verify(await server.token('alice'))).toHaveProperty('subject', 'alice');
    expect(await verify(old)).toEqual({ rejected: 'The access token is signed with a key its issuer does not have.' });
    expect(server.keyFetches).toBe(2);
  });

  it('are looked for at most once per pause, whatever is shown', async () => {
    const { verify, clock } = verifierOf(server, server.keysUrl);
    await verify(await server.token('alice'));
    const rejected = 'The access token is signed with a key its issuer does not have.';
    const unknown = await Promise.all(
      Array.from({ length: 20 }, (_, i) => server.token('eve', { header: { kid: `unknown-${i}` } })),
    );
    for (const token of unknown) expect(await verify(token)).toEqual({ rejected });
    expect(server.keyFetches).toBe(1);
    clock.offsetMs += 10_000;
    for (const token of unknown) expect(await verify(token)).toEqual({ rejected });
    expect(await Promise.all(unknown.map(verify))).toEqual(unknown.map(() => ({ rejected })));
    expect(server.keyFetches).toBe(2);
  });

  it('are fetched anew after ten minutes, and those that are gone are refused then', async () => {
    const { verify, clock } = verifierOf(server, server.keysUrl);
    const old = await server.token('alice', { expiresIn: 3_600 });
    await verify(old);
    await server.rotate();
    clock.offsetMs = 9 * 60_000;
    expect(await verify(old)).toHaveProperty('subject');
    clock.offsetMs = 10 * 60_000;
    expect(await verify(old)).toHaveProperty('rejected');
    expect(server.keyFetches).toBe(2);
  });

  it.each([
    'refuses',
    'silent',
    'garbage',
    'huge',
  ] as const)('that cannot be had are a fault and not a wrong token (the issuer: %s)', async ailment => {
    server.ailment = ailment;
    const { verify, clock } = verifierOf(server);
    const token = await server.token('alice');
    const fault = await faultOf(verify(token));
    expect(fault.code).toBe('issuer_unavailable');
    expect(fault.message).toBe(
      'Access tokens cannot be checked now: the keys of the authorization server cannot be had. Try again soon.',
    );
    expect(fault.detail).toContain(server.origin);
    const asked = server.asked.length;
    await faultOf(verify(token));
    expect(server.asked).toHaveLength(asked);
    server.ailment = undefined;
    clock.offsetMs += 1_000;
    expect(await verify(token)).toHaveProperty('subject', 'alice');
  });

  it('go on being believed for an hour while the issuer cannot be reached, and no longer', async () => {
    const { verify, clock, observed } = verifierOf(server, server.keysUrl);
    const token = await server.token('alice', { expiresIn: 7_200 });
    await verify(token);
    server.ailment = 'refuses';
    clock.offsetMs = 59 * 60_000;
    expect(await verify(token)).toHaveProperty('subject', 'alice');
    expect(observed).toMatchObject([{ event: 'keys.stale', level: 'warning', code: 'issuer_unavailable' }]);
    clock.offsetMs = 60 * 60_000;
    expect((await faultOf(verify(token))).code).toBe('issuer_unavailable');
  });

  it('are not asked for in vain: a token of another algorithm is refused before', async () => {
    const { verify } = verifierOf(server);
    await verify(server.unsignedToken('eve'));
    await verify(await server.hmacToken('eve'));
    expect(server.asked).toEqual([]);
  });

  it.each([
    ['metadata of another issuer', { issuer: 'https://evil.example' }],
    ['keys that travel in the open', { jwks_uri: 'http://keys.example/jwks' }],
    ['no place of keys', { jwks_uri: undefined }],
  ])('are not taken from %s', async (_, metadata) => {
    server.metadata = metadata;
    expect((await faultOf(verifierOf(server).verify(await server.token('alice')))).code).toBe('issuer_unavailable');
    expect(server.keyFetches).toBe(0);
  });
});

describe('addresses', () => {
  it('of keys are https, or on this machine', () => {
    const taken = [
      'https://a.example',
      'https://a.example:8443/x?y',
      'http://localhost:1/',
      'http://127.0.0.1',
      'http://[::1]:2',
    ];
    const refused = [
      'http://a.example',
      'ftp://a.example',
      'a.example',
      '',
      'https://u:p@a.example',
      'https://a.example#x',
      'http://localhost.evil.example',
    ];
    expect(taken.filter(isSecureUrl)).toEqual(taken);
    expect(refused.filter(isSecureUrl)).toEqual([]);
  });

  it('of an issuer that are not secure are refused at once', () => {
    const parts = { audience: AUDIENCE, environment: new TestClock(), observer: () => {} };
    expect(() => tokenVerifier({ issuer: 'http://a.example', ...parts })).toThrow(
      expect.objectContaining({
        code: 'setting_invalid',
        message: 'http://a.example must be an https URL: keys come from there.',
      }),
    );
  });

  it('of metadata follow from the issuer', () => {
    expect(placesOf('https://a.example/')).toEqual([
      'https://a.example/.well-known/oauth-authorization-server',
      'https://a.example/.well-known/openid-configuration',
    ]);
    expect(placesOf('https://a.example/t/1')).toEqual([
      'https://a.example/.well-known/oauth-authorization-server/t/1',
      'https://a.example/.well-known/openid-configuration/t/1',
      'https://a.example/t/1/.well-known/openid-configuration',
    ]);
  });
});
