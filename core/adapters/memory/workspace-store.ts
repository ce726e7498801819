/** Workspaces in memory: the reference of the port, for tests and for servers that keep nothing. */
import type { SnapshotRecord, WorkspaceStore } from '../../ports/workspace-store.ts';

interface Kept {
  /** The newest first, two at most. */
  snapshots: readonly SnapshotRecord[];
  readonly packs: Map<string, Uint8Array>;
}

export function memoryWorkspaceStore(now: () => number): WorkspaceStore {
  const all = new Map<string, Kept>();

  const kept = (workspace: string): Kept => {
    const found = all.get(workspace) ?? { snapshots: [], packs: new Map() };
    all.set(workspace, found);
    return found;
  };

  return {
    versions: async workspace => (all.get(workspace)?.snapshots ?? []).map(({ version }) => version),

    manifest: async (workspace, version) =>
      all.get(workspace)?.snapshots.find(snapshot => snapshot.version === version)?.manifest,

    async commit(next) {
      for (const [name, { snapshots }] of all) if ((snapshots[0]?.expiresAtMs ?? now()) < now()) all.delete(name);
      const { snapshots } = kept(next.workspace);
      const [newest] = snapshots;
      if ((newest?.version ?? 0) !== next.version - 1) return 'conflict';
      kept(next.workspace).snapshots = newest === undefined ? [next] : [next, newest];
      return 'committed';
    },

    async put(workspace, pack, bytes) {
      kept(workspace).packs.set(pack, Uint8Array.from(bytes));
    },

    get: async (workspace, pack) => all.get(workspace)?.packs.get(pack),

    async discard(workspace, packs) {
      for (const pack of packs) all.get(workspace)?.packs.delete(pack);
    },

    async remove(workspace) {
      all.delete(workspace);
    },
  };
}
