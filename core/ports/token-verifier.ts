/**
 * Access tokens, checked by whoever knows keys and signatures: what a token says once it is known to be good, or why it is not.
 *
 * A verifier throws only if it cannot tell: `issuer_unavailable`, where the keys cannot be had.
 */

/** A token made for us by the issuer we trust, and valid now. */
export interface VerifiedToken {
  readonly issuer: string;
  /** Whom the issuer names, uniquely at this issuer. */
  readonly subject: string;
  readonly scopes: readonly string[];
}

export interface TokenRejection {
  /** Why, in one sentence for the client. Holds nothing of the token. */
  readonly rejected: string;
}

export type TokenVerifier = (token: string) => Promise<VerifiedToken | TokenRejection>;
