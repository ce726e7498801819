/**
 * Load, step, commit, then effects: the only way an exchange changes.
 *
 * A transition is one conditional write. Effects are run after it, and may be run again by whoever finds the exchange later,
 * so each of them is harmless to repeat. A commit that loses a race is tried on the newest value, as long as the event still
 * applies there.
 */
import { Fault } from '../base/errors.ts';
import type { ExchangeId } from '../base/ids.ts';
import { LIMITS } from '../base/limits.ts';
import type { Effect, Exchange, ExchangeEvent } from '../session/exchange.ts';
import { stepOn } from '../session/exchange.ts';
import { stamped } from '../session/task.ts';
import { dispatch } from './dispatcher.ts';
import type { Engine } from './engine.ts';
import { keyOf } from './engine.ts';
import { deliver } from './outgoing.ts';

/** The event for a value, or `undefined` when nothing is to be done about it any more. */
type EventFor = (exchange: Exchange) => ExchangeEvent | undefined;

/** Applies an event, and what is `next` with it in the same write, to the newest value; `undefined` if it does not apply (late, lost, gone), and then nothing changed. */
export async function transition(
  engine: Engine,
  session: string,
  id: ExchangeId,
  eventFor: EventFor,
  known?: Exchange,
  next: EventFor = () => undefined,
): Promise<Exchange | undefined> {
  let exchange = known ?? (await engine.stores.exchanges.load(session, id));
  for (let attempt = 0; attempt < LIMITS.commitAttemptsMax; attempt++) {
    const event = exchange && eventFor(exchange);
    const stepped = exchange && event && stepOn(exchange, event, next);
    if (exchange === undefined || !stepped) return undefined;
    const value = stamped(exchange, stepped.value, engine.environment.now());
    if ((await engine.stores.exchanges.commit(value)) === 'committed') {
      await perform(engine, value, stepped.effects);
      return value;
    }
    exchange = await engine.stores.exchanges.load(session, id);
  }
  throw new Fault('store_unavailable', 'This call is being changed by too many requests at once. Try again.');
}

export async function perform(engine: Engine, exchange: Exchange, effects: readonly Effect[]): Promise<void> {
  for (const effect of effects) {
    switch (effect.type) {
      case 'append':
        await deliver(engine, exchange);
        break;
      case 'dispatch':
        dispatch(engine, exchange.session, exchange.id, exchange);
        break;
      case 'abandon':
        engine.running.get(keyOf(exchange.session, exchange.id))?.controller.abort();
        break;
    }
  }
}
