/**
 * Who is calling: from an HTTP request to a principal. What a principal may do is decided elsewhere, by its id alone.
 *
 * An authenticator answers with a value, because the face must branch: either there is a principal, or there is a reason and
 * the challenge for `WWW-Authenticate`. It is asked about every request; nothing is remembered from one to the next, and a
 * session id says nothing about who shows it.
 */
import type { Principal } from '../ports/stateless-server.ts';
import { ANONYMOUS } from '../ports/stateless-server.ts';
import type { ProtectedResource } from './protected-resource.ts';

export interface Rejection {
  /** What the caller should do; sent to it. */
  readonly rejected: string;
  /** The value of `WWW-Authenticate`. */
  readonly challenge: string;
  /** `scope_insufficient` where the caller is known and may not; by default it is not known: `principal_required`. */
  readonly code?: 'principal_required' | 'scope_insufficient';
}

export type Authentication = { readonly principal: Principal } | Rejection;

export interface Authenticator {
  (request: Request): Promise<Authentication>;
  /** What the endpoint publishes, so that clients find out where to get what they must show (RFC 9728). */
  readonly resource?: ProtectedResource;
}

const NOBODY: Authentication = { principal: { id: ANONYMOUS } };

/** Lets everyone in as the same principal. For loopback addresses only: see `assertBindable`. */
export const anonymous = (): Authenticator => async () => NOBODY;
