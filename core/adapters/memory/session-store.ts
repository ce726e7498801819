/**
 * Sessions in memory. Each is kept as JSON text, so that nobody can change what is stored by changing an object. Times and
 * phases are the session machine's business (`core/session/session.ts`); this file only asks it how long to keep a row.
 */
import type { SessionStore } from '../../ports/session-store.ts';
import type { Session } from '../../session/session.ts';
import { keptUntilMs } from '../../session/session.ts';
import type { Room } from './room.ts';

interface Row {
  readonly version: number;
  readonly expiresAtMs: number;
  readonly json: string;
}

export function memorySessionStore(room: Room): SessionStore {
  const rows = new Map<string, Row>();

  const live = (id: string): Row | undefined => {
    const row = rows.get(id);
    return row !== undefined && row.expiresAtMs > room.now() ? row : undefined;
  };

  const put = (session: Session): void => {
    const row = { version: session.version, expiresAtMs: keptUntilMs(session), json: JSON.stringify(session) };
    rows.set(session.id, row);
  };

  room.shelf({
    size: () => rows.size,
    prune: nowMs => {
      for (const [id, row] of rows) if (row.expiresAtMs <= nowMs) rows.delete(id);
    },
  });

  return {
    async create(session) {
      if (live(session.id) !== undefined) return 'exists';
      room.need(1);
      put(session);
      return 'created';
    },

    async load(id) {
      const row = live(id);
      return row === undefined ? undefined : (JSON.parse(row.json) as Session);
    },

    async commit(next) {
      if (live(next.id)?.version !== next.version - 1) return 'conflict';
      put(next);
      return 'committed';
    },

    async list({ principal, after = '', limit }) {
      const found: Session[] = [];
      for (const id of [...rows.keys()].sort()) {
        const row = id > after ? live(id) : undefined;
        if (row === undefined) continue;
        const session = JSON.parse(row.json) as Session;
        if (principal !== undefined && session.principal !== principal) continue;
        if (found.length === limit) return { sessions: found, next: found[limit - 1]?.id ?? '' };
        found.push(session);
      }
      return { sessions: found };
    },
  };
}
