/**
 * What every part of the proxy works with: its collaborators, its settings, and what this process is doing right now.
 *
 * Only caches that may vanish live here in memory (running rounds, open connections); everything that must survive is in the
 * stores. Knows no HTTP and no vendor.
 */
import type { Environment } from '../ports/environment.ts';
import type { Observer } from '../ports/observer.ts';
import type { RetryLost } from '../ports/retry-lost.ts';
import type { StatelessServer } from '../ports/stateless-server.ts';
import type { Stores } from '../ports/stores.ts';
import type { IdleAction } from '../session/session.ts';

export interface ProxySettings {
  /** Milliseconds without a request after which a session is idle. */
  readonly idleTimeoutMs: number;
  /** Milliseconds from `initialize` to the session's end. */
  readonly lifetimeMs: number;
  readonly idleAction: IdleAction;
  readonly retryLost: RetryLost;
  /** How long a connection is held while nothing comes; absent: as long as the client likes (one machine). */
  readonly holdMs?: number;
  /** How long `close()` lets running rounds finish. */
  readonly drainMs: number;
}

export interface ProxyOptions {
  readonly upstream: StatelessServer;
  readonly stores: Stores;
  readonly environment: Environment;
  readonly observer: Observer;
  /** Names this process as a holder of leases; never used twice. */
  readonly owner: string;
  readonly settings: ProxySettings;
}

/** A round that runs in this process. */
export interface Running {
  readonly controller: AbortController;
  /** Set when someone asked for the exchange to be driven while its driver was still busy: it looks again at the end. */
  again: boolean;
  /** Whether a background driver runs it; until then the request that brought it does. */
  background: boolean;
}

export interface Engine extends ProxyOptions {
  /** By `keyOf(session, exchange)`. */
  readonly running: Map<string, Running>;
  /** Settles when the last background driver has ended. */
  readonly drivers: Set<Promise<void>>;
  /** Aborted by `close()`. */
  readonly closing: AbortController;
}

export const keyOf = (session: string, exchange: string): string => `${session}/${exchange}`;

export const engineOf = (options: ProxyOptions): Engine => ({
  ...options,
  running: new Map(),
  drivers: new Set(),
  closing: new AbortController(),
});
