/** Removes a tree, whatever rights its folders were left with. Follows no link. */
import { chmod, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch {
    await unlock(path);
    await rm(path, { recursive: true, force: true });
  }
}

async function unlock(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  for (const found of await readdir(folder, { withFileTypes: true }))
    if (found.isDirectory()) await unlock(join(folder, found.name));
}
