/**
 * Brings the calls of a lap to one moment: each says when it stands before its window, waits until all do, and then goes on
 * so long before the kill as it was planned.
 */
import { setTimeout as sleep } from 'node:timers/promises';

const ARMED_MS_MAX = 100_000;
/** How long a trigger may be late. */
const GRACE_MS = 500;

export class Gate {
  readonly #count: number;
  readonly #leadMs: number;
  readonly #arrived = new Set<string>();
  #open: (killAt: number) => void = () => {};
  readonly #opened = new Promise<number>(resolve => {
    this.#open = resolve;
  });

  readonly #triggered = new AbortController();
  readonly #isTriggered: boolean;

  /** `count` calls will come, the earliest of which goes on `leadMs` before the kill. */
  constructor(count: number, leadMs: number, isTriggered: boolean) {
    this.#count = count;
    this.#leadMs = leadMs;
    this.#isTriggered = isTriggered;
  }

  /** The moment has come early, or late. */
  trigger(): void {
    this.#triggered.abort();
  }

  /** A call stands before its window; it may go on `ageMs` before the kill. */
  async pass(name: string, ageMs: number): Promise<void> {
    this.arrive(name);
    const killAt = await this.#opened;
    await sleep(Math.max(0, killAt - ageMs - performance.now()));
  }

  /** A call is where it should be, or will never be there. */
  arrive(name: string): void {
    this.#arrived.add(name);
    if (this.#arrived.size === this.#count) this.#open(performance.now() + this.#leadMs);
  }

  /** Resolves at the moment of the kill. */
  async moment(): Promise<void> {
    const late = new AbortController();
    const inVain = sleep(ARMED_MS_MAX, undefined, { signal: late.signal }).then(() => {
      throw new Error(`Only ${[...this.#arrived].join(', ')} came to stand before their windows.`);
    });
    const killAt = await Promise.race([this.#opened, inVain]);
    late.abort();
    inVain.catch(() => {});
    const grace = this.#isTriggered ? GRACE_MS : 0;
    const { signal } = this.#triggered;
    await sleep(Math.max(0, killAt + grace - performance.now()), undefined, { signal }).catch(() => {});
  }
}
