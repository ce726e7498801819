/**
 * Where the files of sessions are kept between runs: packs of bytes, and snapshots that say which bytes make which files. A
 * snapshot's text is the commit point: what no snapshot names does not count. The store looks into neither. Contract:
 * `test/contracts/workspace-store.contract.ts`.
 *
 * A workspace is named by at most 64 characters of `A-Z a-z 0-9 - _`, and so is a pack.
 */
export interface SnapshotRecord {
  readonly workspace: string;
  /** Counts commits, from 1. */
  readonly version: number;
  readonly manifest: string;
  /** From then on the store may forget the whole workspace. */
  readonly expiresAtMs: number;
}

export interface WorkspaceStore {
  /** Versions of the newest snapshot and the one before it, the newest first. Sees every commit. */
  versions(workspace: string): Promise<readonly number[]>;
  /** The text of one of them. */
  manifest(workspace: string, version: number): Promise<string | undefined>;
  /**
   * One conditional write: succeeds if the newest version is `next.version - 1`. Durable when it resolves, and so is every pack that
   * was put before. Snapshots older than the one before this are forgotten.
   */
  commit(next: SnapshotRecord): Promise<'committed' | 'conflict'>;
  /** Keeps bytes under a name that was never used before. */
  put(workspace: string, pack: string, bytes: Uint8Array): Promise<void>;
  get(workspace: string, pack: string): Promise<Uint8Array | undefined>;
  /** Forgets packs, if they are there. */
  discard(workspace: string, packs: readonly string[]): Promise<void>;
  /** Forgets all of a workspace, if there is one. */
  remove(workspace: string): Promise<void>;
}
