/**
 * Programs that tests start as processes, built once before the tests run, dependencies and all: a start takes a fifth of what it
 * takes when `tsx` translates some hundred files and Node looks for as many more each time.
 *
 * The folder lies as deep as `dist/bin`, so that the product finds its manifest. That sources run with `tsx` as well is shown by
 * `test/bin/from-source.test.ts`, and that the package does by `scripts/packaging.ts`.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = join(ROOT, '.cache/built');

/** What of a dependency is CommonJS may still ask for built-in modules by `require`. */
const REQUIRE =
  "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);";

const SOURCES = {
  fermata: 'bin/fermata.ts',
  'embedded-key-ring': 'core/adapters/crypto/embedded-key-ring.ts',
  'expense-tracker': 'examples/expense-tracker/stdio.ts',
  'kill-program': 'test/scenarios/kill/program.ts',
  'sqlite-child': 'test/adapters/sqlite/child.ts',
  'stdio-owner': 'test/support/servers/stdio-owner.ts',
  'stdio-v1': 'test/support/servers/stdio-v1.ts',
  'v1-divergent': 'test/support/servers/v1-divergent.ts',
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
    // One is native, the other brings a compiler of its own.
    external: ['libsql', 'tsx'],
    banner: { js: REQUIRE },
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
