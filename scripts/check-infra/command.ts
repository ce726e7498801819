/**
 * Stands for SST's command, which answers its components over HTTP while they make resources: it builds functions, and knows the
 * buckets that SST keeps in an account.
 */
import { createServer } from 'node:http';
import { join } from 'node:path';
import type { FunctionBuild } from './bundler.ts';
import { buildFunction } from './bundler.ts';

interface Call {
  readonly method: string;
  readonly params: readonly [FunctionBuild & { readonly functionID: string }];
}

export interface Command {
  readonly url: string;
  /** Bytes of each function's bundle, by the function's name. */
  readonly sizes: ReadonlyMap<string, number>;
  close(): void;
}

const BOOTSTRAP = {
  asset: 'sst-asset',
  state: 'sst-state',
  assetEcrUrl: 'sst-asset-images',
  assetEcrRegistryId: '1',
  appsyncHttp: '',
  appsyncRealtime: '',
};

/** `work` is where bundles go. */
export async function startCommand(root: string, work: string): Promise<Command> {
  const sizes = new Map<string, number>();
  const answer = async ({ method, params: [params] }: Call): Promise<unknown> => {
    if (method === 'Provider.Aws.Bootstrap') return BOOTSTRAP;
    if (method !== 'Runtime.Build') throw new Error(`rpc: can't find ${method}`);
    const out = join(work, 'bundles', params.functionID);
    const { handler, errors, bytes } = await buildFunction(root, out, params);
    sizes.set(params.functionID, bytes);
    return { handler, out, errors, sourcemaps: [join(out, 'bundle.mjs.map')] };
  };
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const result = await answer(JSON.parse(body)).then(
      value => ({ result: value }),
      thrown => ({ error: thrown instanceof Error ? thrown.message : String(thrown) }),
    );
    response.end(JSON.stringify(result));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, sizes, close: () => server.close() };
}
