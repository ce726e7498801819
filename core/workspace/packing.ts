/**
 * From a folder to a manifest: files that have not changed keep their entries and are not even read; the bytes of the others go
 * into packs, unless the store has those bytes already. A pack that is mostly garbage is not counted as having them.
 */
import type { FileHandle } from 'node:fs/promises';
import { constants, open } from 'node:fs/promises';
import { join } from 'node:path';
import { LIMITS } from '../base/limits.ts';
import type { Entry, FileEntry, Manifest, Place, Tree } from './manifest.ts';
import { digestOf } from './manifest.ts';
import type { FileFacts, Survey } from './survey.ts';
import { codeOf, factsOf, millisecondsOf, tooLarge } from './survey.ts';

/** What is known of files since they were read or written last, by path. */
export type Index = Map<string, { readonly facts: FileFacts; readonly entry: FileEntry; readonly atMs: number }>;

/** The bytes that one save brings to the store. */
export class Packs {
  readonly sizes = new Map<string, number>();
  readonly #places = new Map<string, Place>();
  readonly #id: string;
  readonly #put: (pack: string, bytes: Uint8Array) => Promise<void>;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(id: string, put: (pack: string, bytes: Uint8Array) => Promise<void>) {
    this.#id = id;
    this.#put = put;
  }

  placeOf(digest: string): Place | undefined {
    return this.#places.get(digest);
  }

  async add(digest: string, bytes: Uint8Array): Promise<Place> {
    const place = { pack: `${this.#id}-${this.sizes.size}`, at: this.#bytes };
    this.#places.set(digest, place);
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes >= LIMITS.workspacePackBytes) await this.flush();
    return place;
  }

  /** Puts what is left. */
  async flush(): Promise<void> {
    if (this.#parts.length === 0) return;
    const pack = `${this.#id}-${this.sizes.size}`;
    const bytes = Buffer.concat(this.#parts);
    this.sizes.set(pack, this.#bytes);
    this.#parts = [];
    this.#bytes = 0;
    await this.#put(pack, bytes);
  }
}

export interface Packing {
  readonly root: string;
  readonly seen: Survey;
  readonly index: Index;
  /** What the store holds. */
  readonly stored: Manifest;
  readonly packs: Packs;
  readonly nowMs: number;
  /** Only files of this user are kept, where sessions have users of their own. */
  readonly user: number | undefined;
  readonly leaveOut: (path: string, why: string) => void;
}

/** The entries of a folder. Files that vanish meanwhile are not among them. */
export async function packed(packing: Packing): Promise<Tree> {
  const { seen, index, stored } = packing;
  const entries = new Map<string, Entry>();
  for (const path of seen.folders) entries.set(path, { kind: 'folder' });
  for (const [path, target] of seen.links) entries.set(path, { kind: 'link', target });
  const worthy = worthyPacks(stored, seen);
  const places = placesIn(stored, worthy);
  for (const [path, facts] of seen.files) {
    const entry = knownEntry(index, path, facts);
    const isKept = entry !== undefined && (worthy.has(entry.pack) || packing.packs.sizes.has(entry.pack));
    const made = isKept ? entry : await read(packing, path, places);
    if (made !== undefined) entries.set(path, made);
  }
  await packing.packs.flush();
  return entries;
}

/** Two changes within one tick of the clock look like one, so what changed just before it was read is read again. */
function knownEntry(index: Index, path: string, facts: FileFacts): FileEntry | undefined {
  const known = index.get(path);
  if (known === undefined) return undefined;
  const isSame = (Object.keys(facts) as (keyof FileFacts)[]).every(name => facts[name] === known.facts[name]);
  return isSame && millisecondsOf(facts.modifiedAtNs) < known.atMs - LIMITS.workspaceClockTickMs
    ? known.entry
    : undefined;
}

/** The packs of which at least half is still needed, as far as sizes tell. */
function worthyPacks({ packs, entries }: Manifest, { files }: Survey): ReadonlySet<string> {
  const live = new Map<string, number>();
  const counted = new Set<string>();
  for (const [path, entry] of entries) {
    if (entry.kind !== 'file' || files.get(path)?.size !== entry.size) continue;
    const { pack, at, size } = entry;
    if (!counted.has(`${pack} ${at}`)) live.set(pack, (live.get(pack) ?? 0) + size);
    counted.add(`${pack} ${at}`);
  }
  return new Set([...packs].filter(([name, size]) => 2 * (live.get(name) ?? 0) >= size).map(([name]) => name));
}

function placesIn({ entries }: Manifest, worthy: ReadonlySet<string>): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  for (const entry of entries.values())
    if (entry.kind === 'file' && worthy.has(entry.pack)) places.set(entry.digest, { pack: entry.pack, at: entry.at });
  return places;
}

async function read(
  { root, index, packs, nowMs, user, leaveOut }: Packing,
  path: string,
  places: ReadonlyMap<string, Place>,
): Promise<FileEntry | undefined> {
  const file = await openIn(root, path);
  if (file === 'unreadable') leaveOut(path, 'it may not be read');
  if (file === 'gone' || file === 'unreadable') return undefined;
  try {
    const found = await file.stat({ bigint: true });
    // In its place there may be something else by now.
    if (!found.isFile()) return undefined;
    if (user !== undefined && Number(found.uid) !== user) {
      leaveOut(path, 'it belongs to another user');
      return undefined;
    }
    const facts = factsOf(found);
    const bytes = await readBounded(file, facts.size, path);
    const digest = digestOf(bytes);
    const place = places.get(digest) ?? packs.placeOf(digest) ?? (await packs.add(digest, bytes));
    const { executable, modifiedAtNs } = facts;
    const modifiedAtMs = millisecondsOf(modifiedAtNs);
    const entry: FileEntry = { kind: 'file', digest, size: bytes.length, ...place, modifiedAtMs, executable };
    index.set(path, { facts, entry, atMs: nowMs });
    return entry;
  } finally {
    await file.close();
  }
}

/** Follows no link, and does not wait for a pipe. */
async function openIn(root: string, path: string): Promise<FileHandle | 'gone' | 'unreadable'> {
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  try {
    return await open(join(root, path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EACCES' || code === 'EPERM') return 'unreadable';
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENXIO') return 'gone';
    throw error;
  }
}

/** A file that grows while it is read is taken as it was. */
async function readBounded(file: FileHandle, size: number, path: string): Promise<Uint8Array> {
  if (size > LIMITS.workspaceFileBytesMax) throw tooLarge(`${JSON.stringify(path)} of ${size} bytes`);
  const bytes = Buffer.alloc(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await file.read(bytes, filled, size - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
