/** What ends at an upstream when a session ends. Used by each root. */
import type { OnSessionEnd } from '../core/ports/session-end.ts';
import type { Keeping } from '../core/upstream/upstream-server.ts';

/** Ends with a session what is kept for it there. One that sleeps may wake, and finds it again. */
export const upstreamRelease =
  (keeping: Keeping | undefined): OnSessionEnd =>
  ({ session, phase }) =>
    phase === 'ended' ? keeping?.release(session) : undefined;
