/**
 * Makes one process the owner of a folder. The lock is a transaction that stays open on a database file of its own: the operating
 * system takes it back when the process dies, however it dies, so a lock left behind cannot exist. The text file beside it only
 * tells a second process who the first one is.
 */
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Fault } from '../../base/errors.ts';
import type { Database } from './database.ts';
import type { Driver } from './driver.ts';
import { isBusy, storeFault } from './failure.ts';

export interface FolderLock {
  release(): void;
}

export function lockFolder(folder: string, driver: Driver): FolderLock {
  const lockFile = join(folder, 'lock.sqlite');
  const ownerFile = join(folder, 'owner.json');
  const database = acquire(folder, lockFile, ownerFile, driver);
  writeOwner(folder, ownerFile);
  return {
    release() {
      rmSync(ownerFile, { force: true });
      database.exec('ROLLBACK');
      database.close();
    },
  };
}

function acquire(folder: string, lockFile: string, ownerFile: string, driver: Driver): Database {
  createPrivate(lockFile);
  let database: Database | undefined;
  try {
    database = driver.open(lockFile);
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (thrown) {
    database?.close();
    throw isBusy(thrown) ? locked(folder, ownerFile, thrown) : storeFault(thrown, lockFile);
  }
}

/**
 * Creates a file that only its owner may read; SQLite gives the files beside it the same rights. One that exists is not opened:
 * closing it again would free this process's own locks on it (POSIX).
 */
export function createPrivate(file: string): void {
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
}

function writeOwner(folder: string, ownerFile: string): void {
  const startedAt = new Date(Date.now() - process.uptime() * 1000).toISOString();
  const temporary = `${ownerFile}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify({ pid: process.pid, host: hostname(), startedAt, folder })}\n`);
  renameSync(temporary, ownerFile);
}

function locked(folder: string, ownerFile: string, cause: unknown): Fault {
  return new Fault(
    'store_locked',
    `The store in ${folder} is in use by ${nameOfOwner(ownerFile)}. Stop that process, or give this one another folder ` +
      '(--data or FERMATA_DATA).',
    { cause },
  );
}

function nameOfOwner(ownerFile: string): string {
  try {
    const { pid, host, startedAt } = JSON.parse(readFileSync(ownerFile, 'utf8')) as Record<string, unknown>;
    return `process ${pid} on ${host}, started at ${startedAt}`;
  } catch {
    return 'another process, which has not written its name yet';
  }
}
