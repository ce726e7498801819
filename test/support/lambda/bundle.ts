/** Functions as they are deployed: one file of JavaScript each, in a folder that is thrown away. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** What of a bundle is CommonJS may still ask for built-in modules by `require`. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

export interface Bundled extends Disposable {
  /** The task root of functions: `name.handler` is a handler in it. */
  readonly folder: string;
  /** Bytes of each file, by name. */
  readonly sizes: Readonly<Record<string, number>>;
}

/** Bundles source files, given by name and path from the project's folder. */
export async function bundle(sources: Readonly<Record<string, string>>): Promise<Bundled> {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-functions-'));
  const key = JSON.stringify(sources);
  const building = made.get(key) ?? built(sources);
  made.set(key, building);
  const files = await building;
  for (const [name, contents] of Object.entries(files)) writeFileSync(join(folder, `${name}.mjs`), contents);
  return {
    folder,
    sizes: Object.fromEntries(Object.entries(files).map(([name, { length }]) => [name, length])),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** It takes seconds, and one file of tests makes several deployments of the same sources. */
const made = new Map<string, Promise<Readonly<Record<string, Uint8Array>>>>();

/** The contents of the bundles by name. */
async function built(sources: Readonly<Record<string, string>>): Promise<Readonly<Record<string, Uint8Array>>> {
  const entryPoints = Object.entries(sources).map(([out, source]) => ({ in: join(ROOT, source), out }));
  const { default: plugins } = await import(pathToFileURL(join(ROOT, 'infra/bundler-plugins.mjs')).href);
  const { outputFiles } = await build({
    entryPoints,
    outdir: ROOT,
    write: false,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // As SST bundles: modules rather than CommonJS, of which nothing can be left out.
    mainFields: ['module', 'main'],
    plugins,
    banner: { js: REQUIRE },
    logLevel: 'error',
    absWorkingDir: ROOT,
  });
  return Object.fromEntries(outputFiles.map(({ path, contents }) => [basename(path, '.mjs'), contents]));
}
