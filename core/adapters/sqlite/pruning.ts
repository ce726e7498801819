/**
 * Deletes rows whose moment has passed: a few at a time, seldom, at the opening of the store and on a timer that keeps no process
 * alive. Readers decide about expiry themselves, so nothing depends on when this happens, or whether it succeeds.
 */
import { LIMITS } from '../../base/limits.ts';
import type { Connection } from './connection.ts';
import type { Statement } from './database.ts';
import type { Writer } from './writer.ts';

const KEYS = {
  sessions: 'id',
  exchanges: 'session, id',
  events: 'session, stream, sequence',
  rounds: 'nonce',
} as const;

export class Pruning {
  readonly #writer: Writer;
  readonly #now: () => number;
  readonly #statements: readonly Statement[];
  #timer: NodeJS.Timeout | undefined;

  constructor(connection: Connection, writer: Writer, now: () => number) {
    this.#writer = writer;
    this.#now = now;
    this.#statements = Object.entries(KEYS).map(([table, key]) =>
      connection.prepare(
        `DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} WHERE expires_at_ms <= ? LIMIT ?)`,
      ),
    );
  }

  start(): void {
    this.#after(0);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Deletes at most `pruneRowsMax` rows of each table; says whether there may be more. */
  async once(): Promise<boolean> {
    const values = [this.#now(), LIMITS.pruneRowsMax];
    const deleted = await this.#writer.write(() => this.#statements.map(statement => statement.run(values)));
    return deleted.some(count => count === LIMITS.pruneRowsMax);
  }

  #after(pauseMs: number): void {
    this.#timer = setTimeout(() => {
      const next = (more: boolean): void => this.#after(more ? LIMITS.prunePauseMs : LIMITS.pruneEveryMs);
      // A store that cannot delete now says so to whoever writes next; here it is enough to try again later.
      this.once().then(next, () => next(false));
    }, pauseMs).unref();
  }
}
