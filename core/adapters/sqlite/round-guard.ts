/**
 * Rounds in SQLite: who claimed a nonce, until when, and what came of it. `keeper` is the owner under which the store was open
 * when the nonce was claimed: one process owns the file, so a claim of another keeper is the claim of a dead process.
 */
import type { RoundGuard } from '../../ports/round-guard.ts';
import type { Connection } from './connection.ts';
import type { Writer } from './writer.ts';

export function sqliteRoundGuard(connection: Connection, writer: Writer, keeper: string): RoundGuard {
  const select = connection.prepare('SELECT keeper, until_ms, outcome FROM rounds WHERE nonce = ?');
  const insert = connection.prepare(`
    INSERT INTO rounds (nonce, holder, keeper, until_ms, expires_at_ms, outcome) VALUES (?, ?, ?, ?, ?, NULL)
    ON CONFLICT (nonce) DO UPDATE
    SET holder = excluded.holder, keeper = excluded.keeper, until_ms = excluded.until_ms,
      expires_at_ms = excluded.expires_at_ms, outcome = NULL
    WHERE rounds.expires_at_ms <= ?`);
  const take = connection.prepare(`
    UPDATE rounds SET holder = ?, keeper = ?, until_ms = ?
    WHERE nonce = ? AND outcome IS NULL AND expires_at_ms > ? AND (until_ms <= ? OR keeper <> ?)`);
  const settle = connection.prepare('UPDATE rounds SET outcome = ? WHERE nonce = ? AND holder = ? AND outcome IS NULL');

  return {
    async claim(nonce, owner, nowMs, untilMs, expiresAtMs) {
      return writer.write(() => {
        if (insert.run([nonce, owner, keeper, untilMs, expiresAtMs, nowMs]) === 1) return { kind: 'claimed' };
        const row = select.get([nonce]) ?? {};
        if (typeof row.outcome === 'string')
          return { kind: 'settled', outcome: connection.parse<string>(row, 'outcome') };
        return { kind: 'held', live: row.keeper === keeper && Number(row.until_ms) > nowMs };
      });
    },

    async reclaim(nonce, owner, nowMs, untilMs) {
      return writer.write(() => take.run([owner, keeper, untilMs, nonce, nowMs, nowMs, keeper]) === 1);
    },

    async settle(nonce, owner, outcome) {
      const text = JSON.stringify(outcome);
      await writer.write(() => settle.run([text, nonce, owner]));
    },
  };
}
