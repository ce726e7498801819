/**
 * Bundles as SST's command does: the configuration with SST's globals in front of every file of ours, and functions as they are
 * uploaded. It follows `pkg/js/js.go`, `pkg/project/run.go` and `pkg/runtime/node/build.go` of SST 4.
 */
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BuildOptions, Plugin } from 'esbuild';
import { build } from 'esbuild';
import { askedPlugins } from './asked-plugins.ts';
import type { Platform } from './platform.ts';

const BANNER = [
  "import { createRequire as topLevelCreateRequire } from 'module';",
  'const require = topLevelCreateRequire(import.meta.url);',
  'import { fileURLToPath as topLevelFileUrlToPath, URL as topLevelURL } from "url"',
  'const __filename = topLevelFileUrlToPath(import.meta.url)',
  'const __dirname = topLevelFileUrlToPath(new topLevelURL(".", import.meta.url))',
].join('\n');

const LEFT_OUT = [
  '@pulumi/*',
  'undici',
  '@pulumiverse/*',
  '@sst-provider/*',
  '@aws-sdk/*',
  'esbuild',
  'archiver',
  'glob',
  'vite',
];

export interface ConfigBundle {
  readonly root: string;
  readonly platform: Platform;
  readonly code: string;
  readonly define?: Record<string, string>;
  readonly inject?: readonly string[];
  readonly globals?: string;
  /** Texts that stand for files, by path from the root. */
  readonly instead?: Readonly<Record<string, string>>;
}

/** What the bundle of some code of the configuration exports. */
export async function runConfig({ root, platform, ...options }: ConfigBundle): Promise<Record<string, unknown>> {
  const outfile = join(platform.folder, `check.${process.pid}.${performance.now()}.mjs`);
  await build({
    // With SST's globals comes a `$config` of theirs.
    banner: { js: options.globals === undefined ? `${BANNER}\nfunction $config(input) { return input }` : BANNER },
    mainFields: ['module', 'main'],
    format: 'esm',
    platform: 'node',
    bundle: true,
    stdin: { contents: options.code, resolveDir: root, sourcefile: 'eval.ts', loader: 'ts' },
    outfile,
    define: options.define ?? {},
    inject: [...(options.inject ?? [])],
    nodePaths: [join(platform.folder, 'node_modules')],
    external: LEFT_OUT,
    logLevel: 'silent',
    plugins: [withGlobals(root, options.globals ?? '', options.instead ?? {})],
  });
  try {
    return await import(pathToFileURL(outfile).href);
  } finally {
    await rm(outfile);
  }
}

const withGlobals = (root: string, globals: string, instead: Readonly<Record<string, string>>): Plugin => ({
  name: 'globals',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /./ }, ({ importer, kind }) =>
      globals === '' && importer === join(root, 'sst.config.ts') && kind === 'import-statement'
        ? { errors: [{ text: 'SST allows no import at the top of sst.config.ts.' }] }
        : undefined,
    );
    onLoad({ filter: /\.(js|ts)$/ }, async ({ path }) => {
      if (path.includes('.sst')) return undefined;
      const text = instead[path.slice(root.length + 1)] ?? (await readFile(path, 'utf8'));
      return { contents: `${globals}\n${text}`, loader: path.endsWith('.ts') ? 'ts' : 'js' };
    });
  },
});

/** What SST asks its command to build. */
export interface FunctionBuild {
  readonly handler: string;
  readonly properties: { readonly minify?: boolean; readonly plugins?: string; readonly esbuild?: BuildOptions };
}

export interface BuiltFunction {
  readonly handler: string;
  readonly errors: readonly string[];
  readonly bytes: number;
}

/** Bundles a function into a folder. Errors are told, not thrown: so does SST's command. */
export async function buildFunction(root: string, out: string, wanted: FunctionBuild): Promise<BuiltFunction> {
  const dot = wanted.handler.lastIndexOf('.');
  const handler = `bundle${wanted.handler.slice(dot)}`;
  const entry = ['.ts', '.mts', '.js', '.mjs']
    .map(end => join(root, wanted.handler.slice(0, dot) + end))
    .find(existsSync);
  if (entry === undefined)
    return { handler, errors: [`There is no file for the handler ${wanted.handler}.`], bytes: 0 };
  try {
    const file = wanted.properties.plugins;
    const plugins = file === undefined ? [] : [askedPlugins(root, file)];
    const { metafile } = await build({
      ...wanted.properties.esbuild,
      plugins,
      entryPoints: [entry],
      platform: 'node',
      format: 'esm',
      target: 'es2024',
      mainFields: ['module', 'main'],
      bundle: true,
      keepNames: wanted.properties.esbuild?.keepNames ?? true,
      minify: wanted.properties.minify ?? false,
      sourcemap: 'linked',
      metafile: true,
      outfile: join(out, 'bundle.mjs'),
      banner: { js: BANNER },
      logLevel: 'silent',
    });
    const bytes = Object.entries(metafile.outputs).find(([name]) => name.endsWith('.mjs'))?.[1].bytes ?? 0;
    return { handler, errors: [], bytes };
  } catch (thrown) {
    return { handler, errors: [thrown instanceof Error ? thrown.message : String(thrown)], bytes: 0 };
  }
}
