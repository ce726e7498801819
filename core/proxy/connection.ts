/**
 * One connection attached to a stream: what a client sees after a position, live, until the stream ends.
 *
 * Every connection begins with an event that has an id, where the revision allows it: clients forget `Last-Event-ID`
 * otherwise and hang. A connection that looks at a silent exchange also does what nobody may be left to do: it sends what a
 * dead process left unsent and has the exchange driven on. Leaving a connection never cancels a call. Source: 2025-11-25
 * "Streamable HTTP", "Resumability".
 */

import type { ExchangeId } from '../base/ids.ts';
import { eventIdOf } from '../base/ids.ts';
import { LIMITS } from '../base/limits.ts';
import type { StreamEvent } from '../ports/stateful-server.ts';
import { LEGACY_TRAITS } from '../protocol/revisions.ts';
import type { Exchange } from '../session/exchange.ts';
import { lastSequence } from '../session/exchange.ts';
import type { Session } from '../session/session.ts';
import { dispatch } from './dispatcher.ts';
import type { Engine } from './engine.ts';
import { keyOf } from './engine.ts';
import { isLapsed } from './lease.ts';
import { deliver } from './outgoing.ts';
import { waitingNotice } from './synthetic-progress.ts';

interface Connecting {
  readonly gone: AbortSignal;
  /** Aborted when the program ends the connection. */
  readonly ended: AbortSignal;
  readonly resumed: boolean;
}

/** A program may end the connection from now on, even before its first event is asked for. */
export function connect(
  engine: Engine,
  session: Session,
  stream: ExchangeId,
  from: number,
  gone: AbortSignal,
  { resumed }: Pick<Connecting, 'resumed'>,
): AsyncGenerator<StreamEvent> {
  const { ended, detach } = engine.attachments.attach(keyOf(session.id, stream), gone);
  return attached(eventsOf(engine, session, stream, from, { gone, ended, resumed }), detach);
}

async function* attached(events: AsyncGenerator<StreamEvent>, detach: () => void): AsyncGenerator<StreamEvent> {
  try {
    yield* events;
  } finally {
    detach();
  }
}

async function* eventsOf(
  engine: Engine,
  session: Session,
  stream: ExchangeId,
  from: number,
  { gone, ended, resumed }: Connecting,
): AsyncGenerator<StreamEvent> {
  const { events } = engine.stores;
  const address = { session: session.id, stream };
  const { priming } = LEGACY_TRAITS[session.revision];
  if (priming) yield { id: eventIdOf(stream, from), retry: LIMITS.retryMs };

  const stop = AbortSignal.any([gone, ended, engine.closing.signal]);
  let after = from;
  const { holdMs = Number.POSITIVE_INFINITY, holdWaitingMs = holdMs } = engine.settings;
  const beganMs = engine.environment.now();
  let found: Exchange | 'gone' | undefined;
  // A client that was given no id on this connection could not resume: it is held until there was one.
  const leftMs = (): number => {
    if (!priming && after === from) return Number.POSITIVE_INFINITY;
    return beganMs + (resumed && isWaiting(found) ? holdWaitingMs : holdMs) - engine.environment.now();
  };
  const notices = new Notices(engine);
  // A connection that was resumed looks once in any case: it may be the only one to find out that nobody drives the call.
  let isSilent = resumed;
  while (!stop.aborted) {
    const page = await events.read(address, after, LIMITS.eventsPerReadMax);
    for (const { sequence, message, last } of page) {
      after = sequence;
      if (message !== undefined) yield { id: eventIdOf(stream, sequence), message };
      if (last) return overHere(engine, session.id, stream);
    }
    if (page.length > 0) {
      isSilent = resumed && found === undefined;
      continue;
    }
    if (isSilent) {
      found = await lookAfter(engine, session.id, stream, after);
      if (found === 'gone') return;
      const notice = notices.due(found);
      if (notice !== undefined) yield { message: notice };
    }
    if (leftMs() <= 0) break;
    await events.changed(address, after, stop, Math.min(LIMITS.lookAgainMs, leftMs()));
    isSilent = true;
  }
  const retry = retryMs(found, engine.environment.now());
  if (!gone.aborted && !(priming && retry === LIMITS.retryMs)) yield { retry };
}

/** A stream that another process has ended, because the call was cancelled there, ends its round here as well. */
function overHere(engine: Engine, session: string, stream: ExchangeId): void {
  engine.running.get(keyOf(session, stream))?.controller.abort();
}

const isWaiting = (found: Exchange | 'gone' | undefined): found is Exchange =>
  typeof found === 'object' && found.phase === 'waiting';

/** When to come back: soon after a question was asked, and less soon the longer the answer takes. */
function retryMs(found: Exchange | 'gone' | undefined, nowMs: number): number {
  if (!isWaiting(found) || found.askedAtMs === undefined) return LIMITS.retryMs;
  const grownMs = (LIMITS.retryMsMax * (nowMs - found.askedAtMs)) / LIMITS.retryGrowthMs;
  return Math.round(Math.min(LIMITS.retryMsMax, Math.max(LIMITS.retryMs, grownMs)));
}

/** Does for a silent exchange what a process that died may have left undone. */
async function lookAfter(
  engine: Engine,
  session: string,
  stream: ExchangeId,
  after: number,
): Promise<Exchange | 'gone'> {
  const exchange = await engine.stores.exchanges.load(session, stream);
  if (exchange === undefined || exchange.expiresAtMs <= engine.environment.now()) return 'gone';
  if (exchange.phase === 'settled' && after >= lastSequence(exchange)) return 'gone';
  if (after < lastSequence(exchange)) await deliver(engine, exchange);
  if (exchange.phase === 'ready' || isLapsed(engine, exchange)) dispatch(engine, session, stream, exchange);
  return exchange;
}

/** Paces synthetic progress on one connection. */
class Notices {
  readonly #engine: Engine;
  #nextMs: number;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#nextMs = engine.environment.now() + LIMITS.syntheticProgressMs;
  }

  due(exchange: Exchange): ReturnType<typeof waitingNotice> {
    const nowMs = this.#engine.environment.now();
    if (nowMs < this.#nextMs) return undefined;
    this.#nextMs = nowMs + LIMITS.syntheticProgressMs;
    return waitingNotice(exchange, nowMs);
  }
}
