/**
 * Programs that tests start as processes, built once before the tests run: a start takes a third of what it takes when `tsx`
 * translates some hundred files each time.
 *
 * Dependencies stay outside of the files, as in the package, and so do the places where the product looks for its manifest: the
 * folder lies as deep as `dist/bin`. Whether sources run with `tsx` as well is shown by `test/bin/from-source.test.ts`.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = join(ROOT, '.cache/built');

const SOURCES = {
  fermata: 'bin/fermata.ts',
  'embedded-key-ring': 'core/adapters/crypto/embedded-key-ring.ts',
  'expense-tracker': 'examples/expense-tracker/stdio.ts',
  'kill-program': 'test/scenarios/kill/program.ts',
  'sqlite-child': 'test/adapters/sqlite/child.ts',
  'stdio-owner': 'test/support/servers/stdio-owner.ts',
  'stdio-v1': 'test/support/servers/stdio-v1.ts',
} as const;

/** The file of one, to be given to Node. */
export const built = (name: keyof typeof SOURCES): string => join(FOLDER, `${name}.mjs`);

/** Vitest calls this before the first test; scripts that start the same processes call it themselves. */
export async function setup(): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: Object.entries(SOURCES).map(([out, source]) => ({ in: join(ROOT, source), out })),
    outdir: FOLDER,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    format: 'esm',
    write: false,
    logLevel: 'error',
    absWorkingDir: ROOT,
  });
  await mkdir(FOLDER, { recursive: true });
  await Promise.all(outputFiles.map(({ path, contents }) => put(path, contents)));
}

/** As a whole, and only if it is another: somebody else may be running it. */
async function put(path: string, contents: Uint8Array): Promise<void> {
  if (existsSync(path) && (await readFile(path)).equals(contents)) return;
  const unfinished = join(FOLDER, `.${process.pid}-${basename(path)}`);
  await writeFile(unfinished, contents);
  await rename(unfinished, path);
}
