/** Records of state in memory, kept as the text they come as. */
import type { StateRecord, StateStore } from '../../ports/state-store.ts';
import type { Room } from './room.ts';

export function memoryStateStore(room: Room): StateStore {
  const rows = new Map<string, StateRecord>();

  const live = (scope: string): StateRecord | undefined => {
    const row = rows.get(scope);
    return row !== undefined && row.expiresAtMs > room.now() ? row : undefined;
  };

  room.shelf({
    size: () => rows.size,
    prune: nowMs => {
      for (const [scope, row] of rows) if (row.expiresAtMs <= nowMs) rows.delete(scope);
    },
  });

  return {
    load: async scope => live(scope),

    async commit(next) {
      const row = live(next.scope);
      if ((row?.version ?? 0) !== next.version - 1) return 'conflict';
      if (row === undefined) room.need(1);
      rows.set(next.scope, next);
      return 'committed';
    },

    async remove(scope) {
      rows.delete(scope);
    },
  };
}
