/**
 * Event logs in DynamoDB: the events of one append are one item, laid so that no place is taken twice (`spans.ts`). Reads are
 * strongly consistent. A reader that waits is woken by an append of its own process, and otherwise looks again: soon at first, then
 * less and less often. What an event says is not looked at.
 */
import { LIMITS } from '../../base/limits.ts';
import type { EventLog, SequencedEvent, StreamAddress } from '../../ports/event-log.ts';
import { Notifier } from '../../ports/notifier.ts';
import type { LoggedEvent } from '../../session/outbox.ts';
import type { Bodies } from './bodies.ts';
import type { Leftovers } from './exchange-store.ts';
import type { Item } from './item.ts';
import { expiryOf, isLive, newWriterId, number, text, textIn } from './item.ts';
import { bindingOf, eventSortKey, streamPartition } from './keys.ts';
import { KnownStreams } from './known-streams.ts';
import { firstIn, keyAt, lastIn, Spans } from './spans.ts';
import type { Range, Table } from './table.ts';

export class DynamodbEventLog implements EventLog, Leftovers {
  readonly #table: Table;
  readonly #bodies: Bodies;
  readonly #now: () => number;
  readonly #known: KnownStreams;
  readonly #spans: Spans;
  readonly #notifier = new Notifier();

  constructor(table: Table, bodies: Bodies, now: () => number) {
    this.#table = table;
    this.#bodies = bodies;
    this.#now = now;
    this.#known = new KnownStreams(now);
    this.#spans = new Spans(table, this.#known, now);
  }

  async append(
    address: StreamAddress,
    first: number,
    events: readonly LoggedEvent[],
    { expiresAtMs }: { readonly expiresAtMs: number },
  ): Promise<'appended' | 'conflict'> {
    if (events.length === 0) return 'appended';
    const stream = partitionOf(address);
    const writer = newWriterId();
    const last = first + events.length - 1;
    const expiry = expiryOf(expiresAtMs);
    const place = { binding: bindingOf(keyAt(stream, first)), writer, ttl: expiry.ttl };
    const body = await this.#bodies.write(JSON.stringify(events), place);
    const attributes = { last: number(last), ...expiry, writer: text(writer), ...body };
    const outcome = await this.#spans.lay({ stream, first, last, writer, attributes });
    if (outcome === 'appended') {
      this.#known.learn(stream, last);
      this.#notifier.notify(stream);
    }
    return outcome;
  }

  async read(address: StreamAddress, after: number, limit: number): Promise<readonly SequencedEvent[]> {
    const stream = partitionOf(address);
    const found: SequencedEvent[] = [];
    if (limit <= 0) return found;
    for await (const item of this.#spansAfter(stream, after, limit)) {
      if (!isLive(item, this.#now())) continue;
      this.#known.learn(stream, lastIn(item));
      for (const event of await this.#eventsIn(item)) if (event.sequence > after) found.push(event);
      if (found.length >= limit) break;
    }
    return found.slice(0, limit);
  }

  async changed(address: StreamAddress, after: number, signal: AbortSignal, patienceMs: number): Promise<void> {
    const stream = partitionOf(address);
    const notifier = this.#notifier;
    const untilMs = performance.now() + patienceMs;
    while (!signal.aborted && !notifier.closed && this.#known.tail(stream) <= after) {
      const leftMs = untilMs - performance.now();
      const pauseMs = this.#known.pauseMs(stream);
      if (await notifier.wait(stream, signal, Math.min(pauseMs, leftMs))) return;
      // Whoever has waited long enough reads anyway.
      if (pauseMs >= leftMs || signal.aborted || notifier.closed) return;
      if ((await this.#table.count(newsAfter(stream, after, this.#now()))) > 0) return;
      this.#known.sawNothing(stream);
    }
  }

  async any(address: StreamAddress): Promise<boolean> {
    return (await this.#table.count({ ...everyEvent(partitionOf(address)), limit: 1 })) > 0;
  }

  async clear(address: StreamAddress): Promise<void> {
    const stream = partitionOf(address);
    this.#known.forget(stream);
    for await (const item of this.#table.query(everyEvent(stream))) {
      const seen = { ':seen': text(textIn(item, 'writer')) };
      await this.#table.delete(keyAt(stream, firstIn(item)), { expression: '#writer = :seen', values: seen });
    }
  }

  /** Wakes every reader, so that nothing waits for a store that is closed. */
  close(): void {
    this.#notifier.close();
  }

  /** The pack that a place is in may begin before it; where one is known to end there, nothing need be looked up. */
  async *#spansAfter(stream: string, after: number, limit: number): AsyncGenerator<Item> {
    if (!this.#known.isEnd(stream, after)) {
      const around = await this.#spans.atOrBefore(stream, after);
      if (around !== undefined && lastIn(around) > after) yield around;
      else if (around !== undefined && lastIn(around) === after) this.#known.learn(stream, after);
    }
    const size = Math.min(limit, LIMITS.eventsPerReadMax);
    yield* this.#table.query({ ...everyEvent(stream), from: eventSortKey(after + 1), limit: size });
  }

  async #eventsIn(item: Item): Promise<SequencedEvent[]> {
    const first = firstIn(item);
    const events = await this.#bodies.readJson<LoggedEvent[]>(item, bindingOf(keyAt(textIn(item, 'pk'), first)));
    return events.map((event, index) => ({ sequence: first + index, ...event }));
  }
}

const SEQUENCE_MAX = 999_999_999_999;

const partitionOf = ({ session, stream }: StreamAddress): string => streamPartition(session, stream);

const everyEvent = (partition: string): Range => ({
  partition,
  from: eventSortKey(0),
  to: eventSortKey(SEQUENCE_MAX),
});

const newsAfter = (partition: string, after: number, nowMs: number): Range => ({
  ...everyEvent(partition),
  from: eventSortKey(after + 1),
  limit: 1,
  filter: { expression: '#expires > :now', values: { ':now': number(nowMs) } },
});
