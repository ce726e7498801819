/** The sessions this process keeps at a server of 2025: one for each owner, opened once, forgotten when the server lost it. */
import { LIMITS } from '../base/limits.ts';
import type { LegacySession } from './legacy-session.ts';

interface Kept {
  readonly session: Promise<LegacySession>;
  usedAtMs: number;
}

export class LegacySessions {
  readonly #kept = new Map<string, Kept>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The session of an owner, opened if there is none. */
  async of(owner: string, open: () => Promise<LegacySession>): Promise<LegacySession> {
    this.#dropIdle();
    const known = this.#kept.get(owner);
    if (known !== undefined) {
      known.usedAtMs = this.#now();
      return known.session;
    }
    const kept = { session: open(), usedAtMs: this.#now() };
    this.#kept.set(owner, kept);
    try {
      return await kept.session;
    } catch (thrown) {
      if (this.#kept.get(owner) === kept) this.#kept.delete(owner);
      throw thrown;
    }
  }

  /** The next call of the owner opens another one. */
  forget(owner: string): void {
    const kept = this.#kept.get(owner);
    this.#kept.delete(owner);
    void kept?.session.then(
      session => session.standing?.close(),
      () => undefined,
    );
  }

  #dropIdle(): void {
    const since = this.#now() - LIMITS.upstreamSessionIdleMs;
    for (const [owner, { usedAtMs }] of this.#kept) {
      if (usedAtMs < since || this.#kept.size >= LIMITS.upstreamSessionsMax) this.forget(owner);
    }
  }
}
