/**
 * What a workspace holds, entry by entry, and its form as the text of a snapshot. Pure.
 *
 * A text is believed only if its digest is right and everything in it is as we write it: paths that stay inside, parents that are
 * folders, places within packs. Whatever else comes out of a store is damage, and never reaches the file system.
 */
import { createHash } from 'node:crypto';
import { parsedJson } from '../protocol/json.ts';
import { isObject } from '../protocol/messages.ts';
import { isLinkInside, isSafePath, parentsOf } from './paths.ts';

/** Where a file's bytes are. */
export interface Place {
  readonly pack: string;
  readonly at: number;
}

export interface FileEntry extends Place {
  readonly kind: 'file';
  /** SHA-256 of the bytes, base64url. */
  readonly digest: string;
  readonly size: number;
  readonly modifiedAtMs: number;
  readonly executable: boolean;
}

export type Entry =
  | FileEntry
  | { readonly kind: 'folder' }
  /** A symbolic link that stays inside. */
  | { readonly kind: 'link'; readonly target: string };

export interface Manifest {
  /** Tells one save from every other. */
  readonly id: string;
  readonly savedAtMs: number;
  /** By path, with `/` between its parts. */
  readonly entries: Tree;
  /** The packs that entries name, and their sizes. */
  readonly packs: ReadonlyMap<string, number>;
  /** Packs that only the snapshot before this one needs. */
  readonly stale: readonly string[];
}

export const EMPTY: Manifest = { id: '', savedAtMs: 0, entries: new Map(), packs: new Map(), stale: [] };

export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64url');

/** Whether two entries are the same to a program: where the bytes are does not matter. */
export function isSameEntry(a: Entry | undefined, b: Entry | undefined): boolean {
  if (a === undefined || b === undefined || a.kind !== b.kind) return a === b;
  if (a.kind === 'link') return b.kind === 'link' && a.target === b.target;
  if (a.kind === 'folder' || b.kind !== 'file') return a.kind === b.kind;
  const apartMs = Math.abs(a.modifiedAtMs - b.modifiedAtMs);
  // File systems take times as fractions, and give them back rounded.
  return a.digest === b.digest && a.executable === b.executable && apartMs <= 1;
}

export type Tree = ReadonlyMap<string, Entry>;

export const isSameTree = (a: Tree, b: Tree): boolean =>
  a.size === b.size && [...a].every(([path, entry]) => isSameEntry(entry, b.get(path)));

const FORM = 1;

export function encodeManifest({ id, savedAtMs, entries, packs, stale }: Manifest): string {
  const names = [...packs.keys()];
  const numbers = new Map(names.map((name, number) => [name, number]));
  const files: unknown[] = [];
  const folders: string[] = [];
  const links: unknown[] = [];
  for (const [path, entry] of entries) {
    if (entry.kind === 'folder') folders.push(path);
    else if (entry.kind === 'link') links.push([path, entry.target]);
    else {
      const { digest, size, pack, at, modifiedAtMs, executable } = entry;
      files.push([path, digest, size, numbers.get(pack), at, modifiedAtMs, executable ? 1 : 0]);
    }
  }
  const body = JSON.stringify({ form: FORM, id, savedAtMs, packs: [...packs], stale, folders, links, files });
  return `${digestOf(Buffer.from(body))}\n${body}`;
}

/** The manifest of a text; `undefined` for one that we cannot have written. */
export function decodeManifest(text: string): Manifest | undefined {
  const end = text.indexOf('\n');
  const body = text.slice(end + 1);
  if (end === -1 || digestOf(Buffer.from(body)) !== text.slice(0, end)) return undefined;
  const record = recordIn(body);
  if (record?.form !== FORM || typeof record.id !== 'string' || !isCount(record.savedAtMs)) return undefined;
  const stale = listIn(record.stale).filter(name => typeof name === 'string');
  const packs = new Map<string, number>();
  for (const [name, size] of rowsIn(record.packs)) if (typeof name === 'string' && isCount(size)) packs.set(name, size);
  const entries = new Map<string, Entry>();
  const all: readonly (readonly [unknown, Entry | undefined])[] = [
    ...listIn(record.folders).map(path => [path, { kind: 'folder' }] as const),
    ...rowsIn(record.links).map(([path, target]) => [path, linkAt(path, target)] as const),
    ...rowsIn(record.files).map(([path, ...facts]) => [path, fileOf(facts, [...packs])] as const),
  ];
  for (const [path, entry] of all) {
    if (typeof path !== 'string' || !isSafePath(path) || entry === undefined || entries.has(path)) return undefined;
    entries.set(path, entry);
  }
  for (const path of entries.keys())
    if (parentsOf(path).some(parent => entries.get(parent)?.kind !== 'folder')) return undefined;
  return { id: record.id, savedAtMs: record.savedAtMs, entries, packs, stale };
}

const linkAt = (path: unknown, target: unknown): Entry | undefined =>
  typeof path === 'string' && typeof target === 'string' && isLinkInside(path, target)
    ? { kind: 'link', target }
    : undefined;

function fileOf(facts: readonly unknown[], packs: readonly (readonly [string, number])[]): Entry | undefined {
  const [digest, size, number, at, modifiedAtMs, executable] = facts;
  const pack = typeof number === 'number' ? packs[number] : undefined;
  if (typeof digest !== 'string' || pack === undefined) return undefined;
  if (!isCount(size) || !isCount(at) || !isCount(modifiedAtMs) || at + size > pack[1]) return undefined;
  return { kind: 'file', digest, size, pack: pack[0], at, modifiedAtMs, executable: executable === 1 };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const rowsIn = (value: unknown): readonly (readonly unknown[])[] => listIn(value).filter(row => Array.isArray(row));

function recordIn(body: string): Readonly<Record<string, unknown>> | undefined {
  const value = parsedJson(body);
  return isObject(value) ? value : undefined;
}
