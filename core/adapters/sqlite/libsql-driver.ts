/**
 * SQLite as the optional dependency `libsql`, for a Node that has none built in. Its calls look like those of `better-sqlite3`.
 * Values are always given as one array, because a single `null` would be taken for a set of named values.
 */
import { createRequire } from 'node:module';
import type { Database, Row, Value } from './database.ts';

interface LibsqlStatement {
  run(values: readonly Value[]): { readonly changes: number };
  get(values: readonly Value[]): Row | undefined;
  all(values: readonly Value[]): readonly Row[];
}

interface LibsqlDatabase {
  exec(sql: string): void;
  prepare(sql: string): LibsqlStatement;
  close(): void;
}

type Libsql = new (file: string) => LibsqlDatabase;

const isLibsql = (module: unknown): module is Libsql => typeof module === 'function';

export function openLibsql(): ((file: string) => Database) | undefined {
  const module = load();
  return isLibsql(module) ? file => adapt(new module(file)) : undefined;
}

/** An optional dependency may be missing, and its binary may not fit this machine: either way there is none. */
function load(): unknown {
  try {
    return createRequire(import.meta.url)('libsql');
  } catch {
    return undefined;
  }
}

function adapt(database: LibsqlDatabase): Database {
  return {
    exec: sql => database.exec(sql),
    prepare(sql) {
      const statement = database.prepare(sql);
      return {
        run: values => statement.run(values).changes,
        get: values => statement.get(values),
        all: values => statement.all(values),
      };
    },
    close: () => database.close(),
  };
}
