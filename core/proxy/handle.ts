/** A session as those behind the proxy may know it: what is kept between calls is kept under this, and its own id stays a secret. */
import type { SessionHandle } from '../ports/stateless-server.ts';
import { sessionNameOf, stateScopeOf } from '../protocol/state-scope.ts';
import type { Session } from '../session/session.ts';
import { endsAtMs } from '../session/session.ts';

/** Names of the sessions that were read: a digest takes longer than all else that a call wants to know of its session. */
const names = new WeakMap<Session, string>();

export function handleOf(session: Session): SessionHandle {
  const name = names.get(session) ?? sessionNameOf(session.id);
  names.set(session, name);
  return { id: session.id, name, endsAtMs: endsAtMs(session), idleMs: session.idleTimeoutMs };
}

/** Where a runner in this store's reach keeps what the session's programs keep. */
export const stateScopeIn = (session: Session): string => stateScopeOf(session.principal, sessionNameOf(session.id));
