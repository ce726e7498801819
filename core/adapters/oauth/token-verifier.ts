/**
 * Access tokens that are JWTs, as RFC 9068 and RFC 8725 want them checked: signed by a key of the one issuer we trust, with an
 * asymmetric algorithm, made for this resource, valid now.
 *
 * A token that is merely wrong is a rejection with a reason; `issuer_unavailable` says that it cannot be told. Scopes are read
 * and not judged here.
 */
import type { JWTPayload, JWTVerifyOptions } from 'jose';
import { errors, jwtVerify } from 'jose';
import { Fault } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { TokenRejection, TokenVerifier, VerifiedToken } from '../../ports/token-verifier.ts';
import { discoveredKeysUrl } from './discovery.ts';
import { issuerUnavailable } from './issuer-document.ts';
import type { KeySetOptions } from './key-set.ts';
import { KeySet } from './key-set.ts';
import { isSecureUrl } from './secure-url.ts';

export interface TokenVerifierOptions extends Omit<KeySetOptions, 'place'> {
  readonly issuer: string;
  /** What a token must be made for: the public URL of the endpoint, to the letter. */
  readonly audience: string;
  /** The URL of the issuer's key set; its metadata tells it by default. */
  readonly keysUrl?: string | undefined;
}

/** No `none`, and none of the HMACs: with those, whoever can check a token can make one. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** Kinds of JWT that are access tokens. Others (a logout, a proof of possession) may be signed by the same issuer. */
const ACCESS_TOKEN = /^(?:application\/)?(?:at\+jwt|jwt)$/i;

export function tokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { issuer, audience, keysUrl, environment } = options;
  for (const url of [issuer, ...(keysUrl === undefined ? [] : [keysUrl])]) {
    if (!isSecureUrl(url)) throw new Fault('setting_invalid', `${url} must be an https URL: keys come from there.`);
  }
  const keys = new KeySet({ ...options, place: async () => keysUrl ?? (await discoveredKeysUrl(issuer)) });
  return async token => {
    const bounds: JWTVerifyOptions = {
      issuer,
      audience,
      algorithms: ALGORITHMS,
      requiredClaims: ['exp', 'sub'],
      clockTolerance: LIMITS.tokenToleranceMs / 1000,
      currentDate: new Date(environment.now()),
    };
    try {
      const { payload, protectedHeader } = await jwtVerify(token, (header, jws) => keys.find(header, jws), bounds);
      if (!ACCESS_TOKEN.test(protectedHeader.typ ?? 'JWT')) return { rejected: 'This JWT is no access token.' };
      return contentOf(payload, issuer);
    } catch (thrown) {
      if (thrown instanceof errors.JWKSInvalid)
        throw issuerUnavailable('The set of keys holds an unusable one.', thrown);
      if (thrown instanceof errors.JOSEError) return { rejected: reasonOf(thrown) };
      throw thrown;
    }
  };
}

function contentOf({ sub, scope, scp }: JWTPayload, issuer: string): VerifiedToken | TokenRejection {
  if (typeof sub !== 'string' || sub === '') return { rejected: 'The access token names nobody.' };
  return { issuer, subject: sub, scopes: [...scopesIn(scope), ...scopesIn(scp)] };
}

/** One text with spaces between (RFC 8693 §4.2), or a list, as some issuers write it. */
function scopesIn(claim: unknown): readonly string[] {
  if (typeof claim === 'string') return claim.split(' ').filter(scope => scope !== '');
  return Array.isArray(claim) ? claim.filter(scope => typeof scope === 'string') : [];
}

const WRONG_CLAIMS: Readonly<Record<string, string>> = {
  iss: 'The access token is from another issuer.',
  aud: 'The access token was made for another resource.',
  nbf: 'The access token is not valid yet.',
};

/** Why jose refused it, in words of ours: its own may quote the token. */
function reasonOf(thrown: errors.JOSEError): string {
  if (thrown instanceof errors.JWTExpired) return 'The access token has expired.';
  if (thrown instanceof errors.JWTClaimValidationFailed)
    return WRONG_CLAIMS[thrown.claim] ?? 'The access token misses a claim.';
  if (thrown instanceof errors.JOSEAlgNotAllowed) return 'The access token is signed with an algorithm not taken here.';
  if (thrown instanceof errors.JWKSNoMatchingKey)
    return 'The access token is signed with a key its issuer does not have.';
  if (thrown instanceof errors.JWKSMultipleMatchingKeys) return 'The access token does not name its key (kid).';
  if (thrown instanceof errors.JWSSignatureVerificationFailed) return 'The signature of the access token is wrong.';
  return 'The access token is no signed JWT.';
}
