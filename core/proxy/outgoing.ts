/**
 * Puts what an exchange owes its client into the event log, once, wherever it finds room.
 *
 * The place follows from the exchange's record, so a second attempt is refused by the log and does no harm. It may also be
 * taken by a process that lost its lease and did not know yet: then the record is moved behind what was written, by one more
 * conditional write, and what is owed follows it.
 */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { SequencedEvent } from '../ports/event-log.ts';
import type { Exchange } from '../session/exchange.ts';
import { step } from '../session/exchange.ts';
import type { LoggedEvent } from '../session/outbox.ts';
import { outboxOf } from '../session/outbox.ts';
import type { Engine } from './engine.ts';
import { writtenSince } from './written.ts';

/** Appends the exchange's outbox, or finds that it is there. */
export async function deliver(engine: Engine, exchange: Exchange): Promise<void> {
  let current: Exchange | undefined = exchange;
  for (let attempt = 0; attempt < LIMITS.commitAttemptsMax && current !== undefined; attempt++) {
    const owed = outboxOf(current);
    if (owed.length === 0 || (await append(engine, current, owed)) === 'appended') return;
    const written = await writtenSince(engine, current);
    const missing = missingOf(owed, written);
    const sequence = written.at(-1)?.sequence ?? current.sequence;
    if (missing === undefined) current = await moved(engine, current, sequence);
    else if (missing.length === 0 || (await append(engine, { ...current, sequence }, missing)) === 'appended') return;
  }
  if (current !== undefined)
    throw new Fault('store_unavailable', 'The stream of this call is being written by others.');
}

const append = (engine: Engine, { session, id, sequence, expiresAtMs }: Exchange, owed: readonly LoggedEvent[]) =>
  engine.stores.events.append({ session, stream: id }, sequence + 1, owed, { expiresAtMs });

/**
 * What is owed and not written, where it has begun: the end of a stream comes once; a question is known by its id, and behind
 * it that it is taken back may be missing.
 */
function missingOf(
  owed: readonly LoggedEvent[],
  written: readonly SequencedEvent[],
): readonly LoggedEvent[] | undefined {
  if (owed.at(-1)?.last) return written.some(({ last }) => last) ? [] : undefined;
  const first = idOf(owed[0]?.message);
  const at = first === undefined ? -1 : written.findIndex(({ message }) => idOf(message) === first);
  return at < 0 ? undefined : owed.slice(written.length - at);
}

const idOf = (message: LoggedEvent['message']) => (message !== undefined && 'id' in message ? message.id : undefined);

/** The exchange with its outbox behind a sequence, or what became of it meanwhile. */
async function moved(engine: Engine, exchange: Exchange, sequence: number): Promise<Exchange | undefined> {
  const stepped = step(exchange, { type: 'displaced', sequence });
  if (stepped !== undefined && (await engine.stores.exchanges.commit(stepped.value)) === 'committed')
    return stepped.value;
  return engine.stores.exchanges.load(exchange.session, exchange.id);
}
