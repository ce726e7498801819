/**
 * Sessions in SQLite: one row each, the session as JSON beside what the conditions need (its version, and until when it is kept).
 *
 * Every call loads its session and hardly any changes it. Since this process alone owns the file, what it has read stays true until
 * it writes, and need not be read again. A write that is about to happen forgets what was read, whatever becomes of it. What several
 * may be given is frozen.
 */
import { LIMITS } from '../../base/limits.ts';
import type { SessionStore } from '../../ports/session-store.ts';
import type { Session } from '../../session/session.ts';
import { keptUntilMs } from '../../session/session.ts';
import type { Connection } from './connection.ts';
import type { Writer } from './writer.ts';

export function sqliteSessionStore(connection: Connection, writer: Writer, now: () => number): SessionStore {
  const select = connection.prepare('SELECT session FROM sessions WHERE id = ? AND expires_at_ms > ?');
  // Read by people now and then: going through the rows costs less than an index that every new session pays for.
  const selectPage = connection.prepare(`
    SELECT session FROM sessions WHERE id > ?1 AND expires_at_ms > ?2
      AND (?3 IS NULL OR json_extract(session, '$.principal') = ?3)
    ORDER BY id LIMIT ?4`);
  const insert = connection.prepare(`
    INSERT INTO sessions (id, version, expires_at_ms, session) VALUES (?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE
    SET version = excluded.version, expires_at_ms = excluded.expires_at_ms, session = excluded.session
    WHERE sessions.expires_at_ms <= ?`);
  const update = connection.prepare(`
    UPDATE sessions SET version = ?, expires_at_ms = ?, session = ?
    WHERE id = ? AND version = ? AND expires_at_ms > ?`);

  /** By id, the one read longest ago first. */
  const known = new Map<string, Session>();

  const read = (id: string): Session | undefined => {
    known.delete(id);
    const row = select.get([id, now()]);
    if (row === undefined) return undefined;
    const session = connection.parse<Session>(row, 'session', frozen);
    known.set(id, session);
    const [oldest] = known.keys();
    if (known.size > LIMITS.knownSessionsMax && oldest !== undefined) known.delete(oldest);
    return session;
  };

  return {
    async create(session) {
      const row = [session.id, session.version, keptUntilMs(session), JSON.stringify(session)];
      return writer.write(() => {
        known.delete(session.id);
        return insert.run([...row, now()]) === 1 ? 'created' : 'exists';
      });
    },

    async load(id) {
      const session = known.get(id);
      return session !== undefined && keptUntilMs(session) > now() ? session : read(id);
    },

    async commit(next) {
      const row = [next.version, keptUntilMs(next), JSON.stringify(next), next.id, next.version - 1];
      return writer.write(() => {
        known.delete(next.id);
        return update.run([...row, now()]) === 1 ? 'committed' : 'conflict';
      });
    },

    async list({ principal = null, after = '', limit }) {
      const rows = selectPage.all([after, now(), principal, limit + 1]);
      const sessions = rows.slice(0, limit).map(row => connection.parse<Session>(row, 'session'));
      const last = sessions.at(-1);
      return { sessions, ...(rows.length > limit && last !== undefined ? { next: last.id } : {}) };
    },
  };
}

const frozen = (_: string, value: unknown): unknown => Object.freeze(value);
