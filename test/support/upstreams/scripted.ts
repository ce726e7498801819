/**
 * A small stateless server of 2026-07-28, written by hand: the upstream of the proxy's own tests. A tool is a function of the
 * request; it yields notifications and returns a result, `input_required` included.
 */
import { anonymous } from '../../../core/http/authenticator.ts';
import { statelessApp } from '../../../core/http/stateless-app.ts';
import type { CallContext, StatelessServer } from '../../../core/ports/stateless-server.ts';
import type { ModernRequest } from '../../../core/protocol/envelope.ts';
import type { RpcNotification } from '../../../core/protocol/messages.ts';
import { served } from '../served.ts';

type Result = Record<string, unknown>;
export type Tool = (request: ModernRequest, call: CallContext) => AsyncGenerator<RpcNotification, Result>;

export interface ScriptedUpstream {
  readonly server: StatelessServer;
  /** Every request that reached it, in order. */
  readonly requests: ModernRequest[];
}

/** `others` answer methods that are no tools, and come before what this server says by itself. */
export function scriptedUpstream(tools: Record<string, Tool>, others: Record<string, Tool> = {}): ScriptedUpstream {
  const requests: ModernRequest[] = [];
  const server: StatelessServer = async function* (request, call) {
    requests.push(request);
    const { id, method, params } = request;
    const respond = (result: Result) =>
      ({ jsonrpc: '2.0', id, result: { resultType: 'complete', ...result } }) as const;
    const other = others[method];
    if (other !== undefined) yield respond(yield* other(request, call));
    else if (method === 'server/discover') {
      yield respond({
        supportedVersions: ['2026-07-28'],
        capabilities: { tools: { listChanged: true }, logging: {} },
        ttlMs: 0,
        cacheScope: 'private',
        _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'scripted', version: '1.0.0' } },
      });
    } else if (method === 'tools/list') {
      yield respond({
        tools: Object.keys(tools).map(name => ({
          name,
          inputSchema: { type: 'object' },
          ...(name.startsWith('safe_') ? { annotations: { idempotentHint: true } } : {}),
        })),
        ttlMs: 0,
        cacheScope: 'private',
      });
    } else if (method === 'tools/call') {
      const tool = tools[String(params.name)];
      if (tool === undefined) yield { jsonrpc: '2.0', id, error: { code: -32602, message: 'Unknown tool' } };
      else yield respond(yield* tool(request, call));
    } else {
      yield { jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } };
    }
  };
  return { server, requests };
}

export const text = (words: string): Result => ({ content: [{ type: 'text', text: words }] });

export const progress = (request: ModernRequest, value: number, total?: number): RpcNotification => ({
  jsonrpc: '2.0',
  method: 'notifications/progress',
  params: {
    progressToken: request.params._meta.progressToken ?? 0,
    progress: value,
    ...(total === undefined ? {} : { total }),
  },
});

/** One form question under a key. */
export const question = (message: string) => ({
  method: 'elicitation/create',
  params: { message, requestedSchema: { type: 'object', properties: { value: { type: 'string' } } } },
});

/** The same server at a URL of its own, with the headers of every request that came. */
export async function scriptedOverHttp(tools: Record<string, Tool>, others: Record<string, Tool> = {}) {
  const { server, requests } = scriptedUpstream(tools, others);
  const app = statelessApp({ upstream: server, authenticate: anonymous(), observer: () => {} });
  const headers: Record<string, string>[] = [];
  const there = await served({
    fetch: request => {
      headers.push(Object.fromEntries(request.headers));
      return app.fetch(request);
    },
  });
  const calls = () => requests.filter(({ method }) => method === 'tools/call');
  return { url: there.url, requests, headers, calls, [Symbol.asyncDispose]: () => there[Symbol.asyncDispose]() };
}
