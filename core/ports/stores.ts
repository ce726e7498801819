/** The stores of one deployment, opened together and closed together. */
import type { AuditLog } from './audit-log.ts';
import type { EventLog } from './event-log.ts';
import type { ExchangeStore } from './exchange-store.ts';
import type { RoundGuard } from './round-guard.ts';
import type { SessionStore } from './session-store.ts';
import type { StateStore } from './state-store.ts';

export interface Stores {
  readonly sessions: SessionStore;
  readonly exchanges: ExchangeStore;
  readonly events: EventLog;
  readonly rounds: RoundGuard;
  readonly state: StateStore;
  readonly audit: AuditLog;
  /**
   * Whether the holder of a lease may still be alive, whatever the lease's time says. An embedded store, which one process
   * owns, knows that every other owner is dead; a shared store knows nothing and says `true`.
   */
  mayBeAlive(owner: string): boolean;
  /** Flushes and releases everything, the lock of an embedded store included. */
  close(): Promise<void>;
}
