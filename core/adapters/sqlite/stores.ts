/**
 * The embedded stores: one folder, one SQLite file in it, one process that owns both. A write has reached the disk when its promise
 * resolves (WAL with `synchronous=FULL`); writes of one turn of the event loop share a commit. Layout: `docs/store-layout.md`.
 */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Fault } from '../../base/errors.ts';
import type { Environment } from '../../ports/environment.ts';
import type { Stores } from '../../ports/stores.ts';
import { sqliteAuditLog } from './audit-log.ts';
import { Connection } from './connection.ts';
import type { Driver, DriverName } from './driver.ts';
import { chooseDriver } from './driver.ts';
import { sqliteEventLog } from './event-log.ts';
import { sqliteExchangeStore } from './exchange-store.ts';
import { storeFault } from './failure.ts';
import { createPrivate, lockFolder } from './folder-lock.ts';
import { Pruning } from './pruning.ts';
import { sqliteRoundGuard } from './round-guard.ts';
import { migrate } from './schema.ts';
import { sqliteSessionStore } from './session-store.ts';
import { sqliteStateStore } from './state-store.ts';
import { Writer } from './writer.ts';

export interface SqliteStoresOptions {
  /** Created if it is missing. */
  readonly folder: string;
  readonly environment: Pick<Environment, 'now'>;
  /** The id under which this process takes leases: a fresh one each time the stores are opened. */
  readonly owner: string;
  /** Which library to use, instead of the best one this Node has. */
  readonly driver?: DriverName;
}

export interface SqliteStores extends Stores {
  readonly file: string;
  readonly driver: DriverName;
}

/** Opens the stores. Throws `store_locked`, `store_corrupt` or `store_unavailable`, each saying what to do. */
export function sqliteStores(options: SqliteStoresOptions): SqliteStores {
  const folder = resolve(options.folder);
  const driver = chooseDriver(options.driver);
  makeFolder(folder);
  const lock = lockFolder(folder, driver);
  try {
    const connection = connect(join(folder, 'store.sqlite'), driver, options.environment.now());
    return { driver: driver.name, ...assemble(connection, options, () => lock.release()) };
  } catch (thrown) {
    lock.release();
    throw thrown;
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('store_unavailable', `The store's folder ${folder} cannot be made: ${said}.`, { cause });
  }
}

function connect(file: string, driver: Driver, nowMs: number): Connection {
  try {
    createPrivate(file);
    const connection = new Connection(file, driver.open(file));
    prepare(connection, nowMs);
    return connection;
  } catch (thrown) {
    throw storeFault(thrown, file);
  }
}

function prepare(connection: Connection, nowMs: number): void {
  try {
    // The busy time-out is for people who look into the file with other tools while Fermata runs.
    for (const pragma of ['busy_timeout = 5000', 'journal_mode = WAL', 'synchronous = FULL']) {
      connection.prepare(`PRAGMA ${pragma}`).all([]);
    }
    migrate(connection, nowMs);
  } catch (thrown) {
    connection.close();
    throw thrown;
  }
}

function assemble(
  connection: Connection,
  { environment, owner }: SqliteStoresOptions,
  release: () => void,
): Omit<SqliteStores, 'driver'> {
  const now = (): number => environment.now();
  const writer = new Writer(connection);
  const events = sqliteEventLog(connection, writer, now);
  const pruning = new Pruning(connection, writer, now);
  pruning.start();
  let closed = false;
  return {
    file: connection.file,
    sessions: sqliteSessionStore(connection, writer, now),
    exchanges: sqliteExchangeStore(connection, writer, now),
    events,
    rounds: sqliteRoundGuard(connection, writer, owner),
    state: sqliteStateStore(connection, writer, now),
    audit: sqliteAuditLog(connection, writer, now),
    mayBeAlive: candidate => candidate === owner,
    async close() {
      if (closed) return;
      closed = true;
      pruning.stop();
      writer.flush();
      events.close();
      disconnect(connection);
      release();
    },
  };
}

/** Moves what is in the write-ahead log into the file, so that the file alone is a whole backup. */
function disconnect(connection: Connection): void {
  try {
    connection.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all([]);
  } catch {
    // The log stays beside the file, which is as safe; the next opening reads both.
  }
  connection.close();
}
