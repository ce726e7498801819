/**
 * Workspaces in a local folder, one folder each: `packs/`, `snapshots/` named by their versions, and the moment at which all of it
 * may go. A file appears under its name when it is whole and synced, so a process may be killed at any step: what it had not
 * committed is not there.
 *
 * One process owns the folder, as it owns the embedded store beside it; this one knows no lock of its own.
 */
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { WorkspaceStore } from '../../ports/workspace-store.ts';

export interface FolderWorkspaceStoreOptions {
  readonly folder: string;
  readonly now: () => number;
}

export function folderWorkspaceStore(options: FolderWorkspaceStoreOptions): WorkspaceStore {
  const store = new FolderWorkspaceStore(options);
  return {
    versions: workspace => told(() => store.versions(workspace), options.folder),
    manifest: (workspace, version) => told(() => store.manifest(workspace, version), options.folder),
    commit: next => told(() => store.commit(next), options.folder),
    put: (workspace, pack, bytes) => told(() => store.put(workspace, pack, bytes), options.folder),
    get: (workspace, pack) => told(() => store.get(workspace, pack), options.folder),
    discard: (workspace, packs) => told(() => store.discard(workspace, packs), options.folder),
    remove: workspace => told(() => store.remove(workspace), options.folder),
  };
}

class FolderWorkspaceStore implements WorkspaceStore {
  readonly #folder: string;
  readonly #now: () => number;
  /** When each workspace may go, as it was written last. */
  readonly #expiries = new Map<string, number>();
  #prunedAtMs = Number.NEGATIVE_INFINITY;

  constructor({ folder, now }: FolderWorkspaceStoreOptions) {
    this.#folder = folder;
    this.#now = now;
  }

  async versions(workspace: string): Promise<readonly number[]> {
    const versions = (await namesIn(this.#at(workspace, 'snapshots'))).filter(name => /^\d+$/.test(name)).map(Number);
    return versions.sort((a, b) => b - a).slice(0, 2);
  }

  async manifest(workspace: string, version: number): Promise<string | undefined> {
    const bytes = await bytesOf(this.#at(workspace, 'snapshots', String(version)));
    return bytes?.toString('utf8');
  }

  async commit({ workspace, version, manifest, expiresAtMs }: Parameters<WorkspaceStore['commit']>[0]) {
    await this.#prune();
    const known = await this.versions(workspace);
    if ((known[0] ?? 0) !== version - 1) return 'conflict';
    if (this.#expiries.get(workspace) !== expiresAtMs) {
      await write(this.#at(workspace, 'expires'), Buffer.from(String(expiresAtMs)));
      this.#expiries.set(workspace, expiresAtMs);
    }
    await write(this.#at(workspace, 'snapshots', String(version)), Buffer.from(manifest));
    for (const old of known.slice(1)) await rm(this.#at(workspace, 'snapshots', String(old)), { force: true });
    return 'committed';
  }

  async put(workspace: string, pack: string, bytes: Uint8Array): Promise<void> {
    await write(this.#at(workspace, 'packs', pack), bytes);
  }

  get(workspace: string, pack: string): Promise<Uint8Array | undefined> {
    return bytesOf(this.#at(workspace, 'packs', pack));
  }

  async discard(workspace: string, packs: readonly string[]): Promise<void> {
    for (const pack of packs) await rm(this.#at(workspace, 'packs', pack), { force: true });
  }

  async remove(workspace: string): Promise<void> {
    this.#expiries.delete(workspace);
    // Without its snapshots the rest means nothing, whatever happens meanwhile.
    await rm(this.#at(workspace, 'snapshots'), { recursive: true, force: true });
    await rm(this.#at(workspace), { recursive: true, force: true });
  }

  #at(workspace: string, ...parts: string[]): string {
    for (const name of [workspace, ...parts])
      if (!/^[\w-]{1,64}$/.test(name)) throw new TypeError(`${JSON.stringify(name)} is no name here.`);
    return join(this.#folder, workspace, ...parts);
  }

  /** Sessions that ended while no process was there to notice. */
  async #prune(): Promise<void> {
    if (this.#now() - this.#prunedAtMs < LIMITS.workspacePruneMs) return;
    this.#prunedAtMs = this.#now();
    for (const workspace of await namesIn(this.#folder)) {
      const text = await bytesOf(this.#at(workspace, 'expires'));
      if (text !== undefined && Number(text.toString()) <= this.#now()) await this.remove(workspace);
    }
  }
}

/** Writes a file beside its place, syncs it, and gives it its name; the folder is synced, so that the name lasts too. */
async function write(path: string, bytes: Uint8Array): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await sync(folder);
}

/** Folders cannot be synced everywhere (Windows); there the file system keeps the order by itself. */
async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

const namesIn = (folder: string): Promise<readonly string[]> =>
  readdir(folder)
    .catch(orUndefined)
    .then(names => names ?? []);

const bytesOf = (path: string): Promise<Buffer | undefined> => readFile(path).catch(orUndefined);

function orUndefined(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}

async function told<T>(work: () => Promise<T>, folder: string): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
    if (!/^E[A-Z]+$/.test(code)) throw thrown;
    const message = `The files of a session cannot be kept in ${folder} (${code}). See that the disk has room and that this user may write there.`;
    throw new Fault('store_unavailable', message, { cause: thrown, detail: String(thrown) });
  }
}
