/**
 * One save: what has changed in a folder since it was brought up goes to the store, as packs first and then as the snapshot that
 * counts. Where another process saved meanwhile, its snapshot gets what changed here.
 */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Environment } from '../ports/environment.ts';
import type { WorkspaceStore } from '../ports/workspace-store.ts';
import type { WorkspaceOwner } from '../ports/workspaces.ts';
import type { Manifest, Tree } from './manifest.ts';
import { decodeManifest, EMPTY, encodeManifest, isSameTree } from './manifest.ts';
import { merged } from './merging.ts';
import type { Index } from './packing.ts';
import { Packs, packed } from './packing.ts';
import type { Survey } from './survey.ts';
import { survey, tooLarge } from './survey.ts';

/** How a folder stands to the store. */
export interface Base {
  readonly version: number;
  /** The snapshot of that version. */
  readonly manifest: Manifest;
  /** What the folder held then: less than the snapshot, where another process had saved as well. */
  readonly own: Tree;
}

export interface Saving {
  readonly store: WorkspaceStore;
  readonly environment: Environment;
  readonly owner: WorkspaceOwner;
  readonly folder: string;
  readonly user: number | undefined;
  readonly index: Index;
  readonly base: Base;
  /** Hears what is not kept. */
  readonly leftOut: (found: Survey['leftOut']) => void;
}

export async function saved(saving: Saving): Promise<Base> {
  const { store, owner, environment } = saving;
  const packs = new Packs(environment.newId(), (pack, bytes) => store.put(owner.name, pack, bytes));
  try {
    return await committed(saving, packs);
  } catch (thrown) {
    await store.discard(owner.name, [...packs.sizes.keys()]).catch(() => {});
    throw thrown;
  }
}

async function committed(saving: Saving, packs: Packs): Promise<Base> {
  const { store, environment, owner, base } = saving;
  let { version, manifest: theirs } = base;
  for (let attempt = 0; attempt < LIMITS.commitAttemptsMax; attempt++) {
    const own = await lookedAt(saving, theirs, packs);
    if (isSameTree(own, base.own)) {
      if (packs.sizes.size > 0) await store.discard(owner.name, [...packs.sizes.keys()]);
      return base;
    }
    const entries = theirs.entries === base.own ? own : merged(base.own, own, theirs.entries);
    const next = manifestOf(entries, theirs, packs, environment);
    const { name: workspace, expiresAtMs } = owner;
    const record = { workspace, version: version + 1, manifest: encodeManifest(next), expiresAtMs };
    if ((await store.commit(record)) === 'committed') {
      const unused = [...packs.sizes.keys()].filter(pack => !next.packs.has(pack));
      const stale = theirs.stale.filter(pack => !next.packs.has(pack));
      await store.discard(workspace, [...stale, ...unused]).catch(() => {});
      return { version: version + 1, manifest: next, own: entries === own ? next.entries : own };
    }
    [version = 0] = await store.versions(workspace);
    // The session has ended elsewhere: nothing is to be kept of it.
    if (version === 0 && base.version > 0) return base;
    theirs = await manifestAt(store, workspace, version);
  }
  throw new Fault(
    'store_unavailable',
    'The files of this session are being saved by too many calls at once. Try again.',
  );
}

/** What is in the folder now; what the store lacks of it is put there. */
export async function lookedAt(saving: Saving, stored: Manifest, packs: Packs): Promise<Tree> {
  const { folder, user, index, environment } = saving;
  const nowMs = environment.now();
  const seen = await survey(folder);
  const leftOut = [...seen.leftOut];
  const leaveOut = (path: string, why: string): void => void leftOut.push({ path, why });
  const entries = await packed({ root: folder, seen, index, stored, packs, nowMs, user, leaveOut });
  saving.leftOut(leftOut);
  return entries;
}

function manifestOf(entries: Tree, before: Manifest, { sizes }: Packs, environment: Environment): Manifest {
  const packs = new Map<string, number>();
  let bytes = 0;
  for (const entry of entries.values()) {
    if (entry.kind !== 'file') continue;
    bytes += entry.size;
    packs.set(entry.pack, sizes.get(entry.pack) ?? before.packs.get(entry.pack) ?? 0);
  }
  if (bytes > LIMITS.workspaceBytesMax) throw tooLarge(`more than ${LIMITS.workspaceBytesMax} bytes`);
  if (entries.size > LIMITS.workspaceEntriesMax)
    throw tooLarge(`more than ${LIMITS.workspaceEntriesMax} files and folders`);
  const stale = [...before.packs.keys()].filter(pack => !packs.has(pack));
  return { id: environment.newId(), savedAtMs: environment.now(), entries, packs, stale };
}

async function manifestAt(store: WorkspaceStore, workspace: string, version: number): Promise<Manifest> {
  if (version === 0) return EMPTY;
  const text = await store.manifest(workspace, version);
  const manifest = text === undefined ? undefined : decodeManifest(text);
  if (manifest !== undefined) return manifest;
  throw new Fault(
    'store_corrupt',
    'The files of this session were saved elsewhere, and what was saved cannot be read.',
  );
}
