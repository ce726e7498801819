/**
 * Looks what is in a folder, without reading any file: the walk follows no link, counts before it collects, and leaves out what
 * cannot be kept (sockets, devices, links that lead out, names that are no text).
 *
 * Whoever runs in the folder may change it meanwhile: what vanishes is not there, and what is read later is looked at again.
 */
import type { BigIntStats } from 'node:fs';
import { lstatSync, readlinkSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as breath } from 'node:timers/promises';
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { isLinkInside, isSafeName, isSafePath } from './paths.ts';

/** What tells that a file has not changed since. */
export interface FileFacts {
  readonly inode: bigint;
  readonly size: number;
  readonly modifiedAtNs: bigint;
  readonly changedAtNs: bigint;
  readonly executable: boolean;
}

export interface Survey {
  readonly folders: readonly string[];
  readonly links: ReadonlyMap<string, string>;
  readonly files: ReadonlyMap<string, FileFacts>;
  /** What is not kept, and why. */
  readonly leftOut: readonly { readonly path: string; readonly why: string }[];
}

const NS_PER_MS = 1_000_000n;
/** Entries looked at before others get their turn. */
const BREATH = 256;

export const millisecondsOf = (ns: bigint): number => Math.max(0, Number(ns / NS_PER_MS));

/** Throws `workspace_too_large` as soon as there is too much. */
export async function survey(root: string): Promise<Survey> {
  const walk = new Walk(root);
  await walk.into('');
  // A folder found on the way stands behind those that were there, so that the walk gets to it.
  for (const folder of walk.folders) await walk.into(folder);
  return walk;
}

class Walk implements Survey {
  readonly folders: string[] = [];
  readonly links = new Map<string, string>();
  readonly files = new Map<string, FileFacts>();
  readonly leftOut: { path: string; why: string }[] = [];
  readonly #root: string;
  #bytes = 0;

  constructor(root: string) {
    this.#root = root;
  }

  async into(folder: string): Promise<void> {
    const names = await readdir(join(this.#root, folder), { encoding: 'buffer' }).catch(ifAbsent);
    for (const [at, bytes] of (names ?? []).entries()) {
      if (at % BREATH === BREATH - 1) await breath();
      const name = bytes.toString('utf8');
      const path = folder === '' ? name : `${folder}/${name}`;
      // A name that is no UTF-8 comes back as another one.
      if (!isSafeName(name) || !Buffer.from(name).equals(bytes)) this.#leaveOut(path, 'its name is no text');
      else if (!isSafePath(path)) this.#leaveOut(path, 'its path is too long');
      else this.#look(path);
      if (this.folders.length + this.links.size + this.files.size + this.leftOut.length > LIMITS.workspaceEntriesMax)
        throw tooLarge(`more than ${LIMITS.workspaceEntriesMax} files and folders`);
    }
  }

  #look(path: string): void {
    const at = join(this.#root, path);
    const found = lstatSync(at, { bigint: true, throwIfNoEntry: false });
    if (found === undefined) return;
    if (found.isDirectory()) this.folders.push(path);
    else if (found.isFile()) this.#count(path, found);
    else if (found.isSymbolicLink()) this.#link(path, at);
    else this.#leaveOut(path, 'it is no file, folder or link');
  }

  #link(path: string, at: string): void {
    const target = targetOf(at);
    if (target === undefined) return;
    if (isLinkInside(path, target)) this.links.set(path, target);
    else this.#leaveOut(path, 'it is a link that leads out of the workspace');
  }

  #count(path: string, found: BigIntStats): void {
    const size = Number(found.size);
    this.#bytes += size;
    if (size > LIMITS.workspaceFileBytesMax)
      throw tooLarge(`${JSON.stringify(path)} of ${size} bytes, and a file may take ${LIMITS.workspaceFileBytesMax}`);
    if (this.#bytes > LIMITS.workspaceBytesMax) throw tooLarge(`more than ${LIMITS.workspaceBytesMax} bytes`);
    this.files.set(path, factsOf(found));
  }

  #leaveOut(path: string, why: string): void {
    this.leftOut.push({ path, why });
  }
}

export const factsOf = (found: BigIntStats): FileFacts => ({
  inode: found.ino,
  size: Number(found.size),
  modifiedAtNs: found.mtimeNs,
  changedAtNs: found.ctimeNs,
  executable: (found.mode & 0o111n) !== 0n,
});

export const tooLarge = (what: string): Fault =>
  new Fault(
    'workspace_too_large',
    `The files of this session cannot be kept: there is ${what}. They are again as they were before the call. ` +
      'Let the program keep less, or keep large things elsewhere.',
  );

/** A link may vanish between two looks. */
function targetOf(at: string): string | undefined {
  try {
    return readlinkSync(at);
  } catch {
    return undefined;
  }
}

/** A folder may vanish, or keep its names to itself. */
function ifAbsent(error: unknown): undefined {
  const code = codeOf(error);
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return undefined;
  throw error;
}

export const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);
