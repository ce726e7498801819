/**
 * Two calls of one session may have saved files in different processes: what one of them changed is brought into what the other
 * saved meanwhile. Pure.
 *
 * Path by path the later change counts; a file that one side deleted and the other changed stays.
 */
import type { Entry, Tree } from './manifest.ts';
import { isSameEntry } from './manifest.ts';
import { parentsOf } from './paths.ts';

/** `theirs` with what `ours` changed since `base`. */
export function merged(base: Tree, ours: Tree, theirs: Tree): Tree {
  const entries = new Map(theirs);
  for (const [path, entry] of base) if (!ours.has(path) && isSameEntry(entry, entries.get(path))) entries.delete(path);
  for (const [path, entry] of ours) if (!isSameEntry(entry, base.get(path))) put(entries, path, entry);
  // What the other side keeps needs its folders, whoever deleted them.
  for (const path of [...entries.keys()]) for (const parent of parentsOf(path)) entries.set(parent, { kind: 'folder' });
  return entries;
}

/** Puts an entry in the place of whatever is in its way. */
function put(entries: Map<string, Entry>, path: string, entry: Entry): void {
  for (const parent of parentsOf(path))
    if (entries.get(parent)?.kind !== 'folder') entries.set(parent, { kind: 'folder' });
  if (entry.kind !== 'folder')
    for (const other of entries.keys()) if (other.startsWith(`${path}/`)) entries.delete(other);
  entries.set(path, entry);
}
