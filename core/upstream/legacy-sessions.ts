/**
 * The sessions this process keeps at a server of 2025: one for each owner, opened once, forgotten when the server lost it, and
 * ended there (`DELETE`) when nobody needs it any more.
 *
 * One in which a call waits is needed by whoever brings the answers, in whatever process: it is ended with its Fermata session
 * only. One that another process opened is left to it.
 */
import { LIMITS } from '../base/limits.ts';
import type { CallContext } from '../ports/stateless-server.ts';
import type { LegacySession } from './legacy-session.ts';

interface Kept {
  readonly opened: Promise<LegacySession>;
  /** The Fermata session it belongs to, if there is one. */
  readonly of: string | undefined;
  /** Whether this process opened it. */
  readonly isOurs: boolean;
  session?: LegacySession;
  usedAtMs: number;
}

interface Opening {
  readonly session: CallContext['session'] | undefined;
  readonly isOurs: boolean;
  open(): Promise<LegacySession>;
}

export class LegacySessions {
  readonly #kept = new Map<string, Kept>();
  readonly #now: () => number;
  readonly #end: (session: LegacySession) => Promise<void>;

  /** `end` tells the server that a session is over. It does not throw. */
  constructor(now: () => number, end: (session: LegacySession) => Promise<void>) {
    this.#now = now;
    this.#end = end;
  }

  /** The session of an owner, opened if there is none. */
  async of(owner: string, { session, isOurs, open }: Opening): Promise<LegacySession> {
    this.#dropIdle();
    const known = this.#kept.get(owner);
    if (known !== undefined) {
      known.usedAtMs = this.#now();
      return known.opened;
    }
    const kept: Kept = { opened: open(), of: session?.id, isOurs, usedAtMs: this.#now() };
    this.#kept.set(owner, kept);
    try {
      kept.session = await kept.opened;
      return kept.session;
    } catch (thrown) {
      if (this.#kept.get(owner) === kept) this.#kept.delete(owner);
      throw thrown;
    }
  }

  /** The server does not know `lost` any more: the next call of the owner opens another one, unless there is one by now. */
  forget(owner: string, lost?: LegacySession): void {
    const kept = this.#kept.get(owner);
    if (lost !== undefined && kept?.session !== lost) return;
    this.#kept.delete(owner);
    void kept?.opened.then(
      session => session.standing?.close(),
      () => undefined,
    );
  }

  /** A Fermata session has ended, and with it what waits in it. */
  async release(session: string): Promise<void> {
    const over = [...this.#kept].filter(([, kept]) => kept.of === session);
    await Promise.all(over.map(([owner, kept]) => this.#leave(owner, kept, true)));
  }

  /** This process ends. */
  async close(): Promise<void> {
    await Promise.all([...this.#kept].map(([owner, kept]) => this.#leave(owner, kept, false)));
  }

  async #leave(owner: string, kept: Kept, isOver: boolean): Promise<void> {
    this.#kept.delete(owner);
    const session = await kept.opened.catch(() => undefined);
    session?.standing?.close();
    if (session?.sessionId !== undefined && (isOver || (kept.isOurs && session.waiting.size === 0)))
      await this.#end(session);
  }

  #dropIdle(): void {
    const since = this.#now() - LIMITS.upstreamSessionIdleMs;
    for (const [owner, kept] of this.#kept) {
      if (kept.session?.standing?.isFollowed) kept.usedAtMs = this.#now();
      if (kept.usedAtMs < since || this.#kept.size >= LIMITS.upstreamSessionsMax) void this.#leave(owner, kept, false);
    }
  }
}
