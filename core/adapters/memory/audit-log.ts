/** The audit log in memory: entries in the order of their ids. */
import type { AuditEntry, AuditLog } from '../../ports/audit-log.ts';
import type { Room } from './room.ts';

export function memoryAuditLog(room: Room): AuditLog {
  const rows = new Map<string, AuditEntry>();

  room.shelf({
    size: () => rows.size,
    prune: nowMs => {
      for (const [id, { expiresAtMs }] of rows) if (expiresAtMs <= nowMs) rows.delete(id);
    },
  });

  return {
    async append(entry) {
      if (!rows.has(entry.id)) room.need(1);
      rows.set(entry.id, { ...entry });
    },

    async list({ before, sinceMs, limit }) {
      const found = [...rows.values()]
        .filter(({ id, atMs, expiresAtMs }) => atMs >= sinceMs && expiresAtMs > room.now() && (!before || id < before))
        .sort((a, b) => (a.id < b.id ? 1 : -1));
      const entries = found.slice(0, limit);
      const last = entries.at(-1);
      return { entries, ...(found.length > limit && last !== undefined ? { next: last.id } : {}) };
    },
  };
}
