/**
 * Small records that are replaced as a whole, each under a scope: what a session's programs keep, and what a call in progress
 * has done. The store does not look into them. Contract: `test/contracts/state-store.contract.ts`.
 */
export interface StateRecord {
  readonly scope: string;
  /** Counts commits, from 1. */
  readonly version: number;
  readonly json: string;
  /** From then on the record is absent. */
  readonly expiresAtMs: number;
}

export interface StateStore {
  /** Sees every committed write. */
  load(scope: string): Promise<StateRecord | undefined>;
  /** One conditional write: succeeds if the stored version is `next.version - 1`; version 1 where nothing live stands. */
  commit(next: StateRecord): Promise<'committed' | 'conflict'>;
  /** Deletes the record, if there is one. */
  remove(scope: string): Promise<void>;
}
