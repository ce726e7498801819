/** The contract of `AuditLog`: every store of what was decided passes it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuditEntry, AuditLog } from '../../core/ports/audit-log.ts';
import { auditIdOf } from '../../core/ports/audit-log.ts';
import type { MakeStores, StoresUnderTest } from './stores-under-test.ts';

const DAY_MS = 24 * 60 * 60_000;

export function describeAuditLogContract(name: string, make: MakeStores): void {
  describe(`${name}: audit log`, () => {
    let given: StoresUnderTest;
    let audit: AuditLog;

    beforeEach(async () => {
      given = await make();
      audit = given.stores.audit;
    });
    afterEach(() => given.cleanup());

    const entry = (agoMs: number, unique: string, over: Partial<AuditEntry> = {}): AuditEntry => {
      const atMs = given.now() - agoMs;
      return {
        id: auditIdOf(atMs, unique),
        atMs,
        event: 'passed',
        gate: 'approval',
        tool: 'pay',
        argumentsDigest: 'abc',
        principal: 'key:zoë',
        by: 'key:carol',
        via: 'page',
        because: 'key:carol approved it once – 東京',
        expiresAtMs: given.now() + 90 * DAY_MS,
        ...over,
      };
    };
    const all = async (sinceMs = 0) => (await audit.list({ sinceMs, limit: 100 })).entries;

    test('entries are listed as they were added, the newest first, over months', async () => {
      const entries = [entry(0, 'a'), entry(1, 'b'), entry(1, 'a'), entry(40 * DAY_MS, 'x'), entry(75 * DAY_MS, 'y')];
      for (const one of [...entries].reverse()) await audit.append(one);
      expect(await all(given.now() - 80 * DAY_MS)).toEqual(entries);
    });

    test('an entry that is added again is there once', async () => {
      const one = entry(5, 'a');
      await audit.append(one);
      await audit.append(one);
      expect(await all(given.now() - DAY_MS)).toEqual([one]);
    });

    test('a list is read in pages, without a gap or a repetition', async () => {
      const entries = Array.from({ length: 5 }, (_, i) => entry(i * 20 * DAY_MS, `n${i}`));
      for (const one of entries) await audit.append(one);
      const seen: AuditEntry[] = [];
      const sinceMs = given.now() - 85 * DAY_MS;
      for (let before: string | undefined; ; ) {
        const page = await audit.list({ sinceMs, limit: 2, ...(before === undefined ? {} : { before }) });
        seen.push(...page.entries);
        expect(page.entries.length).toBeLessThanOrEqual(2);
        if (page.next === undefined) break;
        before = page.next;
      }
      expect(seen).toEqual(entries);
    });

    test('what is older than asked for, or has expired, is not listed', async () => {
      const kept = entry(10, 'a');
      await audit.append(kept);
      await audit.append(entry(20, 'b', { expiresAtMs: given.now() + 1_000 }));
      await audit.append(entry(DAY_MS, 'c'));
      given.advance(1_000);
      expect(await all(given.now() - 10_000)).toEqual([kept]);
    });
  });
}
