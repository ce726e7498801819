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
import type { KnownStreams } from './known-streams.ts';
import { firstIn, keyAt, lastIn, Spans } from './spans.ts';
import type { Range, Table } from './table.ts';

export interface DynamodbEventLog extends EventLog, Leftovers {
  /** Wakes every reader, so that nothing waits for a store that is closed. */
  close(): void;
}

const SEQUENCE_MAX = 999_999_999_999;

export function dynamodbEventLog(
  table: Table,
  bodies: Bodies,
  known: KnownStreams,
  now: () => number,
): DynamodbEventLog {
  const spans = new Spans(table, known, now);
  const notifier = new Notifier();

  return {
    async append(address, first, events, { expiresAtMs }) {
      if (events.length === 0) return 'appended';
      const stream = partitionOf(address);
      const writer = newWriterId();
      const last = first + events.length - 1;
      const expiry = expiryOf(expiresAtMs);
      const binding = bindingOf(keyAt(stream, first));
      const body = await bodies.write(JSON.stringify(events), { binding, writer, ttl: expiry.ttl });
      const attributes = { last: number(last), ...expiry, writer: text(writer), ...body };
      const outcome = await spans.lay({ stream, first, last, writer, attributes });
      if (outcome === 'appended') {
        known.learn(stream, last);
        notifier.notify(stream);
      }
      return outcome;
    },

    async read(address, after, limit) {
      const stream = partitionOf(address);
      const found: SequencedEvent[] = [];
      if (limit <= 0) return found;
      for await (const item of spansAfter(stream, after, limit)) {
        if (!isLive(item, now())) continue;
        known.learn(stream, lastIn(item));
        for (const event of await eventsIn(item)) if (event.sequence > after) found.push(event);
        if (found.length >= limit) break;
      }
      return found.slice(0, limit);
    },

    async changed(address, after, signal, patienceMs) {
      const stream = partitionOf(address);
      const untilMs = performance.now() + patienceMs;
      while (!signal.aborted && !notifier.closed && known.tail(stream) <= after) {
        const leftMs = untilMs - performance.now();
        const pauseMs = known.pauseMs(stream);
        if (await notifier.wait(stream, signal, Math.min(pauseMs, leftMs))) return;
        // Whoever has waited long enough reads anyway.
        if (pauseMs >= leftMs || signal.aborted || notifier.closed) return;
        if ((await table.count(newsAfter(stream, after, now()))) > 0) return;
        known.sawNothing(stream);
      }
    },

    async any(address) {
      return (await table.count({ ...everyEvent(partitionOf(address)), limit: 1 })) > 0;
    },

    async clear(address) {
      const stream = partitionOf(address);
      known.forget(stream);
      for await (const item of table.query(everyEvent(stream))) {
        const seen = { ':seen': text(textIn(item, 'writer')) };
        await table.delete(keyAt(stream, firstIn(item)), { expression: '#writer = :seen', values: seen });
      }
    },

    close: () => notifier.close(),
  };

  /** The pack that a place is in may begin before it; where one is known to end there, nothing need be looked up. */
  async function* spansAfter(stream: string, after: number, limit: number): AsyncGenerator<Item> {
    if (!known.isEnd(stream, after)) {
      const around = await spans.atOrBefore(stream, after);
      if (around !== undefined && lastIn(around) > after) yield around;
      else if (around !== undefined && lastIn(around) === after) known.learn(stream, after);
    }
    const size = Math.min(limit, LIMITS.eventsPerReadMax);
    yield* table.query({
      partition: stream,
      from: eventSortKey(after + 1),
      to: eventSortKey(SEQUENCE_MAX),
      limit: size,
    });
  }

  async function eventsIn(item: Item): Promise<SequencedEvent[]> {
    const first = firstIn(item);
    const events = await bodies.readJson<LoggedEvent[]>(item, bindingOf(keyAt(textIn(item, 'pk'), first)));
    return events.map((event, index) => ({ sequence: first + index, ...event }));
  }
}

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
