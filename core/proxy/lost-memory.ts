/**
 * Sessions whose program says that it lost what it kept for them in memory: they end, instead of going on as if nothing had been.
 * It says so with an error whose `data.code` is `memory_lost`, whether it runs in this process or behind a wire.
 */
import { Fault } from '../base/errors.ts';
import type { Outcome } from '../protocol/messages.ts';
import { isObject } from '../protocol/messages.ts';
import type { Session } from '../session/session.ts';
import { endSession } from './cancellation.ts';
import type { Engine } from './engine.ts';
import { endedFault } from './sessions.ts';

export const saysMemoryLost = (outcome: Outcome): boolean =>
  'error' in outcome && isObject(outcome.error.data) && outcome.error.data.code === 'memory_lost';

/** The fault for a call that failed: where its session lost its memory, the session ends, and the fault is that of an ended one. */
export async function endedIfLost(engine: Engine, session: Session, thrown: unknown): Promise<unknown> {
  if (!(thrown instanceof Fault) || thrown.code !== 'memory_lost') return thrown;
  return endedFault(engine, await endSession(engine, session, 'memory_lost'));
}
