/** Calls whose connection is held while their client is asked, because their server could not resume it. Bounded, and let go in time. */
import { LIMITS } from '../base/limits.ts';
import type { LegacyCall } from './legacy-call.ts';

export class HeldCalls {
  readonly #held = new Map<string, { readonly running: LegacyCall; readonly timer: NodeJS.Timeout }>();

  put(name: string, running: LegacyCall): void {
    const [oldest] = this.#held.keys();
    if (oldest !== undefined && this.#held.size >= LIMITS.upstreamHeldMax) this.take(oldest)?.leave();
    const timer = setTimeout(() => this.take(name)?.leave(), LIMITS.upstreamHeldMsMax).unref();
    this.#held.set(name, { running, timer });
  }

  take(name: string): LegacyCall | undefined {
    const held = this.#held.get(name);
    if (held === undefined) return undefined;
    clearTimeout(held.timer);
    this.#held.delete(name);
    return held.running;
  }
}
