/**
 * The small interface behind which a SQLite library stands: what the two libraries have in common, and all that the store needs.
 * Calls are synchronous, values are positional.
 */
export type Value = string | number | null;
export type Row = Readonly<Record<string, unknown>>;

export interface Statement {
  /** The number of rows that changed. */
  run(values: readonly Value[]): number;
  get(values: readonly Value[]): Row | undefined;
  all(values: readonly Value[]): readonly Row[];
}

export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}
