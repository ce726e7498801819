/**
 * Which names may stand in a workspace. Pure: nothing here looks at a file system.
 *
 * A path is relative, its parts are separated by `/`, and none of them leads anywhere but down. A link may lead up as far as the
 * workspace's own folder, and only at its beginning: further on, `..` could leave through another link.
 */
import { LIMITS } from '../base/limits.ts';

export function isSafePath(path: string): boolean {
  if (path === '' || Buffer.byteLength(path) > LIMITS.workspacePathBytesMax) return false;
  return path.split('/').every(isSafeName);
}

/** A name within a folder. Unpaired surrogates would not come back from UTF-8 as they went in. */
export const isSafeName = (name: string): boolean =>
  name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name) && name.isWellFormed();

/** `a`, `a/b` of `a/b/c`. */
export function parentsOf(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'));
}

/** Whether a symbolic link at that path stays in the workspace, through whatever other links it goes. */
export function isLinkInside(path: string, target: string): boolean {
  const parts = target.split('/');
  const ups = parts.findIndex(part => part !== '..');
  const down = ups === -1 ? [] : parts.slice(ups);
  const climbed = ups === -1 ? parts.length : ups;
  if (Buffer.byteLength(target) > LIMITS.workspacePathBytesMax || climbed > parentsOf(path).length) return false;
  return down.every(part => part === '.' || isSafeName(part));
}
