/**
 * Who may enter, as it is set: `FERMATA_AUTH` and the variables that each way needs. The same for every composition root.
 *
 * Without `FERMATA_AUTH` the variables themselves say it, so that nobody who set keys or an issuer is left unprotected; where
 * they say two things, it must be said. Pure: what comes of it is built in `authentication.ts`.
 */
import { isSecureUrl } from '../core/adapters/oauth/secure-url.ts';
import type { Given, Variables } from './given.ts';
import { choice, invalid, variable, written } from './given.ts';
import { Misuse } from './misuse.ts';

export type AuthSettings =
  | { readonly mode: 'none' }
  /** `keys`: the lines that `fermata key` prints. */
  | { readonly mode: 'api-key'; readonly keys: string }
  | {
      readonly mode: 'jwt';
      readonly issuer: string;
      readonly audience: string;
      readonly keysUrl: string | undefined;
      readonly scopes: readonly string[];
    }
  /** Callers are verified by AWS before they reach us. */
  | { readonly mode: 'iam' };

export type AuthMode = AuthSettings['mode'];

const EXAMPLES = {
  FERMATA_JWT_ISSUER: 'https://login.example.com',
  FERMATA_JWT_AUDIENCE: 'https://mcp.example.com/mcp',
  FERMATA_JWT_JWKS: 'https://login.example.com/jwks.json',
  FERMATA_JWT_SCOPES: 'mcp:tools',
} as const;
type JwtVariable = keyof typeof EXAMPLES;

/** `modes` are those that work where this runs; `given` is the choice, if it was made. */
export function authSettings(env: Variables, given: Given | undefined, modes: readonly AuthMode[]): AuthSettings {
  const mode = given === undefined ? modeOf(env) : choice(given, modes, 'api-key');
  if (!modes.includes(mode))
    throw new Misuse(`Who may enter must be said here: ${modes.join(', ')}. For example: FERMATA_AUTH=${modes.at(-1)}`);
  switch (mode) {
    case 'none':
    case 'iam':
      return { mode };
    case 'api-key': {
      const keys = variable(env, 'FERMATA_API_KEYS');
      if (keys !== undefined) return { mode, keys: keys.text };
      throw new Misuse(
        `${chosen(given)} needs FERMATA_API_KEYS. Make a key, and the line for it, with: fermata key NAME`,
      );
    }
    case 'jwt':
      return jwtSettings(env, given);
  }
}

function modeOf(env: Variables): AuthMode {
  const keys = variable(env, 'FERMATA_API_KEYS');
  const jwt = Object.keys(EXAMPLES).find(name => variable(env, name) !== undefined);
  if (keys !== undefined && jwt !== undefined)
    throw new Misuse(
      `FERMATA_API_KEYS and ${jwt} are both set. Say which counts: FERMATA_AUTH=api-key or FERMATA_AUTH=jwt`,
    );
  return keys !== undefined ? 'api-key' : jwt !== undefined ? 'jwt' : 'none';
}

function jwtSettings(env: Variables, given: Given | undefined): AuthSettings {
  const needed: readonly JwtVariable[] = ['FERMATA_JWT_ISSUER', 'FERMATA_JWT_AUDIENCE'];
  const missing = needed.filter(name => variable(env, name) === undefined);
  if (missing.length > 0) {
    const examples = missing.map(name => written(name, EXAMPLES[name])).join(' ');
    throw new Misuse(`${chosen(given)} needs ${missing.join(' and ')}. For example: ${examples}`);
  }
  return {
    mode: 'jwt',
    issuer: urlIn(env, 'FERMATA_JWT_ISSUER') ?? '',
    audience: urlIn(env, 'FERMATA_JWT_AUDIENCE') ?? '',
    keysUrl: urlIn(env, 'FERMATA_JWT_JWKS'),
    scopes: scopesIn(env),
  };
}

/** How the mode came to be chosen, to begin a sentence with. */
const chosen = (given: Given | undefined): string =>
  given === undefined ? 'FERMATA_AUTH=jwt' : written(given.from, given.text);

/** To the letter: issuers and audiences are compared so. */
function urlIn(env: Variables, name: JwtVariable): string | undefined {
  const given = variable(env, name);
  if (given === undefined || isSecureUrl(given.text)) return given?.text;
  throw invalid(given, 'no https URL (http is for this machine only)', EXAMPLES[name]);
}

const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

function scopesIn(env: Variables): readonly string[] {
  const given = variable(env, 'FERMATA_JWT_SCOPES');
  const scopes = given?.text.split(/[\s,]+/).filter(scope => scope !== '') ?? [];
  if (given === undefined || scopes.every(scope => SCOPE.test(scope))) return scopes;
  throw invalid(given, 'no list of scopes (words with spaces between)', EXAMPLES.FERMATA_JWT_SCOPES);
}
