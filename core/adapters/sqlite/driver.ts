/**
 * The choice of a SQLite library at run time: `node:sqlite` where Node has it without a flag (22.13 and later, 24 and later),
 * else `libsql`, which is prebuilt and needs no compiler. No other file of this folder knows which one is in use.
 */
import { Fault } from '../../base/errors.ts';
import type { Database } from './database.ts';
import { openLibsql } from './libsql-driver.ts';
import { openNodeSqlite } from './node-driver.ts';

export type DriverName = 'node:sqlite' | 'libsql';

export interface Driver {
  readonly name: DriverName;
  /** Opens a database file, or creates it. */
  open(file: string): Database;
}

/** Each library's opener, `undefined` where this Node cannot load the library; in order of preference. */
const CANDIDATES: readonly { readonly name: DriverName; readonly load: () => Driver['open'] | undefined }[] = [
  { name: 'node:sqlite', load: openNodeSqlite },
  { name: 'libsql', load: openLibsql },
];

/** The preferred library that can be loaded here, or the one that is asked for. */
export function chooseDriver(wanted?: DriverName): Driver {
  for (const { name, load } of CANDIDATES) {
    const open = wanted === undefined || wanted === name ? load() : undefined;
    if (open !== undefined) return { name, open };
  }
  throw new Fault(
    'store_unavailable',
    `The embedded store needs SQLite, and this Node (${process.version}) has none${wanted ? ` as ${wanted}` : ''}. ` +
      'Run "npm install libsql", or use Node 22.13 or later, which has SQLite built in.',
  );
}
