/**
 * Drives an exchange on: claims it, then runs its next round.
 *
 * Whoever touches a `ready` exchange may claim it; a `calling` one only when its holder is dead, and then the retry policy
 * says whether the round may run again or the call ends with `upstream_lost`.
 */
import { setTimeout } from 'node:timers/promises';
import { Fault, rpcErrorOf } from '../base/errors.ts';
import type { ExchangeId } from '../base/ids.ts';
import { LIMITS } from '../base/limits.ts';
import type { Observation } from '../ports/observer.ts';
import type { RpcNotification } from '../protocol/messages.ts';
import { isNotification, isObject } from '../protocol/messages.ts';
import type { Exchange, ExchangeEvent } from '../session/exchange.ts';
import { lastSequence } from '../session/exchange.ts';
import type { Session } from '../session/session.ts';
import { phaseAt } from '../session/session.ts';
import { isAwaitingVisits } from '../session/visits.ts';
import type { Engine, Running } from './engine.ts';
import { keepCall } from './kept.ts';
import { isLapsed, leaseFor } from './lease.ts';
import { deliver } from './outgoing.ts';
import { callUpstream, runRound } from './round.ts';
import { syntheticProgress } from './synthetic-progress.ts';
import { transition } from './transitions.ts';
import { isRepeatable } from './upstream.ts';
import { writtenSince } from './written.ts';

export interface Claimed {
  readonly exchange: Exchange;
  /** What a lost attempt at the round has written, if there was one. */
  readonly already: readonly RpcNotification[] | undefined;
}

/** `known` is the exchange as it was a moment ago: whoever claims it writes only if it still is. */
export async function drive(
  engine: Engine,
  sessionId: string,
  id: ExchangeId,
  running: Running,
  known?: Exchange,
): Promise<void> {
  const exchange = known ?? (await engine.stores.exchanges.load(sessionId, id));
  if (exchange === undefined || (exchange.phase !== 'ready' && !isLapsed(engine, exchange))) return;
  const session = await engine.stores.sessions.load(sessionId, 'strong');
  if (session === undefined || phaseAt(session, engine.environment.now()) === 'ended') return;
  const { controller } = running;
  const claimed =
    exchange.phase === 'ready'
      ? await claimReady(engine, exchange, controller.signal)
      : await claimLapsed(engine, session, exchange);
  if (claimed !== undefined) await driveClaimed(engine, session, claimed, running);
}

/** Runs the round of an exchange that was claimed for this driver. */
export async function driveClaimed(
  engine: Engine,
  session: Session,
  { exchange, already }: Claimed,
  { controller }: Running,
): Promise<void> {
  const source = callUpstream(engine, session, exchange, controller.signal);
  await runRound(engine, session, exchange, controller, source, { already });
}

/** The claim on a ready exchange. */
export const claimOf = (engine: Engine, current: Exchange): ExchangeEvent => ({
  type: 'claimed',
  ...leaseFor(engine),
  sequence: lastSequence(current),
  progress: syntheticProgress(current, engine.environment.now()),
});

async function claimReady(engine: Engine, exchange: Exchange, signal: AbortSignal): Promise<Claimed | undefined> {
  if (isAwaitingVisits(exchange))
    await setTimeout(pacedMs(exchange.round), undefined, { signal }).catch(() => undefined);
  if (signal.aborted) return undefined;
  // What the round says comes behind them, also where the process died that was to say that they are taken back.
  if (exchange.withdrawn !== undefined) await deliver(engine, exchange);
  const claimed = await transition(
    engine,
    exchange.session,
    exchange.id,
    current => claimOf(engine, current),
    exchange,
  );
  return claimed && { exchange: claimed, already: undefined };
}

/** An upstream that only gives state, or waits for a page to be visited, wants to be asked again later: patiently, and less often the longer it takes. */
const pacedMs = (round: number): number =>
  Math.min(LIMITS.stateOnlyPauseMsMin * 2 ** Math.min(round - 1, 8), LIMITS.stateOnlyPauseMsMax);

async function claimLapsed(engine: Engine, session: Session, exchange: Exchange): Promise<Claimed | undefined> {
  const written = await writtenSince(engine, exchange);
  const sequence = written.at(-1)?.sequence ?? exchange.sequence;
  const notifications = written.flatMap(event => (isNotification(event.message) ? [event.message] : []));
  const progress = highestProgress(notifications);
  if (await mayRunAgain(engine, session, exchange)) {
    const event = { type: 'lapsed', ...leaseFor(engine), sequence, progress } as const;
    const claimed = await transition(engine, exchange.session, exchange.id, current =>
      current.generation === exchange.generation ? event : undefined,
    );
    if (claimed) tell(engine, exchange, { event: 'exchange.lapsed' });
    return (
      claimed && { exchange: claimed, already: notifications.filter(note => note.method !== 'notifications/progress') }
    );
  }
  await keepCall(engine, session, exchange);
  const fault = new Fault(
    'upstream_lost',
    'The server process died while it worked on this call, and running it twice might do harm. Answers given so far are kept: make the same call again to go on.',
  );
  const expiresAtMs = engine.environment.now() + LIMITS.settledKeepMs;
  const outcome = { error: rpcErrorOf(fault) };
  await transition(engine, exchange.session, exchange.id, current =>
    current.generation === exchange.generation && current.phase === 'calling'
      ? { type: 'failed', by: 'lost', outcome, sequence, progress, expiresAtMs }
      : undefined,
  );
  tell(engine, exchange, { event: 'exchange.lost', code: fault.code });
  return undefined;
}

/** A lease that lapsed is worth a warning, whatever becomes of its exchange: a process has died. Alarms count these two events. */
function tell(engine: Engine, { session, id }: Exchange, what: Pick<Observation, 'event' | 'code'>): void {
  engine.observer({ ...what, level: 'warning', session, exchange: id });
}

async function mayRunAgain(engine: Engine, session: Session, exchange: Exchange): Promise<boolean> {
  switch (engine.settings.retryLost) {
    case 'always':
      return true;
    case 'never':
      return false;
    case 'idempotent':
      return isRepeatable(engine, session, exchange);
  }
}

function highestProgress(notifications: readonly RpcNotification[]): number | undefined {
  const values = notifications.flatMap(({ method, params }) =>
    method === 'notifications/progress' && isObject(params) && typeof params.progress === 'number'
      ? [params.progress]
      : [],
  );
  return values.length === 0 ? undefined : Math.max(...values);
}
