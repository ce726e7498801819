/**
 * Servers under measure, compiled to JavaScript as the package is. Under `tsx` every function of ours would be given its name anew each
 * time it is made, which is no cost of the package, and none that the SDK beside it has.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SERVERS = join(ROOT, 'bench/servers');
/** As deep as `dist/bin`, so that the product finds its manifest. */
const FOLDER = join(ROOT, '.cache/bench');

let compiling: Promise<unknown> | undefined;

/** The file of a server of `bench/servers`, to be given to Node. All are compiled when the first is asked for. */
export async function compiled(name: string): Promise<string> {
  compiling ??= build({
    entryPoints: readdirSync(SERVERS).map(file => join(SERVERS, file)),
    outdir: FOLDER,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'error',
  });
  await compiling;
  return join(FOLDER, `${name}.mjs`);
}
