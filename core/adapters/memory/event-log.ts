/**
 * Event logs in memory: for each stream, JSON texts by sequence. Writer and readers share the process, so a reader that waits
 * is woken by the append itself. What an event says is not looked at.
 */
import type { EventLog, SequencedEvent, StreamAddress } from '../../ports/event-log.ts';
import { Notifier } from '../../ports/notifier.ts';
import type { LoggedEvent } from '../../session/outbox.ts';
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
  const rows = new StreamRows(room.now);
  const notifier = new Notifier();
  room.shelf({ size: () => rows.size, prune: nowMs => rows.prune(nowMs) });

  return {
    async append(address, first, events, { expiresAtMs }) {
      const key = keyOf(address);
      const texts = events.map(event => JSON.stringify(event));
      if (texts.some((_, index) => rows.live(key, first + index) !== undefined)) return 'conflict';
      room.need(texts.length);
      texts.forEach((json, index) => {
        rows.put(key, first + index, { expiresAtMs, json });
      });
      notifier.notify(key);
      return 'appended';
    },

    async read(address, sequence, limit) {
      const found: SequencedEvent[] = [];
      for (const event of rows.after(keyOf(address), sequence)) {
        if (found.length >= limit) break;
        found.push(event);
      }
      return found;
    },

    async changed(address, sequence, signal, patienceMs) {
      const key = keyOf(address);
      const [found] = rows.after(key, sequence);
      if (found === undefined) await notifier.wait(key, signal, patienceMs);
    },

    clear: address => rows.clear(keyOf(address)),
    close: () => notifier.close(),
  };
}

/** The rows of all streams, by key and sequence; counted, since a room is bounded by rows. */
class StreamRows {
  readonly #now: () => number;
  readonly #streams = new Map<string, Stream>();
  #size = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#size;
  }

  live(key: string, sequence: number): Row | undefined {
    const row = this.#streams.get(key)?.rows.get(sequence);
    return row !== undefined && row.expiresAtMs > this.#now() ? row : undefined;
  }

  *after(key: string, sequence: number): Generator<SequencedEvent> {
    const last = this.#streams.get(key)?.last ?? 0;
    for (let at = sequence + 1; at <= last; at++) {
      const row = this.live(key, at);
      if (row !== undefined) yield { sequence: at, ...(JSON.parse(row.json) as LoggedEvent) };
    }
  }

  put(key: string, sequence: number, row: Row): void {
    const stream = this.#streams.get(key) ?? { rows: new Map(), last: 0 };
    this.#streams.set(key, stream);
    if (!stream.rows.has(sequence)) this.#size += 1;
    stream.rows.set(sequence, row);
    stream.last = Math.max(stream.last, sequence);
  }

  clear(key: string): void {
    this.#size -= this.#streams.get(key)?.rows.size ?? 0;
    this.#streams.delete(key);
  }

  prune(nowMs: number): void {
    for (const [key, stream] of this.#streams) {
      for (const [sequence, row] of stream.rows) {
        if (row.expiresAtMs <= nowMs && stream.rows.delete(sequence)) this.#size -= 1;
      }
      if (stream.rows.size === 0) this.#streams.delete(key);
    }
  }
}

/** Neither ids of sessions nor of exchanges hold a space. */
const keyOf = (address: StreamAddress): string => `${address.session} ${address.stream}`;
