/** Functions as they are deployed: one file of JavaScript each, in a folder that is thrown away. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  const entryPoints = Object.entries(sources).map(([out, source]) => ({ in: join(ROOT, source), out }));
  const { default: plugins } = await import(pathToFileURL(join(ROOT, 'infra/bundler-plugins.mjs')).href);
  const { metafile } = await build({
    entryPoints,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    metafile: true,
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
  const sizes = Object.values(metafile.outputs).map(({ entryPoint, bytes }) => [
    Object.keys(sources).find(name => sources[name] === entryPoint) ?? '',
    bytes,
  ]);
  return {
    folder,
    sizes: Object.fromEntries(sizes),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
