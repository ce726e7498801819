/** Records of state in SQLite: one row each, replaced over the version before. */
import type { StateStore } from '../../ports/state-store.ts';
import type { Connection } from './connection.ts';
import type { Writer } from './writer.ts';

export function sqliteStateStore(connection: Connection, writer: Writer, now: () => number): StateStore {
  const select = connection.prepare(
    'SELECT version, expires_at_ms, record FROM state WHERE scope = ? AND expires_at_ms > ?',
  );
  const insert = connection.prepare(`
    INSERT INTO state (scope, version, expires_at_ms, record) VALUES (?, ?, ?, ?)
    ON CONFLICT (scope) DO UPDATE
    SET version = excluded.version, expires_at_ms = excluded.expires_at_ms, record = excluded.record
    WHERE state.expires_at_ms <= ?`);
  const update = connection.prepare(`
    UPDATE state SET version = ?, expires_at_ms = ?, record = ?
    WHERE scope = ? AND version = ? AND expires_at_ms > ?`);
  const remove = connection.prepare('DELETE FROM state WHERE scope = ?');

  return {
    async load(scope) {
      const row = select.get([scope, now()]);
      if (row === undefined) return undefined;
      const json = JSON.stringify(connection.parse<unknown>(row, 'record'));
      return { scope, version: Number(row.version), expiresAtMs: Number(row.expires_at_ms), json };
    },

    async commit({ scope, version, expiresAtMs, json }) {
      return writer.write(() => {
        const changed =
          version === 1
            ? insert.run([scope, version, expiresAtMs, json, now()])
            : update.run([version, expiresAtMs, json, scope, version - 1, now()]);
        return changed === 1 ? 'committed' : 'conflict';
      });
    },

    async remove(scope) {
      await writer.write(() => remove.run([scope]));
    },
  };
}
