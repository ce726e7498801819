/**
 * Runs that wait in this process for their answers, by the nonce of the round they wait for.
 *
 * Every one of them can go at any time: a call whose run is gone is replayed, and comes to the same. So the table is bounded in
 * number and age, the oldest go first, and nothing in it is ever the only copy.
 */
import { LIMITS } from '../base/limits.ts';
import type { Environment } from '../ports/environment.ts';
import type { Holder } from './holder.ts';
import type { ParkedRun } from './order.ts';

interface Kept {
  readonly run: ParkedRun;
  readonly atMs: number;
  /** The session it belongs to, if there is one. */
  readonly holder: Holder | undefined;
}

export class ParkedRuns {
  readonly #environment: Environment;
  readonly #keepMs: number;
  readonly #most: number;
  readonly #runs = new Map<string, Kept>();
  #sweeper: NodeJS.Timeout | undefined;

  constructor(environment: Environment, { keepMs, most }: { readonly keepMs: number; readonly most: number }) {
    this.#most = most;
    this.#environment = environment;
    this.#keepMs = keepMs;
  }

  park(nonce: string, run: ParkedRun, holder?: Holder): void {
    this.#runs.set(nonce, { run, atMs: this.#environment.now(), holder });
    for (const oldest of this.#runs.keys()) {
      if (this.#runs.size <= this.#most) break;
      this.#evict(oldest);
    }
    this.#sweeper ??= setTimeout(() => this.#sweep(), LIMITS.warmSweepMs).unref();
  }

  /** The run that waits for that round. It is taken out: a round is gone through once. */
  take(nonce: string): ParkedRun | undefined {
    const parked = this.#runs.get(nonce);
    this.#runs.delete(nonce);
    return parked?.run;
  }

  /** Lets those of a session go. */
  release(holder: string): void {
    for (const [nonce, kept] of this.#runs) if (kept.holder?.name === holder) this.#evict(nonce);
  }

  /** Lets all of them go. */
  clear(): void {
    clearTimeout(this.#sweeper);
    for (const nonce of this.#runs.keys()) this.#evict(nonce);
  }

  #sweep(): void {
    this.#sweeper = undefined;
    const nowMs = this.#environment.now();
    for (const [nonce, { atMs, holder }] of this.#runs)
      if (nowMs - atMs >= (holder?.keepMs ?? this.#keepMs)) this.#evict(nonce);
    if (this.#runs.size > 0) this.#sweeper = setTimeout(() => this.#sweep(), LIMITS.warmSweepMs).unref();
  }

  #evict(nonce: string): void {
    this.take(nonce)?.drop();
  }
}
