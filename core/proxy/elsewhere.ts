/**
 * An answer that comes from elsewhere than the client, to the question that waits under a gate's ticket. It is an answer like any
 * other: the first counts, and the call goes on in whichever process, whether or not its client is there; one that was shown the
 * question hears that it is taken back (2025-11-25, "Cancellation").
 *
 * Who may answer was checked by whoever calls.
 */
import { setTimeout } from 'node:timers/promises';
import { LIMITS } from '../base/limits.ts';
import { META } from '../protocol/envelope.ts';
import type { Outcome } from '../protocol/messages.ts';
import { isObject } from '../protocol/messages.ts';
import type { Exchange } from '../session/exchange.ts';
import type { Engine } from './engine.ts';
import { tend } from './tend.ts';
import { transition } from './transitions.ts';

/** Where the call that asks is held. */
export interface Held {
  readonly session: string;
  readonly exchange: string;
}

export async function answerElsewhere(engine: Engine, held: Held, ticket: string, outcome: Outcome): Promise<boolean> {
  const found = await waitingUnder(engine, held, ticket);
  if (found === undefined) return false;
  const { exchange, key } = found;
  const value = await transition(engine, exchange.session, exchange.id, current =>
    keyUnder(current, ticket) === key
      ? { type: 'answered', round: current.round, key, outcome, elsewhere: true }
      : undefined,
  );
  if (value === undefined) {
    const current = await engine.stores.exchanges.load(exchange.session, exchange.id);
    if (current !== undefined) tend(engine, current);
  }
  return value !== undefined;
}

/** Whoever decides may be quicker than the process that stores the question, so it is looked for during a moment. */
async function waitingUnder(
  engine: Engine,
  { session, exchange: id }: Held,
  ticket: string,
): Promise<{ readonly exchange: Exchange; readonly key: string } | undefined> {
  for (let waitedMs = 0; ; waitedMs += LIMITS.tailPollMsMin) {
    const named = await engine.stores.exchanges.load(session, id);
    // An id that was used before has another generation by now.
    const others = named !== undefined && keyUnder(named, ticket) === undefined;
    const candidates = others ? await engine.stores.exchanges.unsettled(session) : named === undefined ? [] : [named];
    for (const exchange of candidates) {
      const key = keyUnder(exchange, ticket);
      if (key !== undefined) return { exchange, key };
    }
    const isUnderWay = named === undefined || candidates.some(({ phase }) => phase === 'calling');
    if (!isUnderWay || waitedMs >= LIMITS.approvalCatchMs) return undefined;
    await setTimeout(LIMITS.tailPollMsMin);
  }
}

const keyUnder = ({ pending }: Exchange, ticket: string): string | undefined =>
  Object.keys(pending).find(key => {
    const params = pending[key]?.params;
    return isObject(params?._meta) && params._meta[META.ticket] === ticket;
  });
