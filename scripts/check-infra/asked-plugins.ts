/**
 * Plugins of esbuild as SST runs them: not handed to esbuild, but asked in a process of SST's own, with a line of JSON for every path.
 * Its side stands in SST's platform (`functions/nodejs-runtime/plugin.mjs`); this is the side of its command (`pkg/runtime/node/plugin.go`).
 */
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Loader, OnLoadResult, OnResolveResult, Plugin } from 'esbuild';

interface Reply {
  readonly path?: string;
  readonly namespace?: string;
  readonly contents?: string;
  readonly loader?: Loader;
}

/** `file` exports the plugins. */
export const askedPlugins = (root: string, file: string): Plugin => ({
  name: 'nodejs-plugin',
  setup({ onResolve, onLoad, onDispose }) {
    const asked = join(root, '.sst/platform/functions/nodejs-runtime/plugin.mjs');
    const child = spawn(process.execPath, ['--no-warnings', asked, resolve(root, file)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const waiting = new Map<number, (reply: Reply) => void>();
    createInterface({ input: child.stdout }).on('line', line => {
      const { id, value }: { id: number; value: Reply } = JSON.parse(line);
      waiting.get(id)?.(value);
      waiting.delete(id);
    });
    let last = 0;
    const ask = (command: 'resolve' | 'load', value: object): Promise<Reply> => {
      const id = last++;
      child.stdin.write(`${JSON.stringify({ id, command, value })}\n`);
      return new Promise(done => waiting.set(id, done));
    };
    onResolve({ filter: /.*/ }, async ({ path, importer, namespace, resolveDir, kind }): Promise<OnResolveResult> => {
      const reply = await ask('resolve', { path, importer, namespace, resolveDir, kind });
      return { ...(reply.path && { path: reply.path }), ...(reply.namespace && { namespace: reply.namespace }) };
    });
    onLoad({ filter: /.*/ }, async ({ path, namespace, suffix }): Promise<OnLoadResult | undefined> => {
      const { contents, loader } = await ask('load', { path, namespace, suffix });
      return contents === undefined ? undefined : { contents, ...(loader && { loader }) };
    });
    onDispose(() => child.stdin.end());
  },
});
