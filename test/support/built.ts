/**
 * Programs that tests start as processes, built once before the tests run, dependencies and all: a start takes a fifth of what it
 * takes when `tsx` translates some hundred files and Node looks for as many more each time.
 *
 * The folder lies as deep as `dist/bin`, so that the product finds its manifest. That sources run with `tsx` as well is shown by
 * `test/bin/from-source.test.ts`, and that the package does by `scripts/packaging.ts`.
 */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = join(ROOT, '.cache/built');

/** What of a dependency is CommonJS may still ask for built-in modules by `require`. */
const REQUIRE =
  "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);";

/** The folder of servers for tests, whole, and others by their files. */
const SERVERS = 'test/support/servers';
const OTHERS = {
  fermata: 'bin/fermata.ts',
  'approval.config': 'examples/approval/fermata.config.ts',
  'embedded-key-ring': 'core/adapters/crypto/embedded-key-ring.ts',
  'expense-tracker': 'examples/expense-tracker/stdio.ts',
  'kill-program': 'test/scenarios/kill/program.ts',
  'sqlite-child': 'test/adapters/sqlite/child.ts',
  'steps-program': 'test/scenarios/steps/program.ts',
};

/** By name, without `.mjs`. */
const SOURCES: Readonly<Record<string, string>> = {
  ...OTHERS,
  ...Object.fromEntries(
    readdirSync(join(ROOT, SERVERS)).flatMap(file =>
      file.endsWith('.ts') ? [[basename(file, '.ts'), `${SERVERS}/${file}`]] : [],
    ),
  ),
};

/** The file of one, to be given to Node. */
export function built(name: string): string {
  if (!(name in SOURCES)) throw new Error(`${name} is not built. Name its source in test/support/built.ts.`);
  return join(FOLDER, `${name}.mjs`);
}

/** The same words with every source that is built replaced by its file. */
export const withBuilt = (words: readonly string[]): readonly string[] =>
  words.map(word => {
    const source = relative(ROOT, resolve(ROOT, word));
    const [name] = Object.entries(SOURCES).find(entry => entry[1] === source) ?? [];
    return name === undefined ? word : built(name);
  });

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
