/**
 * The audit log in DynamoDB: one item for an entry, in the partition of its month, so that a list reads few partitions and writes
 * are spread well enough: a partition takes a thousand a second.
 */
import type { AuditEntry, AuditLog } from '../../ports/audit-log.ts';
import { auditIdOf } from '../../ports/audit-log.ts';
import type { Bodies } from './bodies.ts';
import { expiryOf, isLive, newWriterId, text, textIn } from './item.ts';
import { auditKey, auditPartition, bindingOf } from './keys.ts';
import type { Table } from './table.ts';

export function dynamodbAuditLog(table: Table, bodies: Bodies, now: () => number): AuditLog {
  return {
    async append(entry) {
      const key = auditKey(entry.atMs, entry.id);
      const expiry = expiryOf(entry.expiresAtMs);
      const writer = newWriterId();
      const place = { binding: bindingOf(key), writer, ttl: expiry.ttl };
      const body = await bodies.write(JSON.stringify(entry), place);
      await table.put(key, { ...body, ...expiry, writer: text(writer) });
    },

    async list({ before, sinceMs, limit }) {
      const entries: AuditEntry[] = [];
      const { sk: from } = auditKey(0, auditIdOf(Math.max(0, sinceMs), ''));
      const { sk: to } = auditKey(0, before ?? AFTER_ALL);
      const latestMs = before === undefined ? now() : Number.parseInt(before, 10);
      for (const partition of partitionsBack(latestMs, Math.max(0, sinceMs))) {
        for await (const item of table.query({ partition, from, to, descending: true })) {
          const key = { pk: textIn(item, 'pk'), sk: textIn(item, 'sk') };
          if (!isLive(item, now()) || key.sk === to) continue;
          if (entries.length === limit) return { entries, next: entries[limit - 1]?.id ?? '' };
          entries.push(await bodies.readJson<AuditEntry>(item, bindingOf(key)));
        }
      }
      return { entries };
    },
  };
}

const AFTER_ALL = '\u{10ffff}';

/** The months from one moment back to another. Clocks may differ a little, so the one after is looked into as well. */
function partitionsBack(latestMs: number, sinceMs: number): readonly string[] {
  const partitions: string[] = [];
  const latest = new Date(latestMs + CLOCKS_DIFFER_MS);
  for (let month = Date.UTC(latest.getUTCFullYear(), latest.getUTCMonth()); ; ) {
    partitions.push(auditPartition(month));
    if (month <= sinceMs) return partitions;
    const at = new Date(month);
    month = Date.UTC(at.getUTCFullYear(), at.getUTCMonth() - 1);
  }
}

const CLOCKS_DIFFER_MS = 60_000;
