/**
 * What every part of the proxy works with: its collaborators, its settings, and what this process is doing right now.
 *
 * Only caches that may vanish live here in memory (running rounds, open connections); everything that must survive is in the
 * stores. Knows no HTTP and no vendor.
 */
import type { ExchangeId } from '../base/ids.ts';
import type { Environment } from '../ports/environment.ts';
import { Notifier } from '../ports/notifier.ts';
import type { Observer } from '../ports/observer.ts';
import type { RetryLost } from '../ports/retry-lost.ts';
import type { OnSessionEnd } from '../ports/session-end.ts';
import type { StatelessServer } from '../ports/stateless-server.ts';
import type { Stores } from '../ports/stores.ts';
import type { SessionClass, SessionPolicy } from '../session/policy.ts';
import type { Session, SessionPhase } from '../session/session.ts';
import type { PrincipalTally } from './admission.ts';
import { Attachments } from './attachments.ts';
import type { Tally } from './tally.ts';

export interface ProxySettings extends SessionPolicy {
  /** Principals whose sessions are kept otherwise; the first that one belongs to counts. */
  readonly classes?: readonly SessionClass[];
  readonly retryLost: RetryLost;
  /** How long a connection is held while nothing comes; absent: as long as the client likes (one machine). */
  readonly holdMs?: number;
  /** The same for a connection that was resumed while its call waits for an answer; absent: as long as any other. */
  readonly holdWaitingMs?: number;
  /** How long `close()` lets running rounds finish. */
  readonly drainMs: number;
}

/** Hands a ready exchange to a driver somewhere else. It may be handed over several times, and be lost: nothing depends on it. */
export type Dispatch = (session: string, exchange: ExchangeId) => Promise<void>;

export interface ProxyOptions {
  readonly upstream: StatelessServer;
  readonly stores: Stores;
  readonly environment: Environment;
  readonly observer: Observer;
  /** Names this process as a holder of leases; never used twice. */
  readonly owner: string;
  readonly settings: ProxySettings;
  /** Absent: exchanges are driven in this process. */
  readonly dispatch?: Dispatch | undefined;
  /** Told when a session has ended or fallen asleep, as far as this process notices. */
  readonly onSessionEnd?: readonly OnSessionEnd[] | undefined;
}

/** A round that runs in this process. */
export interface Running {
  readonly controller: AbortController;
  /** Set when someone asked for the exchange to be driven while its driver was still busy: it looks again at the end. */
  again: boolean;
  /** Whether a background driver runs it; until then the request that brought it does. */
  background: boolean;
}

/** A version of an exchange that another process was asked to drive. */
export interface Handed {
  readonly version: number;
  readonly untilMs: number;
}

/** A session that this process has served: as it was last read, and the phase that was last told of. */
export interface Watched {
  readonly session: Session;
  readonly phase: SessionPhase;
}

export interface Engine extends ProxyOptions {
  /** By `keyOf(session, exchange)`. */
  readonly running: Map<string, Running>;
  /** Settles when the last background driver has ended, and the last exchange is handed over. */
  readonly drivers: Set<Promise<void>>;
  /** What was handed over lately, by `keyOf`. */
  readonly handed: Map<string, Handed>;
  /** By session id, the one that was used last at the end. */
  readonly watched: Map<string, Watched>;
  /** What sessions and principals have, as far as this process knows, those used last at the end. */
  readonly tallies: Map<string, Tally>;
  readonly principals: Map<string, PrincipalTally>;
  /** Told when a session of this process has changed in a way that its standalone stream must follow. */
  readonly sessionsChanged: Notifier;
  /** Who delivers what happens outside calls, by session. */
  readonly standalone: Map<string, object>;
  /** By `keyOf(session, exchange)`, and for the standalone stream by `standaloneKeyOf`. */
  readonly attachments: Attachments;
  /** Aborted by `close()`. */
  readonly closing: AbortController;
}

export const keyOf = (session: string, exchange: string): string => `${session}/${exchange}`;

/** Event ids of standalone streams begin so; those of calls never do. */
export const STANDALONE = 'standalone.';
export const standaloneKeyOf = (session: string): string => keyOf(session, STANDALONE);

/** Takes an entry out again, unless another has taken its place. */
export function forget(engine: Engine, key: string, running: Running): void {
  if (engine.running.get(key) === running) engine.running.delete(key);
}

export const engineOf = (options: ProxyOptions): Engine => ({
  ...options,
  running: new Map(),
  drivers: new Set(),
  handed: new Map(),
  watched: new Map(),
  tallies: new Map(),
  principals: new Map(),
  sessionsChanged: new Notifier(),
  standalone: new Map(),
  attachments: new Attachments(),
  closing: new AbortController(),
});
