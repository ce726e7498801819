/** What has expired goes from the file, unless the clock by which it has is one that has just jumped. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LIMITS } from '../../../core/base/limits.ts';
import { sampleExchange } from '../../contracts/stores-under-test.ts';
import type { DiskUnderTest } from './stores-on-disk.ts';
import { DRIVERS, makeOnDisk } from './stores-on-disk.ts';

const HOUR_MS = 3_600_000;

let disk: DiskUnderTest;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  disk = await makeOnDisk(DRIVERS[0] ?? 'libsql');
  await disk.stores.exchanges.create(sampleExchange(disk.now(), { expiresAtMs: disk.now() + HOUR_MS }));
});
afterEach(async () => {
  vi.useRealTimers();
  await disk.cleanup();
});

/** A minute by the clock and by the timers. */
async function minute(): Promise<void> {
  disk.advance(LIMITS.pruneEveryMs);
  await vi.advanceTimersByTimeAsync(LIMITS.pruneEveryMs);
  await disk.stores.exchanges.load('session-1', 'n7');
}

/** Whether the row is still there, by a clock that is as far ahead as it was set. */
async function isThere(aheadMs: number): Promise<boolean> {
  disk.advance(-aheadMs);
  const found = await disk.stores.exchanges.load('session-1', 'n7');
  disk.advance(aheadMs);
  return found !== undefined;
}

it('a clock set ahead deletes nothing at the first look, and is believed at the second', async () => {
  await minute();
  disk.advance(9 * HOUR_MS);
  await minute();
  expect(await isThere(9 * HOUR_MS)).toBe(true);
  await minute();
  await vi.waitFor(async () => expect(await isThere(9 * HOUR_MS)).toBe(false));
});

it('a clock that is set right again in between has lost nothing', async () => {
  disk.advance(9 * HOUR_MS);
  await minute();
  disk.advance(-9 * HOUR_MS);
  for (let minutes = 0; minutes < 3; minutes++) await minute();
  expect(await isThere(0)).toBe(true);
});

it('a process that starts with a wrong clock deletes nothing at once', async () => {
  disk.advance(9 * HOUR_MS);
  await disk.stores.close();
  const again = disk.open('owner-2');
  await vi.advanceTimersByTimeAsync(1);
  disk.advance(-9 * HOUR_MS);
  expect(await again.exchanges.load('session-1', 'n7')).toBeDefined();
  await again.close();
});
