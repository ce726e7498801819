/** A folder that goes away after the test, and the embedded stores in it with a clock that the test moves. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DriverName } from '../../../core/adapters/sqlite/driver.ts';
import type { SqliteStores } from '../../../core/adapters/sqlite/stores.ts';
import { sqliteStores } from '../../../core/adapters/sqlite/stores.ts';
import type { StoresUnderTest } from '../../contracts/stores-under-test.ts';
import { handClock } from '../../contracts/stores-under-test.ts';

/** Node has SQLite built in, without a flag, from 22.13 on in the line of 22, and from 23.4 on in later lines. */
export const NODE_HAS_SQLITE = hasSqlite(process.versions.node);

export const DRIVERS: readonly DriverName[] = NODE_HAS_SQLITE ? ['node:sqlite', 'libsql'] : ['libsql'];

function hasSqlite(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 23 || (major === 23 && minor >= 4) || (major === 22 && minor >= 13);
}

export const makeFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'fermata-store-'));

export const removeFolder = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });

export interface DiskUnderTest extends StoresUnderTest {
  readonly stores: SqliteStores;
  readonly folder: string;
  /** Closes nothing: opens the same folder again, under another owner. */
  open(owner?: string): SqliteStores;
}

export async function makeOnDisk(driver: DriverName): Promise<DiskUnderTest> {
  const clock = handClock();
  const folder = await makeFolder();
  const open = (owner = 'owner-1'): SqliteStores => sqliteStores({ folder, environment: clock, owner, driver });
  const stores = open();
  const cleanup = async (): Promise<void> => {
    await stores.close();
    await removeFolder(folder);
  };
  return { stores, folder, open, ...clock, cleanup };
}
