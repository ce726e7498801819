/**
 * From a manifest to a folder. The tree is built beside the folder and takes its place when it is whole, so nothing that somebody
 * left in the old one, a link least of all, can lead a write astray. Every file's bytes are checked against its digest.
 */
import { closeSync, fchmodSync, fchownSync, futimesSync, openSync, writeSync } from 'node:fs';
import { lchown, lstat, mkdir, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as breath } from 'node:timers/promises';
import type { FileEntry, Manifest } from './manifest.ts';
import { digestOf } from './manifest.ts';
import type { Index } from './packing.ts';
import { removeTree } from './removing.ts';
import { factsOf } from './survey.ts';

export interface Restoring {
  readonly manifest: Manifest;
  /** The folder that holds `folder` and everything that is made on the way. */
  readonly around: string;
  readonly folder: string;
  readonly get: (pack: string) => Promise<Uint8Array | undefined>;
  readonly user: number | undefined;
  readonly nowMs: number;
}

const FILES_AT_ONCE = 64;

/** What is known of the restored files; `undefined` if the store has not what the manifest says, and then nothing has changed. */
export async function restored(restoring: Restoring): Promise<Index | undefined> {
  const { manifest, around, folder, user } = restoring;
  const made = join(around, 'new');
  const old = join(around, 'old');
  await removeTree(made);
  await removeTree(old);
  await mkdir(made, { recursive: true, mode: 0o700 });
  const sorted = [...manifest.entries].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [path, entry] of sorted) if (entry.kind === 'folder') await mkdir(join(made, path), { mode: 0o700 });
  const index = await files(restoring, made);
  if (index === undefined) {
    await removeTree(made);
    return undefined;
  }
  for (const [path, entry] of sorted) {
    if (entry.kind === 'link') await symlink(entry.target, join(made, path));
    if (user !== undefined && entry.kind !== 'file') await lchown(join(made, path), user, user);
  }
  if (user !== undefined) await lchown(made, user, user);
  await rename(folder, old).catch(() => {});
  await rename(made, folder);
  await removeTree(old);
  return index;
}

async function files({ manifest, get, nowMs, user }: Restoring, made: string): Promise<Index | undefined> {
  const index: Index = new Map();
  let written = 0;
  for (const [pack, wanted] of byPack(manifest)) {
    const bytes = await get(pack);
    for (const [path, entry] of wanted) {
      const part = bytes?.subarray(entry.at, entry.at + entry.size);
      if (part === undefined || digestOf(part) !== entry.digest) return undefined;
      const at = join(made, path);
      write(at, part, entry, user);
      index.set(path, { facts: factsOf(await lstat(at, { bigint: true })), entry, atMs: nowMs });
      if (++written % FILES_AT_ONCE === 0) await breath();
    }
  }
  return index;
}

/** `wx`: what is written to was made here. */
function write(at: string, bytes: Uint8Array, { executable, modifiedAtMs }: FileEntry, user: number | undefined): void {
  const file = openSync(at, 'wx', executable ? 0o700 : 0o600);
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
    fchmodSync(file, executable ? 0o700 : 0o600);
    if (user !== undefined) fchownSync(file, user, user);
    futimesSync(file, modifiedAtMs / 1000, modifiedAtMs / 1000);
  } finally {
    closeSync(file);
  }
}

function byPack({ entries }: Manifest): ReadonlyMap<string, readonly (readonly [string, FileEntry])[]> {
  const packs = new Map<string, (readonly [string, FileEntry])[]>();
  for (const [path, entry] of entries) {
    if (entry.kind !== 'file') continue;
    const wanted = packs.get(entry.pack) ?? [];
    wanted.push([path, entry]);
    packs.set(entry.pack, wanted);
  }
  return packs;
}
