/**
 * Notices, now and then, which of the sessions that this process has served fell asleep or were ended by time alone or by
 * another process.
 *
 * Nothing depends on it but what is kept in this process: a session's phase is computed whenever it is read. A clock that has
 * jumped since the last look is not believed until the next one, since what is given back cannot be taken again.
 */
import { faultOf } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { phaseAt } from '../session/session.ts';
import { release } from './cancellation.ts';
import type { Engine, Watched } from './engine.ts';
import { tell, woken } from './watch.ts';

/** A look that comes so much later than planned, or earlier, by the clock: the clock was set, or the machine slept. */
const JUMP_MS = 4 * LIMITS.sweepEveryMs;

/** Sweeps on a timer that keeps no process alive. A function that is frozen between requests just sweeps less often. */
export function sweepRegularly(engine: Engine): ReturnType<typeof setInterval> {
  let lookedMs = engine.environment.now();
  const look = (): void => {
    const sinceMs = engine.environment.now() - lookedMs;
    lookedMs += sinceMs;
    if (sinceMs < 0 || sinceMs > JUMP_MS) return;
    sweep(engine).catch(thrown => {
      const { code, message } = faultOf(thrown);
      engine.observer({ event: 'session.sweep_failed', level: 'warning', code, message });
    });
  };
  const timer = setInterval(look, LIMITS.sweepEveryMs);
  timer.unref();
  return timer;
}

export async function sweep(engine: Engine): Promise<void> {
  for (const watched of [...engine.watched.values()]) {
    if (phaseAt(watched.session, engine.environment.now()) !== watched.phase) await look(engine, watched);
  }
}

/** Reads the session again: another process may have touched it since. One that is no longer kept goes by what was known. */
async function look(engine: Engine, { session: known, phase: told }: Watched): Promise<void> {
  const session = (await engine.stores.sessions.load(known.id, 'strong')) ?? known;
  const nowMs = engine.environment.now();
  const phase = phaseAt(session, nowMs);
  if (told === 'ended') engine.watched.delete(session.id);
  else if (phase === 'ended') await release(engine, session, nowMs);
  else if (phase === 'asleep' && told === 'open') await tell(engine, session, 'asleep', nowMs);
  else if (phase === 'open' && told === 'asleep') woken(engine, session);
}
