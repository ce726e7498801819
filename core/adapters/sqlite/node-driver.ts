/** SQLite as it is built into Node (`node:sqlite`), without a flag from Node 22.13 on. */
import type { Database, Row, Value } from './database.ts';

interface NodeStatement {
  run(...values: readonly Value[]): { readonly changes: number | bigint };
  get(...values: readonly Value[]): Row | undefined;
  all(...values: readonly Value[]): readonly Row[];
}

interface NodeDatabase {
  exec(sql: string): void;
  prepare(sql: string): NodeStatement;
  close(): void;
}

type NodeSqlite = { readonly DatabaseSync: new (file: string) => NodeDatabase };

const isNodeSqlite = (module: unknown): module is NodeSqlite =>
  typeof module === 'object' &&
  module !== null &&
  'DatabaseSync' in module &&
  typeof module.DatabaseSync === 'function';

export function openNodeSqlite(): ((file: string) => Database) | undefined {
  const module = withoutWarning(() => process.getBuiltinModule?.('node:sqlite'));
  return isNodeSqlite(module) ? file => adapt(new module.DatabaseSync(file)) : undefined;
}

function adapt(database: NodeDatabase): Database {
  return {
    exec: sql => database.exec(sql),
    prepare(sql) {
      const statement = database.prepare(sql);
      return {
        run: values => Number(statement.run(...values).changes),
        get: values => statement.get(...values),
        all: values => statement.all(...values),
      };
    },
    close: () => database.close(),
  };
}

/** Node 22 warns on every start that the module is experimental. Whoever starts Fermata can do nothing about that. */
function withoutWarning<T>(load: () => T): T {
  const emitWarning = process.emitWarning;
  process.emitWarning = () => undefined;
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}
