/** Rounds in memory: who claimed a nonce, until when, and what came of it. Time comes with each call. */
import type { RoundGuard } from '../../ports/round-guard.ts';
import type { Room } from './room.ts';

interface Row {
  readonly owner: string;
  readonly untilMs: number;
  readonly expiresAtMs: number;
  readonly outcome?: string;
}

export function memoryRoundGuard(room: Room): RoundGuard {
  const rows = new Map<string, Row>();

  room.shelf({
    size: () => rows.size,
    prune: nowMs => {
      for (const [nonce, row] of rows) if (row.expiresAtMs <= nowMs) rows.delete(nonce);
    },
  });

  return {
    async claim(nonce, owner, nowMs, untilMs, expiresAtMs) {
      const row = rows.get(nonce);
      if (row === undefined || row.expiresAtMs <= nowMs) {
        room.need(1);
        rows.set(nonce, { owner, untilMs, expiresAtMs });
        return { kind: 'claimed' };
      }
      if (row.outcome !== undefined) return { kind: 'settled', outcome: row.outcome };
      return { kind: 'held', live: row.untilMs > nowMs };
    },

    async reclaim(nonce, owner, nowMs, untilMs) {
      const row = rows.get(nonce);
      if (row === undefined || row.expiresAtMs <= nowMs) return false;
      if (row.outcome !== undefined || row.untilMs > nowMs) return false;
      rows.set(nonce, { ...row, owner, untilMs });
      return true;
    },

    async settle(nonce, owner, outcome) {
      const row = rows.get(nonce);
      if (row?.owner === owner && row.outcome === undefined) rows.set(nonce, { ...row, outcome });
    },
  };
}
