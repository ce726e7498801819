/**
 * Ends exchanges on purpose: one that the client cancelled, or all of a session that ends.
 *
 * Cancelling is a transition like any other, so it reaches a driver in another process as well: its next commit or renewal
 * finds the exchange settled and the round stops. Source: 2025-11-25 "Cancellation"; no response follows.
 */
import { exchangeIdOf } from '../base/ids.ts';
import { LIMITS } from '../base/limits.ts';
import type { RpcNotification } from '../protocol/messages.ts';
import { isRequestId } from '../protocol/messages.ts';
import type { Exchange } from '../session/exchange.ts';
import { lastSequence } from '../session/exchange.ts';
import type { Session, StopReason } from '../session/session.ts';
import { phaseAt } from '../session/session.ts';
import { changeSession } from './changes.ts';
import type { Engine } from './engine.ts';
import { keyOf } from './engine.ts';
import { openExchange } from './exchanges.ts';
import { stateScopeIn } from './handle.ts';
import { keepCall } from './kept.ts';
import { transition } from './transitions.ts';
import { tell } from './watch.ts';
import { writtenSince } from './written.ts';

/** `notifications/cancelled`: unknown and settled requests are ignored. */
export async function cancelled(engine: Engine, session: Session, notification: RpcNotification): Promise<void> {
  const requestId = notification.params?.requestId;
  if (!isRequestId(requestId)) return;
  const exchange = await openExchange(engine, session, requestId);
  // The request that made a task has been answered: only `tasks/cancel` ends the task.
  if (exchange?.task !== undefined) return;
  if (exchange !== undefined) {
    await keepCall(engine, session, exchange);
    await cancel(engine, exchange);
  }
  engine.running.get(keyOf(session.id, exchangeIdOf(requestId)))?.controller.abort();
}

/** The stream ends after what its driver wrote: only the log knows how much that is while a round runs. */
export async function cancel(engine: Engine, exchange: Exchange): Promise<void> {
  const expiresAtMs = engine.environment.now() + LIMITS.settledKeepMs;
  const written = await writtenSince(engine, exchange);
  const sequence = Math.max(written.at(-1)?.sequence ?? 0, lastSequence(exchange));
  await transition(engine, exchange.session, exchange.id, () => ({ type: 'cancelled', expiresAtMs, sequence }));
}

/** Ends a session now: its id means nothing any more, and nothing of it is left. The first reason stays. */
export async function endSession(engine: Engine, session: Session, reason: StopReason): Promise<Session> {
  const nowMs = engine.environment.now();
  const ended = await changeSession(engine, session, current =>
    current.stoppedAtMs === undefined ? { ...current, stoppedAtMs: nowMs, stopReason: reason } : current,
  );
  engine.sessionsChanged.notify(session.id);
  await release(engine, ended, nowMs);
  return ended;
}

/** Ends the session of an id, whoever owns it; `undefined` if there is none that goes on. */
export async function stopSession(engine: Engine, id: string, reason: StopReason): Promise<Session | undefined> {
  const session = await engine.stores.sessions.load(id, 'strong');
  if (session === undefined || phaseAt(session, engine.environment.now()) === 'ended') return undefined;
  return endSession(engine, session, reason);
}

/** What an ended session still has: its questions are withdrawn, its streams end, its rounds stop, and its keepers are told. */
export async function release(engine: Engine, session: Session, nowMs: number): Promise<void> {
  for (const exchange of await engine.stores.exchanges.unsettled(session.id)) await cancel(engine, exchange);
  for (const [key, { controller }] of engine.running) if (key.startsWith(keyOf(session.id, ''))) controller.abort();
  engine.tallies.delete(session.id);
  await engine.stores.state.remove(stateScopeIn(session));
  await tell(engine, session, 'ended', nowMs);
}
