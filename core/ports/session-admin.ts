/**
 * What an administrator can see of sessions, and do to them. What clients, programs and people said is left out unless it is
 * asked for: whoever runs a server need not read along. Times are milliseconds since the epoch.
 */
import type { Phase } from '../session/exchange.ts';
import type { EndReason, SessionPhase } from '../session/session.ts';
import type { TaskStatus } from '../session/task.ts';

export interface SessionView {
  readonly session: string;
  readonly principal: string;
  readonly phase: SessionPhase;
  readonly client: string;
  readonly revision: string;
  /** The class of principals that it was opened by, if it was one. */
  readonly class?: string;
  readonly createdAtMs: number;
  readonly seenAtMs: number;
  /** When it falls asleep, or ends where idleness ends it, unless it is used before. */
  readonly idlesAtMs: number;
  readonly endsAtMs: number;
  /** Why and when it left the phase `open`. */
  readonly left?: { readonly reason: EndReason; readonly atMs: number };
}

export interface QuestionView {
  readonly id: string;
  readonly method: string;
  readonly answered: boolean;
  /** What was asked, where that was asked for. */
  readonly params?: unknown;
}

export interface ExchangeView {
  readonly exchange: string;
  readonly method: string;
  readonly phase: Phase;
  readonly round: number;
  readonly createdAtMs: number;
  readonly askedAtMs?: number;
  /** Of its record in the store, as JSON. */
  readonly bytes: number;
  readonly questions: readonly QuestionView[];
  /** Present where the call is a task: how it stands as one, and how long it is kept. What names it is its client's. */
  readonly task?: { readonly status: TaskStatus; readonly ttlMs: number; readonly endsAtMs: number };
}

export interface SessionDetail extends SessionView {
  /** Those that are open, and the first of the tasks that have ended and are kept. */
  readonly exchanges: readonly ExchangeView[];
}

export interface ListedSessions {
  readonly sessions: readonly SessionView[];
  /** Where the next page begins, if there is one. */
  readonly next?: string;
}

export interface SessionAdmin {
  list(query: {
    readonly principal?: string;
    readonly after?: string;
    readonly limit?: number;
  }): Promise<ListedSessions>;
  inspect(session: string, options: { readonly reveal: boolean }): Promise<SessionDetail | undefined>;
  /** Ends it at once; `undefined` if there is none that could be ended. */
  stop(session: string): Promise<SessionView | undefined>;
}
