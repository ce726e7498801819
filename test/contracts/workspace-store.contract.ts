/** The contract of `WorkspaceStore`: every store of workspaces passes it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SnapshotRecord, WorkspaceStore } from '../../core/ports/workspace-store.ts';

export interface WorkspaceStoreUnderTest {
  readonly store: WorkspaceStore;
  /** The store's clock now, if it has one. */
  readonly now: () => number;
  readonly cleanup: () => Promise<void>;
}

export function describeWorkspaceStoreContract(name: string, make: () => Promise<WorkspaceStoreUnderTest>): void {
  describe(`${name}: workspace store`, () => {
    let given: WorkspaceStoreUnderTest;
    let store: WorkspaceStore;

    beforeEach(async () => {
      given = await make();
      store = given.store;
    });
    afterEach(() => given.cleanup());

    const record = (version: number, manifest = `Zoë – 東京 🧾 ${version}`, workspace = 'one'): SnapshotRecord => ({
      workspace,
      version,
      manifest,
      expiresAtMs: given.now() + 60_000,
    });

    it('has nothing of a workspace that nobody saved', async () => {
      expect(await store.versions('one')).toEqual([]);
      expect(await store.manifest('one', 1)).toBeUndefined();
      expect(await store.get('one', 'a')).toBeUndefined();
    });

    it('commits the version that follows the newest, and no other', async () => {
      expect(await store.commit(record(2))).toBe('conflict');
      expect(await store.commit(record(1, 'first'))).toBe('committed');
      expect(await store.commit(record(1, 'other'))).toBe('conflict');
      expect(await store.commit(record(3))).toBe('conflict');
      expect(await store.manifest('one', 1)).toBe('first');
      expect(await store.commit(record(2))).toBe('committed');
      expect(await store.versions('one')).toEqual([2, 1]);
      expect(await store.manifest('one', 2)).toBe('Zoë – 東京 🧾 2');
    });

    it('keeps the snapshot before the newest, and none before that, past the tenth as well', async () => {
      for (let version = 1; version <= 11; version++) await store.commit(record(version));
      expect(await store.versions('one')).toEqual([11, 10]);
      expect(await store.manifest('one', 10)).toBe('Zoë – 東京 🧾 10');
      expect(await store.manifest('one', 9)).toBeUndefined();
    });

    it('gives packs back byte for byte, to their own workspace alone', async () => {
      const bytes = Uint8Array.from({ length: 70_000 }, (_, at) => at % 251);
      await store.put('one', 'a-0', bytes);
      await store.put('one', 'b_1', new Uint8Array());
      expect(Buffer.from((await store.get('one', 'a-0')) ?? []).equals(bytes)).toBe(true);
      expect((await store.get('one', 'b_1'))?.length).toBe(0);
      expect(await store.get('two', 'a-0')).toBeUndefined();
    });

    it('discards packs by name, whether they are there or not', async () => {
      await store.put('one', 'a', Buffer.from('a'));
      await store.put('one', 'b', Buffer.from('b'));
      await store.discard('one', ['a', 'nothing']);
      expect(await store.get('one', 'a')).toBeUndefined();
      expect(Buffer.from((await store.get('one', 'b')) ?? []).toString()).toBe('b');
    });

    it('removes a workspace whole, and leaves the others', async () => {
      await store.remove('one');
      for (const workspace of ['one', 'one-more']) {
        await store.put(workspace, 'a', Buffer.from('a'));
        await store.commit(record(1, 'first', workspace));
        await store.commit(record(2, 'second', workspace));
      }
      await store.remove('one');
      expect(await store.versions('one')).toEqual([]);
      expect(await store.get('one', 'a')).toBeUndefined();
      expect(await store.versions('one-more')).toEqual([2, 1]);
      expect(await store.get('one-more', 'a')).toBeDefined();
      expect(await store.commit(record(1, 'anew'))).toBe('committed');
    });
  });
}
