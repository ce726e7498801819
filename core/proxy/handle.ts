/** A session as those behind the proxy may know it: what is kept between calls is kept under this, and its own id stays a secret. */
import type { SessionHandle } from '../ports/stateless-server.ts';
import { sessionNameOf, stateScopeOf } from '../protocol/state-scope.ts';
import type { Session } from '../session/session.ts';
import { endsAtMs } from '../session/session.ts';

export const handleOf = (session: Session): SessionHandle => ({
  id: session.id,
  name: sessionNameOf(session.id),
  endsAtMs: endsAtMs(session),
  idleMs: session.idleTimeoutMs,
});

/** Where a runner in this store's reach keeps what the session's programs keep. */
export const stateScopeIn = (session: Session): string => stateScopeOf(session.principal, sessionNameOf(session.id));
