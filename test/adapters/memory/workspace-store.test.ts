/** The memory store of workspaces: the common contract. */
import { memoryWorkspaceStore } from '../../../core/adapters/memory/workspace-store.ts';
import { describeWorkspaceStoreContract } from '../../contracts/workspace-store.contract.ts';

describeWorkspaceStoreContract('memory', async () => ({
  store: memoryWorkspaceStore(() => 1_000),
  now: () => 1_000,
  cleanup: async () => {},
}));
