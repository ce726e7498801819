/**
 * How often somebody may try to sign in at a page: so often in a while for one who asks, and so often for all together.
 *
 * Credentials are too long to be guessed; what is bounded is the work and the noise of trying. Counted in this process only, and
 * forgotten with it. A try counts when it begins, since many may be under way at once, and no more once it succeeded.
 */
import { LIMITS } from '../base/limits.ts';

interface Tried {
  readonly sinceMs: number;
  readonly times: number;
}

const EVERYBODY = '';

export class SignInTries {
  readonly #now: () => number;
  readonly #tried = new Map<string, Tried>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Counts a try. Where there were too many: in how many seconds there may be another. */
  begin(who: string): number | undefined {
    const nowMs = this.#now();
    const own = this.#of(`of ${who}`, nowMs);
    const all = this.#of(EVERYBODY, nowMs);
    const full = own.times >= LIMITS.signInTriesMax ? own : all.times >= LIMITS.signInTriesOfAllMax ? all : undefined;
    if (full !== undefined) return Math.max(1, Math.ceil((full.sinceMs + LIMITS.signInTriesMs - nowMs) / 1_000));
    this.#note(`of ${who}`, own, 1);
    this.#note(EVERYBODY, all, 1);
    return undefined;
  }

  succeeded(who: string): void {
    const nowMs = this.#now();
    for (const key of [`of ${who}`, EVERYBODY]) this.#note(key, this.#of(key, nowMs), -1);
  }

  /** What was tried in this while. A clock that was set back begins another. */
  #of(key: string, nowMs: number): Tried {
    const known = this.#tried.get(key);
    const agoMs = nowMs - (known?.sinceMs ?? 0);
    return known !== undefined && agoMs >= 0 && agoMs < LIMITS.signInTriesMs ? known : { sinceMs: nowMs, times: 0 };
  }

  #note(key: string, { sinceMs, times }: Tried, more: number): void {
    this.#tried.delete(key);
    this.#tried.set(key, { sinceMs, times: Math.max(0, times + more) });
    const [oldest] = this.#tried.keys();
    if (this.#tried.size > LIMITS.signInTriersMax && oldest !== undefined) this.#tried.delete(oldest);
  }
}
