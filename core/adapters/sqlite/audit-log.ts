/** The audit log in SQLite: one row for an entry, in the order of their ids. */
import type { AuditEntry, AuditLog } from '../../ports/audit-log.ts';
import { auditIdOf } from '../../ports/audit-log.ts';
import type { Connection } from './connection.ts';
import type { Writer } from './writer.ts';

export function sqliteAuditLog(connection: Connection, writer: Writer, now: () => number): AuditLog {
  const insert = connection.prepare('INSERT OR IGNORE INTO audit (id, expires_at_ms, entry) VALUES (?, ?, ?)');
  const select = connection.prepare(`
    SELECT entry FROM audit WHERE id >= ?1 AND (?2 IS NULL OR id < ?2) AND expires_at_ms > ?3
    ORDER BY id DESC LIMIT ?4`);

  return {
    async append(entry) {
      await writer.write(() => insert.run([entry.id, entry.expiresAtMs, JSON.stringify(entry)]));
    },

    async list({ before = null, sinceMs, limit }) {
      const rows = select.all([auditIdOf(Math.max(0, sinceMs), ''), before, now(), limit + 1]);
      const entries = rows.slice(0, limit).map(row => connection.parse<AuditEntry>(row, 'entry'));
      const last = entries.at(-1);
      return { entries, ...(rows.length > limit && last !== undefined ? { next: last.id } : {}) };
    },
  };
}
