/**
 * Event logs in memory: for each stream, JSON texts by sequence. Writer and readers share the process, so a reader that waits
 * is woken by the append itself. What an event says is not looked at.
 */
import type { EventLog, SequencedEvent, StreamAddress } from '../../ports/event-log.ts';
import type { LoggedEvent } from '../../session/outbox.ts';
import { Notifier } from './notifier.ts';
import type { Room } from './room.ts';

interface Row {
  readonly expiresAtMs: number;
  readonly json: string;
}

interface Stream {
  readonly rows: Map<number, Row>;
  /** The highest sequence written so far. */
  last: number;
}

export interface MemoryEventLog extends EventLog {
  /** Empties a stream at once. */
  clear(address: StreamAddress): void;
  /** Wakes every reader, so that nothing waits for a store that is closed. */
  close(): void;
}

export function memoryEventLog(room: Room): MemoryEventLog {
  const streams = new Map<string, Stream>();
  const notifier = new Notifier();
  let size = 0;

  const live = (stream: Stream | undefined, sequence: number): Row | undefined => {
    const row = stream?.rows.get(sequence);
    return row !== undefined && row.expiresAtMs > room.now() ? row : undefined;
  };

  function* after(stream: Stream | undefined, sequence: number): Generator<SequencedEvent> {
    for (let at = sequence + 1; at <= (stream?.last ?? 0); at++) {
      const row = live(stream, at);
      if (row !== undefined) yield { sequence: at, ...(JSON.parse(row.json) as LoggedEvent) };
    }
  }

  const put = (stream: Stream, sequence: number, row: Row): void => {
    if (!stream.rows.has(sequence)) size += 1;
    stream.rows.set(sequence, row);
    stream.last = Math.max(stream.last, sequence);
  };

  const pruneStream = (key: string, stream: Stream, nowMs: number): void => {
    for (const [sequence, row] of stream.rows) {
      if (row.expiresAtMs <= nowMs && stream.rows.delete(sequence)) size -= 1;
    }
    if (stream.rows.size === 0) streams.delete(key);
  };

  room.shelf({
    size: () => size,
    prune: nowMs => {
      for (const [key, stream] of streams) pruneStream(key, stream, nowMs);
    },
  });

  return {
    async append(address, first, events, { expiresAtMs }) {
      const key = keyOf(address);
      const texts = events.map(event => JSON.stringify(event));
      if (texts.some((_, index) => live(streams.get(key), first + index) !== undefined)) return 'conflict';
      room.need(texts.length);
      const stream = streams.get(key) ?? { rows: new Map(), last: 0 };
      streams.set(key, stream);
      texts.forEach((json, index) => {
        put(stream, first + index, { expiresAtMs, json });
      });
      notifier.notify(key);
      return 'appended';
    },

    async read(address, sequence, limit) {
      const found: SequencedEvent[] = [];
      for (const event of after(streams.get(keyOf(address)), sequence)) {
        if (found.length >= limit) break;
        found.push(event);
      }
      return found;
    },

    async changed(address, sequence, signal, patienceMs) {
      const key = keyOf(address);
      const [found] = after(streams.get(key), sequence);
      if (found === undefined) await notifier.wait(key, signal, patienceMs);
    },

    clear(address) {
      const stream = streams.get(keyOf(address));
      size -= stream?.rows.size ?? 0;
      streams.delete(keyOf(address));
    },

    close: () => notifier.notifyAll(),
  };
}

/** Neither ids of sessions nor of exchanges hold a space. */
const keyOf = (address: StreamAddress): string => `${address.session} ${address.stream}`;
