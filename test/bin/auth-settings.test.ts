/** Who may enter, from variables: which way counts, what each needs, and what is refused with which words. */
import { describe, expect, test } from 'vitest';
import { readArguments } from '../../bin/arguments.ts';
import type { AuthSettings } from '../../bin/auth-settings.ts';
import { authSettings } from '../../bin/auth-settings.ts';
import { authenticatorFor } from '../../bin/authentication.ts';
import { SERVE } from '../../bin/commands.ts';
import { serveSettings } from '../../bin/settings.ts';
import { nodeEnvironment } from '../../core/adapters/node/environment.ts';

type Variables = Record<string, string>;

const settings = (argv: string[], env: Variables = {}) => serveSettings(readArguments(SERVE, argv), env, '/work');
const auth = (argv: string[], env: Variables = {}): AuthSettings => settings(argv, env).auth;

const JWT: Variables = {
  FERMATA_JWT_ISSUER: 'https://login.example',
  FERMATA_JWT_AUDIENCE: 'https://mcp.example/mcp',
};
const READ = {
  mode: 'jwt',
  issuer: 'https://login.example',
  audience: 'https://mcp.example/mcp',
  keysUrl: undefined,
  scopes: [],
};

function refusal(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  throw new Error('It was accepted.');
}

describe('who may enter', () => {
  test('is said by what is set', () => {
    expect(auth([])).toEqual({ mode: 'none' });
    expect(auth([], { FERMATA_API_KEYS: 'k' })).toEqual({ mode: 'api-key', keys: 'k' });
    expect(auth([], JWT)).toEqual(READ);
    expect(auth([], { FERMATA_API_KEYS: '', FERMATA_JWT_ISSUER: ' ' })).toEqual({ mode: 'none' });
  });

  test('is said outright, by argument or variable', () => {
    const both = { ...JWT, FERMATA_API_KEYS: 'k' };
    expect(auth(['--auth', 'api-key'], both)).toEqual({ mode: 'api-key', keys: 'k' });
    expect(auth([], { ...both, FERMATA_AUTH: 'jwt' })).toEqual(READ);
    expect(auth(['--auth', 'none'], { ...both, FERMATA_AUTH: 'jwt' })).toEqual({ mode: 'none' });
  });

  test('by access token takes keys and scopes as well', () => {
    const more = { FERMATA_JWT_JWKS: 'http://127.0.0.1:9/keys', FERMATA_JWT_SCOPES: 'mcp:read, mcp:tools  x' };
    expect(auth([], { ...JWT, ...more })).toEqual({
      ...READ,
      keysUrl: 'http://127.0.0.1:9/keys',
      scopes: ['mcp:read', 'mcp:tools', 'x'],
    });
  });

  const cases: readonly [string[], Variables, string][] = [
    [
      ['--auth', 'jwt'],
      {},
      '--auth jwt needs FERMATA_JWT_ISSUER and FERMATA_JWT_AUDIENCE. For example: FERMATA_JWT_ISSUER=https://login.example.com FERMATA_JWT_AUDIENCE=https://mcp.example.com/mcp',
    ],
    [
      [],
      { FERMATA_JWT_SCOPES: 'x', FERMATA_JWT_ISSUER: 'https://login.example' },
      'FERMATA_AUTH=jwt needs FERMATA_JWT_AUDIENCE. For example: FERMATA_JWT_AUDIENCE=https://mcp.example.com/mcp',
    ],
    [
      [],
      { FERMATA_AUTH: 'api-key' },
      'FERMATA_AUTH=api-key needs FERMATA_API_KEYS. Make a key, and the line for it, with: fermata key NAME',
    ],
    [
      [],
      { ...JWT, FERMATA_API_KEYS: 'k' },
      'FERMATA_API_KEYS and FERMATA_JWT_ISSUER are both set. Say which counts: FERMATA_AUTH=api-key or FERMATA_AUTH=jwt',
    ],
    [['--auth', 'oauth'], {}, '--auth is "oauth", which is none of none, api-key, jwt. For example: --auth api-key'],
    [['--auth', 'iam'], {}, '--auth is "iam", which is none of none, api-key, jwt. For example: --auth api-key'],
    [
      [],
      { ...JWT, FERMATA_JWT_ISSUER: 'login.example' },
      'FERMATA_JWT_ISSUER is "login.example", which is no https URL (http is for this machine only). For example: FERMATA_JWT_ISSUER=https://login.example.com',
    ],
    [
      [],
      { ...JWT, FERMATA_JWT_AUDIENCE: 'http://mcp.example/mcp' },
      'FERMATA_JWT_AUDIENCE is "http://mcp.example/mcp", which is no https URL (http is for this machine only). For example: FERMATA_JWT_AUDIENCE=https://mcp.example.com/mcp',
    ],
    [
      [],
      { ...JWT, FERMATA_JWT_JWKS: 'http://login.example/keys' },
      'FERMATA_JWT_JWKS is "http://login.example/keys", which is no https URL (http is for this machine only). For example: FERMATA_JWT_JWKS=https://login.example.com/jwks.json',
    ],
    [
      [],
      { ...JWT, FERMATA_JWT_SCOPES: 'a "b"' },
      'FERMATA_JWT_SCOPES is "a "b"", which is no list of scopes (words with spaces between). For example: FERMATA_JWT_SCOPES=mcp:tools',
    ],
  ];
  for (const [argv, env, message] of cases) {
    test(`is refused with what to write instead: ${message.slice(0, 50)}`, () =>
      expect(refusal(() => settings(argv, env))).toBe(message));
  }

  test('must be said where nobody is let in unasked', () => {
    expect(refusal(() => authSettings({}, undefined, ['api-key', 'jwt', 'iam']))).toBe(
      'Who may enter must be said here: api-key, jwt, iam. For example: FERMATA_AUTH=iam',
    );
  });

  test('may be whom AWS has verified, where that is offered and requests bring it', () => {
    const given = { text: 'iam', from: 'FERMATA_AUTH' };
    const iam = authSettings({}, given, ['api-key', 'jwt', 'iam']);
    expect(iam).toEqual({ mode: 'iam' });
    const parts = { environment: nodeEnvironment(), observer: () => {} };
    expect(refusal(() => authenticatorFor(iam, parts))).toBe(
      'FERMATA_AUTH=iam works behind a Function URL of AWS Lambda only.',
    );
    expect(authenticatorFor(iam, { ...parts, callerArn: () => 'arn' })).toBeTypeOf('function');
  });
});

