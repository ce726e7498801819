/**
 * Law 1 of the architecture: a file imports from lower layers and from its own folder; folders on one layer are strangers.
 *
 * The folders of `core/adapters` are strangers to one another as well. What is not in the table has no place, which is a
 * complaint of its own: a new folder is a decision.
 */
import { posix } from 'node:path';
import type { SourceFile } from './source.ts';
import { importsOf } from './source.ts';

const LAYERS: readonly (readonly string[])[] = [
  ['core/base'],
  ['core/protocol'],
  ['core/bridge', 'core/session', 'core/journal'],
  ['core/ports'],
  ['core/proxy', 'core/runner', 'core/gates', 'core/upstream', 'core/workspace'],
  ['core/http', 'core/adapters'],
  ['functions', 'bin', 'index.ts'],
];

/** The folder that counts as one neighbourhood: `core/proxy`, `core/adapters/sqlite`, `bin`. */
export function folderOf(path: string): string {
  const parts = path.split('/');
  if (parts[0] !== 'core') return parts[0] ?? path;
  return parts.slice(0, parts[1] === 'adapters' && parts.length > 3 ? 3 : 2).join('/');
}

const layerOf = (folder: string): number =>
  LAYERS.findIndex(names => names.some(name => folder === name || folder.startsWith(`${name}/`)));

/** Complaints about the imports of a file in `core`, `bin`, `functions` or the public surface. */
export function layerComplaints(file: SourceFile): readonly string[] {
  const folder = folderOf(file.path);
  const layer = layerOf(folder);
  if (layer === -1) return [`${file.path}: ${folder} is on no layer`];
  return importsOf(file.text)
    .filter(({ specifier }) => specifier.startsWith('.'))
    .flatMap(({ specifier }) => {
      if (!/\.(ts|json)$/.test(specifier)) return [`${file.path}: '${specifier}' does not end in .ts`];
      const target = folderOf(posix.join(posix.dirname(file.path), specifier));
      const isRoot = layer === LAYERS.length - 1;
      if (target === folder || (isRoot && layerOf(target) <= layer)) return [];
      const targetLayer = layerOf(target);
      if (targetLayer === -1) return [`${file.path}: imports ${specifier}, which is on no layer`];
      return targetLayer < layer ? [] : [`${file.path}: ${folder} must not know ${target} (${specifier})`];
    });
}
