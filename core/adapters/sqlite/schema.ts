/**
 * The tables, as an append-only list of migrations: number n brings a store from version n-1 to n, once, in one transaction.
 * `docs/store-layout.md` explains every table and column. What is released is never edited here; it is followed by another.
 */
import { Fault } from '../../base/errors.ts';
import type { Connection } from './connection.ts';
import { corrupt } from './failure.ts';

const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    session TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX sessions_by_expiry ON sessions (expires_at_ms);

  CREATE TABLE exchanges (
    session TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    phase TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    exchange TEXT NOT NULL,
    PRIMARY KEY (session, id)
  ) WITHOUT ROWID;
  CREATE INDEX exchanges_by_expiry ON exchanges (expires_at_ms);
  CREATE INDEX exchanges_unsettled ON exchanges (session) WHERE phase <> 'settled';

  CREATE TABLE events (
    session TEXT NOT NULL,
    stream TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (session, stream, sequence)
  ) WITHOUT ROWID;
  CREATE INDEX events_by_expiry ON events (expires_at_ms);

  CREATE TABLE rounds (
    nonce TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    keeper TEXT NOT NULL,
    until_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    outcome TEXT
  ) WITHOUT ROWID;
  CREATE INDEX rounds_by_expiry ON rounds (expires_at_ms);
  `,
  `
  CREATE TABLE state (
    scope TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    record TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX state_by_expiry ON state (expires_at_ms);
  `,
  `
  CREATE TABLE audit (
    id TEXT NOT NULL PRIMARY KEY,
    expires_at_ms INTEGER NOT NULL,
    entry TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX audit_by_expiry ON audit (expires_at_ms);
  `,
];

/** Brings the store to the version of this program. Refuses what a newer one wrote, and databases of other programs. */
export function migrate(connection: Connection, nowMs: number): void {
  const found = connection.prepare('SELECT name FROM sqlite_schema LIMIT 1').get([]);
  const ours = connection.prepare("SELECT name FROM sqlite_schema WHERE name = 'migrations'").get([]);
  if (found !== undefined && ours === undefined)
    throw corrupt(connection.file, 'it is the database of another program');
  connection.exec(
    'CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, applied_at_ms INTEGER NOT NULL)',
  );
  const version = Number(connection.prepare('SELECT max(version) AS version FROM migrations').get([])?.version ?? 0);
  if (version > MIGRATIONS.length) throw tooNew(connection.file, version);
  for (const [index, sql] of MIGRATIONS.entries()) if (index >= version) apply(connection, index + 1, sql, nowMs);
}

function apply(connection: Connection, version: number, sql: string, nowMs: number): void {
  const literals = `${Math.trunc(version)}, ${Math.trunc(nowMs)}`;
  connection.exec(`BEGIN IMMEDIATE; ${sql}; INSERT INTO migrations VALUES (${literals}); COMMIT;`);
}

const tooNew = (file: string, version: number): Fault =>
  new Fault(
    'store_unavailable',
    `The store ${file} was written by a newer Fermata (its layout is version ${version}; this program knows versions up to ` +
      `${MIGRATIONS.length}). Run the newer program, or use another folder.`,
  );
