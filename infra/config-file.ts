/**
 * The configuration of gates and sessions, put beside the code of proxy and driver as a file: all variables of a function share
 * 4 KB, and it may be longer.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { CONFIG_FILE } from './plan.ts';
import type { Paths } from './upstream-entry.ts';

/** A file to put beside a function's code: where it is, from the root, and its name there. */
export interface Beside {
  readonly from: string;
  readonly to: string;
}

export function configBeside({ root, work }: Paths, json: string | undefined): readonly Beside[] {
  if (json === undefined) return [];
  const folder = join(work, 'fermata');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, CONFIG_FILE);
  writeFileSync(file, json);
  return [{ from: relative(root, file), to: CONFIG_FILE }];
}
