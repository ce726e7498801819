/**
 * What this process has noticed of its sessions' phases, and whom it tells.
 *
 * Phases are computed on read and never stored, so nothing here is needed for correctness: it is what lets a process say that
 * a session fell asleep or ended, once, and give back what it kept for it. Knows no timer; see `sweep.ts`.
 */
import { faultOf } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Session } from '../session/session.ts';
import { leftOpen } from '../session/session.ts';
import type { Engine } from './engine.ts';

/** Notes how a session was last read; the phase that was last told of stays. */
export function watch(engine: Engine, session: Session): Session {
  return note(engine, session, engine.watched.get(session.id)?.phase ?? 'open');
}

/** A session that slept and was touched. */
export function woken(engine: Engine, session: Session): Session {
  engine.observer({ event: 'session.woke', level: 'info', session: session.id, principal: session.principal });
  return note(engine, session, 'open');
}

/** Tells that a session fell asleep or ended. Resolves when everyone who was told is done. */
export async function tell(engine: Engine, session: Session, phase: 'asleep' | 'ended', nowMs: number): Promise<void> {
  const { id, principal } = session;
  const { reason, atMs } = leftOpen(session, nowMs) ?? { reason: 'idled' as const, atMs: nowMs };
  note(engine, session, phase);
  engine.observer({
    event: phase === 'ended' ? 'session.ended' : 'session.slept',
    level: 'info',
    session: id,
    principal,
    reason,
    at: new Date(atMs).toISOString(),
  });
  const ending = { session: id, principal, phase, reason, atMs };
  const told = (engine.onSessionEnd ?? []).map(async listener => listener(ending));
  for (const outcome of await Promise.allSettled(told)) {
    if (outcome.status === 'fulfilled') continue;
    const { code, message, detail } = faultOf(outcome.reason);
    const more = detail === undefined ? {} : { detail };
    engine.observer({
      event: 'session.release_failed',
      level: 'error',
      session: id,
      principal,
      code,
      message,
      ...more,
    });
  }
}

function note(engine: Engine, session: Session, phase: 'open' | 'asleep' | 'ended'): Session {
  const { watched } = engine;
  watched.delete(session.id);
  watched.set(session.id, { session, phase });
  const [oldest] = watched.keys();
  if (watched.size > LIMITS.watchedSessionsMax && oldest !== undefined) watched.delete(oldest);
  return session;
}
