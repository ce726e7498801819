/** The only way a session changes after it was opened: one conditional write, made again on the newest value. Knows no client. */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Session } from '../session/session.ts';
import type { Engine } from './engine.ts';

/** Commits a change to a session, made again on the newest value when a commit loses a race. */
export async function changeSession(
  engine: Engine,
  session: Session,
  change: (current: Session) => Session,
): Promise<Session> {
  let current = session;
  for (let attempt = 0; attempt < LIMITS.commitAttemptsMax; attempt++) {
    const changed = change(current);
    if (changed === current) return current;
    const next = { ...changed, version: current.version + 1 };
    if ((await engine.stores.sessions.commit(next)) === 'committed') return next;
    const fresh = await engine.stores.sessions.load(session.id, 'strong');
    if (fresh === undefined) throw new Fault('session_unknown', 'This session does not exist or has ended.');
    current = fresh;
  }
  throw new Fault('store_unavailable', 'The session is being changed by too many requests at once. Try again.');
}
