/**
 * Event logs in SQLite: one row per event, its place in the stream as the primary key. One process owns the file, so every
 * writer is here, and a reader that waits is woken by the append itself, after its commit.
 */
import type { EventLog, SequencedEvent, StreamAddress } from '../../ports/event-log.ts';
import { Notifier } from '../../ports/notifier.ts';
import type { LoggedEvent } from '../../session/outbox.ts';
import type { Connection } from './connection.ts';
import type { Writer } from './writer.ts';

export interface SqliteEventLog extends EventLog {
  /** Wakes every reader, so that nothing waits for a store that is closed. */
  close(): void;
}

export function sqliteEventLog(connection: Connection, writer: Writer, now: () => number): SqliteEventLog {
  const notifier = new Notifier();
  const select = connection.prepare(`
    SELECT sequence, event FROM events WHERE session = ? AND stream = ? AND sequence > ? AND expires_at_ms > ?
    ORDER BY sequence LIMIT ?`);
  const taken = connection.prepare(`
    SELECT 1 FROM events WHERE session = ? AND stream = ? AND sequence >= ? AND sequence < ? AND expires_at_ms > ? LIMIT 1`);
  const insert = connection.prepare(
    'INSERT OR REPLACE INTO events (session, stream, sequence, expires_at_ms, event) VALUES (?, ?, ?, ?, ?)',
  );

  const rowsAfter = ({ session, stream }: StreamAddress, sequence: number, limit: number) =>
    select.all([session, stream, sequence, now(), Math.max(0, limit)]);

  return {
    async append({ session, stream }, first, events, { expiresAtMs }) {
      const texts = events.map(event => JSON.stringify(event));
      const outcome = await writer.write(() => {
        if (taken.get([session, stream, first, first + texts.length, now()]) !== undefined) return 'conflict';
        for (const [index, text] of texts.entries()) insert.run([session, stream, first + index, expiresAtMs, text]);
        return 'appended';
      });
      if (outcome === 'appended') notifier.notify(keyOf({ session, stream }));
      return outcome;
    },

    async read(address, sequence, limit) {
      return rowsAfter(address, sequence, limit).map(
        (row): SequencedEvent => ({ sequence: Number(row.sequence), ...connection.parse<LoggedEvent>(row, 'event') }),
      );
    },

    async changed(address, sequence, signal, patienceMs) {
      if (notifier.closed || rowsAfter(address, sequence, 1).length > 0) return;
      await notifier.wait(keyOf(address), signal, patienceMs);
    },

    close: () => notifier.close(),
  };
}

/** Neither ids of sessions nor of exchanges hold a space. */
const keyOf = ({ session, stream }: StreamAddress): string => `${session} ${stream}`;