describe('the headers of an upstream', () => {
  const SECRET = 'hunter2';
  const headers = (argv: string[], env: Variables = {}) => {
    const { served } = settings(['--upstream', 'https://host/mcp', ...argv], env);
    return served.kind === 'upstream' ? served.headers : undefined;
  };

  test('are given one by one, or one a line', () => {
    expect(headers([])).toEqual({});
    const argv = ['--upstream-header', 'Authorization: Bearer a:b, c', '--upstream-header', 'X-Team:  blue '];
    const expected = { authorization: 'Bearer a:b, c', 'x-team': 'blue' };
    expect(headers(argv)).toEqual(expected);
    expect(headers([], { FERMATA_UPSTREAM_HEADERS: 'Authorization: Bearer a:b, c\n\nX-Team: blue\n' })).toEqual(
      expected,
    );
    expect(headers(['--upstream-header', 'X-Team: red'], { FERMATA_UPSTREAM_HEADERS: 'X-Other: 1' })).toEqual({
      'x-team': 'red',
    });
  });

  test.each([
    [[`Authorization ${SECRET}`], 'is no header (a name, a colon, a value)'],
    [[`: ${SECRET}`], 'is no header'],
    [[`A b: ${SECRET}`], 'is no header'],
    [['X-Empty:'], 'is no header'],
    [[`X-A: ${SECRET}\r\nHost: evil`], 'is no header'],
    [[`Content-Length: ${SECRET}`], 'sets content-length, which is not free to be set'],
    [[`Mcp-Session-Id: ${SECRET}`], 'sets mcp-session-id, which is not free to be set'],
    [['X-A: 1', `x-a: ${SECRET}`], 'sets x-a a second time'],
  ])('are refused without being repeated: %j', (lines, why) => {
    const byArgument = refusal(() => headers(lines.flatMap(line => ['--upstream-header', line])));
    expect(byArgument).toContain(why);
    expect(byArgument).toContain('--upstream-header');
    expect(byArgument).not.toContain(SECRET);
  });

  test('need an upstream, and are not put into its URL', () => {
    expect(refusal(() => settings(['--upstream-header', `X-A: ${SECRET}`]))).toBe(
      '--upstream-header needs --upstream.',
    );
    const message = refusal(() => settings(['--upstream', `https://me:${SECRET}@host/mcp`]));
    expect(message).toBe(
      '--upstream holds credentials, and URLs are printed. Give them as FERMATA_UPSTREAM_HEADERS instead.',
    );
  });

  test('are no matter where nothing is upstream', () => {
    expect(settings([], { FERMATA_UPSTREAM_HEADERS: `broken ${SECRET}` }).served).toEqual({ kind: 'example' });
  });
});
