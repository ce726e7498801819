/** Workspaces in a folder: the common contract, then what only files can suffer. */
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { folderWorkspaceStore } from '../../../core/adapters/folder/workspace-store.ts';
import { LIMITS } from '../../../core/base/limits.ts';
import { handClock } from '../../contracts/stores-under-test.ts';
import { describeWorkspaceStoreContract } from '../../contracts/workspace-store.contract.ts';

const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'fermata-workspaces-'));

describeWorkspaceStoreContract('folder', async () => {
  const folder = await newFolder();
  const clock = handClock();
  return {
    store: folderWorkspaceStore({ folder, now: clock.now }),
    now: clock.now,
    cleanup: () => rm(folder, { recursive: true }),
  };
});

async function given() {
  const folder = await newFolder();
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const clock = handClock();
  const store = folderWorkspaceStore({ folder, now: clock.now });
  const snapshot = (workspace: string, version: number) =>
    store.commit({ workspace, version, manifest: 'text', expiresAtMs: clock.now() + 1_000 });
  return { folder, clock, store, snapshot };
}

describe('workspaces in a folder', () => {
  it('are for nobody else to read', async () => {
    const { folder, store, snapshot } = await given();
    await store.put('one', 'a', Buffer.from('a'));
    await snapshot('one', 1);
    const rights = async (path: string): Promise<number> => (await stat(join(folder, path))).mode & 0o777;
    expect(await rights('one/packs')).toBe(0o700);
    expect(await rights('one/packs/a')).toBe(0o600);
    expect(await rights('one/snapshots/1')).toBe(0o600);
  });

  it('do not count what a killed process had not finished writing', async () => {
    const { folder, store, snapshot } = await given();
    await snapshot('one', 1);
    await writeFile(join(folder, 'one/snapshots/2.new'), 'ha');
    await mkdir(join(folder, 'one/packs'));
    await writeFile(join(folder, 'one/packs/a.new'), 'ha');
    expect(await store.versions('one')).toEqual([1]);
    expect(await store.get('one', 'a')).toBeUndefined();
    expect(await snapshot('one', 2)).toBe('committed');
    expect(await store.manifest('one', 2)).toBe('text');
  });

  it('go when their session is over and nobody was there to notice', async () => {
    const { folder, clock, snapshot } = await given();
    await snapshot('one', 1);
    clock.advance(LIMITS.workspacePruneMs);
    await snapshot('two', 1);
    expect(await readdir(folder)).toEqual(['two']);
  });

  it('refuse names that lead elsewhere', async () => {
    const { store, snapshot } = await given();
    await expect(store.get('..', 'a')).rejects.toThrow('".." is no name here.');
    await expect(store.put('one', '../a', Buffer.from('a'))).rejects.toThrow('"../a" is no name here.');
    await expect(snapshot('', 1)).rejects.toThrow('"" is no name here.');
  });

  it('say what to do when the disk does not take them', async () => {
    const { folder, snapshot } = await given();
    await writeFile(join(folder, 'one'), 'a file in the way');
    await expect(snapshot('one', 1)).rejects.toMatchObject({
      code: 'store_unavailable',
      message: `The files of a session cannot be kept in ${folder} (ENOTDIR). See that the disk has room and that this user may write there.`,
    });
  });
});
