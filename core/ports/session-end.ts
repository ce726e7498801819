/**
 * Told when a session ends or falls asleep, so that what was kept for it is given free: parked runs, warm programs, children,
 * and, when it ends, its state and workspace.
 *
 * Phases are computed on read, so an end by time alone is told when it is noticed: by the sweep of a process that served the
 * session, or at its next request. It may be told twice, and by a process that kept nothing: whoever listens does what is left
 * to do. An end that nobody notices is the business of the store's own expiry.
 */
import type { EndReason } from '../session/session.ts';

export interface SessionEnding {
  readonly session: string;
  readonly principal: string;
  /** `asleep`: give back what can be made again; the session may wake. `ended`: give back everything; it never comes back. */
  readonly phase: 'asleep' | 'ended';
  readonly reason: EndReason;
  /** When it happened, which may be before it was noticed. */
  readonly atMs: number;
}

/** What it throws is reported and stops nothing. A request that ends or wakes the session waits for it. */
export type OnSessionEnd = (ending: SessionEnding) => Promise<void> | void;
