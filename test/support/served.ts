/** An app on a real loopback socket, for as long as a test needs it. */
import type { Served } from '../../core/http/serve.ts';
import { serveHttp } from '../../core/http/serve.ts';

export interface ServedApp extends AsyncDisposable {
  readonly url: string;
}

export async function served(app: { fetch(request: Request): Response | Promise<Response> }): Promise<ServedApp> {
  const server: Served = await serveHttp({ app, host: '127.0.0.1', port: 0 });
  return { url: `${server.url}/mcp`, [Symbol.asyncDispose]: () => server.close(0) };
}
