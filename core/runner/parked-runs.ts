/**
 * Runs that wait in this process for their answers, by the nonce of the round they wait for.
 *
 * Every one of them can go at any time: a call whose run is gone is replayed, and comes to the same. So the table is bounded in
 * number, bytes and age, the oldest go first, and nothing in it is ever the only copy.
 *
 * Beside each run stands what was sealed into the `requestState` it waits for. Whoever brings that very text, for the very same
 * call, brings what is known here, so it need not be opened: an equal text is as good as a good seal.
 */
import { LIMITS } from '../base/limits.ts';
import type { RoundState } from '../journal/state.ts';
import type { Environment } from '../ports/environment.ts';
import type { Binding } from './binding.ts';
import type { Holder } from './holder.ts';
import type { ParkedRun } from './order.ts';

/** A state as it is, and as it was given away. */
export interface SealedState {
  readonly state: RoundState;
  readonly sealed: string;
  readonly binding: Binding;
}

interface Kept extends SealedState {
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
  /** By what was given away. */
  readonly #sealed = new Map<string, Kept>();
  #bytes = 0;
  #sweeper: NodeJS.Timeout | undefined;

  constructor(environment: Environment, { keepMs, most }: { readonly keepMs: number; readonly most: number }) {
    this.#most = most;
    this.#environment = environment;
    this.#keepMs = keepMs;
  }

  park(run: ParkedRun, given: SealedState, holder?: Holder): void {
    const kept = { ...given, run, atMs: this.#environment.now(), holder };
    this.#runs.set(given.state.nonce, kept);
    this.#sealed.set(given.sealed, kept);
    this.#bytes += bytesOf(given);
    for (const oldest of this.#runs.keys()) {
      if (this.#runs.size <= this.#most && this.#bytes <= LIMITS.parkedBytesMax) break;
      this.#evict(oldest);
    }
    this.#sweeper ??= setTimeout(() => this.#sweep(), LIMITS.warmSweepMs).unref();
  }

  /** The run that waits for that round. It is taken out: a round is gone through once. */
  take(nonce: string): ParkedRun | undefined {
    const kept = this.#runs.get(nonce);
    if (kept === undefined) return undefined;
    this.#runs.delete(nonce);
    this.#sealed.delete(kept.sealed);
    this.#bytes -= bytesOf(kept);
    return kept.run;
  }

  /** What a text holds that was sealed here for that call, if its run is still here. */
  stateIn(sealed: string, binding: Binding): RoundState | undefined {
    const kept = this.#sealed.get(sealed);
    return kept?.binding.is(binding) ? kept.state : undefined;
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

/** What is known of a run's size: what its call says, and its journal. */
const bytesOf = ({ sealed, binding }: SealedState): number => sealed.length + binding.callText.length;
