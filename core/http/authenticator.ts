/**
 * Who is calling: from an HTTP request to a principal. What a principal may do is decided elsewhere, by its id alone.
 *
 * An authenticator answers with a value, because the face must branch: either there is a principal, or there is a reason and
 * the challenge for `WWW-Authenticate`.
 */
import type { Principal } from '../ports/stateless-server.ts';

export type Authentication =
  | { readonly principal: Principal }
  | {
      /** What the caller should do; sent to it. */
      readonly rejected: string;
      /** The value of `WWW-Authenticate`. */
      readonly challenge: string;
    };

export type Authenticator = (request: Request) => Promise<Authentication>;

const ANONYMOUS: Authentication = { principal: { id: 'anonymous' } };

/** Lets everyone in as the same principal. For loopback addresses only: see `assertBindable`. */
export const anonymous = (): Authenticator => async () => ANONYMOUS;
