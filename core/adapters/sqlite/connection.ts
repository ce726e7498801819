/**
 * The store's one connection: statements are prepared once, whatever SQLite throws becomes a fault, and a connection that is
 * closed says so. It knows no table.
 */
import { Fault } from '../../base/errors.ts';
import type { Database, Row, Statement } from './database.ts';
import { corrupt, storeFault } from './failure.ts';

export class Connection {
  readonly file: string;
  readonly #database: Database;
  readonly #statements = new Map<string, Statement>();
  #open = true;

  constructor(file: string, database: Database) {
    this.file = file;
    this.#database = database;
  }

  exec(sql: string): void {
    this.#guard(() => this.#database.exec(sql));
  }

  /** The statement for a text, prepared at its first use. */
  prepare(sql: string): Statement {
    const statement = (): Statement => {
      const known = this.#statements.get(sql) ?? this.#database.prepare(sql);
      this.#statements.set(sql, known);
      return known;
    };
    return {
      run: values => this.#guard(() => statement().run(values)),
      get: values => this.#guard(() => statement().get(values)),
      all: values => this.#guard(() => statement().all(values)),
    };
  }

  /** The value in a column of JSON text. That it has the type asked for is what the schema's version stands for. */
  parse<T>(row: Row, column: string, reviver?: (key: string, value: unknown) => unknown): T {
    const text = row[column];
    try {
      return JSON.parse(String(text), reviver) as T;
    } catch (thrown) {
      throw corrupt(this.file, `a row's column "${column}" is not JSON`, thrown);
    }
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#statements.clear();
    this.#database.close();
  }

  #guard<T>(use: () => T): T {
    if (!this.#open) throw new Fault('store_unavailable', `The store ${this.file} is closed.`);
    try {
      return use();
    } catch (thrown) {
      throw storeFault(thrown, this.file);
    }
  }
}
