/** What an administrator asks of the audit log: entries by who, what and since when. Filtered here, so that stores stay simple. */
import { LIMITS } from '../base/limits.ts';
import type { AuditEntry, AuditLog, AuditPage } from '../ports/audit-log.ts';

export interface AuditFilter {
  readonly principal?: string | undefined;
  readonly by?: string | undefined;
  readonly tool?: string | undefined;
  readonly event?: string | undefined;
  readonly sinceMs: number;
  readonly before?: string | undefined;
  readonly limit: number;
}

/** A page of what fits; it may be short where little does, and `next` goes on. */
export async function auditPage(log: AuditLog, filter: AuditFilter): Promise<AuditPage> {
  const { sinceMs, limit } = filter;
  const found: AuditEntry[] = [];
  let before = filter.before;
  for (let pages = 0; pages < LIMITS.auditPagesMax; pages++) {
    const page = await log.list({ sinceMs, limit: LIMITS.auditEntriesPerPageMax, ...(before ? { before } : {}) });
    for (const entry of page.entries) {
      if (!fits(filter, entry)) continue;
      if (found.length === limit) return { entries: found, next: found.at(-1)?.id ?? '' };
      found.push(entry);
    }
    if (page.next === undefined) return { entries: found };
    before = page.next;
  }
  return { entries: found, ...(before === undefined ? {} : { next: before }) };
}

const fits = (filter: AuditFilter, entry: AuditEntry): boolean =>
  (['principal', 'by', 'tool', 'event'] as const).every(
    name => filter[name] === undefined || filter[name] === entry[name],
  );
