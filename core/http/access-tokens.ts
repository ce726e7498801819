/**
 * Access tokens: `Authorization: Bearer <token>`, for clients that got one from an authorization server (MCP 2025-11-25 and
 * 2026-07-28, "Authorization"; RFC 6750).
 *
 * Whether a token is good is asked of a `TokenVerifier`; here is what follows from it: the principal, the scopes, and the
 * challenge that tells a client where to get a better one.
 */
import type { TokenVerifier } from '../ports/token-verifier.ts';
import type { Authentication, Authenticator } from './authenticator.ts';
import { bearerOf } from './bearer.ts';
import { principalIdOf } from './principal-id.ts';
import type { ProtectedResource } from './protected-resource.ts';
import { metadataUrlOf } from './protected-resource.ts';

export interface AccessTokensOptions {
  readonly resource: ProtectedResource;
  readonly verify: TokenVerifier;
}

/** Lets in whoever shows a good token with every scope, as the principal that its issuer and its subject name. */
export function accessTokens({ resource, verify }: AccessTokensOptions): Authenticator {
  const { scopes = [] } = resource;
  const authenticate = async (request: Request): Promise<Authentication> => {
    const token = bearerOf(request);
    if (token === undefined) {
      const rejected = `Send an access token of ${resource.issuer}: Authorization: Bearer <token>.`;
      return { rejected, challenge: challengeOf(resource) };
    }
    const outcome = await verify(token);
    if ('rejected' in outcome) {
      const { rejected } = outcome;
      return { rejected, challenge: challengeOf(resource, { error: 'invalid_token', why: rejected }) };
    }
    if (scopes.every(scope => outcome.scopes.includes(scope)))
      return { principal: { id: principalIdOf('jwt', outcome.subject, outcome.issuer), scopes: outcome.scopes } };
    const rejected = `The access token must grant: ${scopes.join(' ')}.`;
    const challenge = challengeOf(resource, { error: 'insufficient_scope', why: rejected });
    return { code: 'scope_insufficient', rejected, challenge };
  };
  return Object.assign(authenticate, { resource });
}

interface Objection {
  readonly error: 'invalid_token' | 'insufficient_scope';
  readonly why: string;
}

/** A caller that showed nothing is told no error, only where to go (RFC 6750 §3.1). */
function challengeOf(resource: ProtectedResource, objection?: Objection): string {
  const { scopes = [] } = resource;
  const fields = {
    ...(objection && { error: objection.error, error_description: objection.why }),
    resource_metadata: metadataUrlOf(resource),
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
  };
  return `Bearer ${Object.entries(fields)
    .map(([name, value]) => `${name}="${value.replaceAll(/["\\]/g, '')}"`)
    .join(', ')}`;
}
