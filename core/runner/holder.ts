/**
 * Whose memory something is: what a runner keeps between calls, it keeps for a session of a principal and for nobody else. A session
 * that is named by a caller elsewhere is only a name, so the principal is part of it.
 */
import type { CallContext } from '../ports/stateless-server.ts';

export interface Holder {
  readonly name: string;
  /** How long it is kept after it was used last, in milliseconds. */
  readonly keepMs: number;
}

export const holderNameOf = (session: string, principal: string): string => JSON.stringify([session, principal]);

/** A session is awake for as long as it says itself; one that does not say, as long as is usual. */
export const holderOf = ({ session, principal }: CallContext, usualMs: number): Holder | undefined =>
  session && { name: holderNameOf(session.id, principal.id), keepMs: session.idleMs ?? usualMs };
