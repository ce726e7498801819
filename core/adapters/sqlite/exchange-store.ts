/**
 * Exchanges in SQLite: one row each, addressed by session and id, the exchange as JSON beside what the conditions need. Every
 * transition is one conditional statement on one row.
 */
import type { ExchangeStore } from '../../ports/exchange-store.ts';
import type { Exchange } from '../../session/exchange.ts';
import { NO_WEIGHT, sumOf, weightOf } from '../../session/exchange.ts';
import type { Connection } from './connection.ts';
import type { Row } from './database.ts';
import type { Writer } from './writer.ts';

export function sqliteExchangeStore(connection: Connection, writer: Writer, now: () => number): ExchangeStore {
  const select = connection.prepare(
    'SELECT exchange FROM exchanges WHERE session = ? AND id = ? AND expires_at_ms > ?',
  );
  // The plan is prescribed, because the planner would read every settled exchange of the session.
  const selectUnsettled = connection.prepare(`
    SELECT exchange FROM exchanges INDEXED BY exchanges_unsettled
    WHERE session = ? AND phase <> 'settled' AND expires_at_ms > ?`);
  const selectTasks = connection.prepare(`
    SELECT exchange FROM exchanges
    WHERE session = ? AND id > ? AND expires_at_ms > ? AND json_extract(exchange, '$.task') IS NOT NULL
    ORDER BY id LIMIT ?`);
  const sumBytes = connection.prepare(`
    SELECT coalesce(sum(json_extract(exchange, '$.logBytes')), 0) AS bytes FROM exchanges
    WHERE session = ? AND expires_at_ms > ?`);
  const insert = connection.prepare(`
    INSERT INTO exchanges (session, id, version, phase, expires_at_ms, exchange) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (session, id) DO UPDATE
    SET version = excluded.version, phase = excluded.phase, expires_at_ms = excluded.expires_at_ms, exchange = excluded.exchange
    WHERE exchanges.expires_at_ms <= ?`);
  const clearStream = connection.prepare('DELETE FROM events WHERE session = ? AND stream = ?');
  const update = connection.prepare(`
    UPDATE exchanges SET version = ?, phase = ?, expires_at_ms = ?, exchange = ?
    WHERE session = ? AND id = ? AND version = ? AND expires_at_ms > ?`);

  const parse = (row: Row): Exchange => connection.parse<Exchange>(row, 'exchange');

  return {
    async create(exchange) {
      const { session, id, version, phase, expiresAtMs } = exchange;
      const row = [session, id, version, phase, expiresAtMs, JSON.stringify(exchange)];
      return writer.write(() => {
        const nowMs = now();
        const found = select.get([session, id, nowMs]);
        if (found !== undefined) return { kind: 'exists', exchange: parse(found) };
        insert.run([...row, nowMs]);
        clearStream.run([session, id]);
        return { kind: 'created' };
      });
    },

    async load(session, id) {
      const row = select.get([session, id, now()]);
      return row === undefined ? undefined : parse(row);
    },

    async commit(next) {
      const { session, id, version, phase, expiresAtMs } = next;
      const row = [version, phase, expiresAtMs, JSON.stringify(next), session, id, version - 1];
      return writer.write(() => (update.run([...row, now()]) === 1 ? 'committed' : 'conflict'));
    },

    async unsettled(session) {
      return selectUnsettled.all([session, now()]).map(parse);
    },

    async tasks(session, { after = '', limit }) {
      return selectTasks.all([session, after, now(), limit]).map(parse);
    },

    async weigh(session) {
      const nowMs = now();
      const unsettled = selectUnsettled.all([session, nowMs]).map(parse).map(weightOf).reduce(sumOf, NO_WEIGHT);
      return { ...unsettled, eventBytes: Number(sumBytes.get([session, nowMs])?.bytes ?? 0) };
    },
  };
}
