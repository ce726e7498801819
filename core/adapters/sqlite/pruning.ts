/**
 * Deletes rows whose moment has passed: a few at a time, seldom, on a timer that keeps no process alive. Readers decide about
 * expiry themselves, so nothing depends on when this happens, or whether it succeeds. What is deleted cannot be had again, so a
 * clock that has jumped since the last look is not believed until the next one, and that of a fresh process neither.
 */
import { LIMITS } from '../../base/limits.ts';
import type { Connection } from './connection.ts';
import type { Statement } from './database.ts';
import type { Writer } from './writer.ts';

const expired = (table: string, key: string): string => `
  DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} WHERE expires_at_ms <= ?1 LIMIT ?2)`;

/** Streams go with their exchange, though their events were given longer when they were written; then the exchange goes. */
const DELETIONS: readonly string[] = [
  expired('sessions', 'id'),
  expired('rounds', 'nonce'),
  expired('state', 'scope'),
  expired('audit', 'id'),
  expired('events', 'session, stream, sequence'),
  `DELETE FROM events WHERE (session, stream, sequence) IN (
    SELECT events.session, events.stream, events.sequence
    FROM exchanges CROSS JOIN events ON events.session = exchanges.session AND events.stream = exchanges.id
    WHERE exchanges.expires_at_ms <= ?1 LIMIT ?2)`,
  `DELETE FROM exchanges WHERE (session, id) IN (
    SELECT session, id FROM exchanges
    WHERE expires_at_ms <= ?1
      AND NOT EXISTS (SELECT 1 FROM events WHERE events.session = exchanges.session AND events.stream = exchanges.id)
    LIMIT ?2)`,
];

/** A look that comes so much later than planned, or earlier, by the clock: the clock was set, or the machine slept. */
const JUMP_MS = 4 * LIMITS.pruneEveryMs;

export class Pruning {
  readonly #writer: Writer;
  readonly #now: () => number;
  readonly #statements: readonly Statement[];
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #lookedAtMs: number;

  constructor(connection: Connection, writer: Writer, now: () => number) {
    this.#writer = writer;
    this.#now = now;
    this.#lookedAtMs = now();
    this.#statements = DELETIONS.map(sql => connection.prepare(sql));
  }

  start(): void {
    this.#after(LIMITS.pruneEveryMs);
  }

  /** Also while a go is under way: it is finished, and no other follows. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Deletes at most `pruneRowsMax` rows of each kind; says whether there may be more. */
  async #once(): Promise<boolean> {
    const sinceMs = this.#now() - this.#lookedAtMs;
    this.#lookedAtMs += sinceMs;
    if (sinceMs < 0 || sinceMs > JUMP_MS) return false;
    const values = [this.#lookedAtMs, LIMITS.pruneRowsMax];
    const deleted = await this.#writer.write(() => this.#statements.map(statement => statement.run(values)));
    return deleted.some(count => count === LIMITS.pruneRowsMax);
  }

  #after(pauseMs: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      const next = (more: boolean): void => this.#after(more ? LIMITS.prunePauseMs : LIMITS.pruneEveryMs);
      // A store that cannot delete now says so to whoever writes next; here it is enough to try again later.
      this.#once().then(next, () => next(false));
    }, pauseMs).unref();
  }
}
