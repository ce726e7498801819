/**
 * Groups the writes of one turn of the event loop into one transaction, because a commit waits for the disk and a hundred writes
 * can share the wait. Each caller hears of its own write after the commit. Within the group each write has its savepoint: one
 * that fails takes nothing with it.
 */
import type { Connection } from './connection.ts';

interface Job {
  /** Does the work; what it gives back tells the caller, and must be called only after the commit. */
  run(): () => void;
  reject(reason: unknown): void;
}

export class Writer {
  readonly #connection: Connection;
  #jobs: Job[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Runs synchronous statements in the transaction of this turn; resolves when it is on the disk. */
  write<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = (): (() => void) => {
        const value = work();
        return () => resolve(value);
      };
      this.#jobs.push({ run, reject });
      if (this.#jobs.length === 1) setImmediate(() => this.flush());
    });
  }

  /** Commits what has been gathered, now. */
  flush(): void {
    const jobs = this.#jobs;
    this.#jobs = [];
    if (jobs.length === 0) return;
    try {
      for (const settle of this.#commit(jobs)) settle();
    } catch (thrown) {
      this.#rollback();
      for (const job of jobs) job.reject(thrown);
    }
  }

  #commit(jobs: readonly Job[]): (() => void)[] {
    this.#connection.exec('BEGIN IMMEDIATE');
    const settles = jobs.map(job => (jobs.length === 1 ? job.run() : this.#apart(job)));
    this.#connection.exec('COMMIT');
    return settles;
  }

  /** One write of several: if it fails, what it had written is undone and the others go on. */
  #apart(job: Job): () => void {
    this.#connection.exec('SAVEPOINT one');
    try {
      const settle = job.run();
      this.#connection.exec('RELEASE one');
      return settle;
    } catch (thrown) {
      this.#connection.exec('ROLLBACK TO one; RELEASE one');
      return () => job.reject(thrown);
    }
  }

  #rollback(): void {
    try {
      this.#connection.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back by itself, or never began.
    }
  }
}
