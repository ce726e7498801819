/**
 * A factory of SDK v2 as a `StatelessServer`: called as 2026-07-28, in process, without replay.
 *
 * For handlers that return `inputRequired(…)`: their `requestState` passes through, and nothing of ours is put in between. The SDK
 * serves modern requests over `fetch` only, so each call is a `Request` and a `Response` that never leave the process. Change
 * notifications that one call sends reach the `subscriptions/listen` streams of others, as they would under a running server.
 */
import type { McpHttpHandler, McpRequestContext } from '@modelcontextprotocol/server';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { Fault } from '../../base/errors.ts';
import type { CallContext, StatelessServer } from '../../ports/stateless-server.ts';
import type { ModernRequest } from '../../protocol/envelope.ts';
import { standardHeaders } from '../../protocol/headers.ts';
import type { RpcNotification, RpcResponse } from '../../protocol/messages.ts';
import { isErrorResponse, isNotification, isObject, isResponse } from '../../protocol/messages.ts';
import { decodeSse } from '../../protocol/sse-decode.ts';
import type { ProtocolServer, ServerFactory } from './built-server.ts';
import { build } from './built-server.ts';
import { plainJson } from './plain-json.ts';
import { nameOf } from './program.ts';

export interface ModernServerOptions {
  /** For people; the factory's own name by default. */
  readonly name?: string;
}

export function modernServer(factory: ServerFactory, options: ModernServerOptions = {}): StatelessServer {
  const name = options.name ?? nameOf(factory);
  /** Why a request could not be served: the SDK itself answers only "Internal server error". */
  const faults = new WeakMap<Request, Fault>();

  const built = async ({ requestInfo }: McpRequestContext): Promise<never> => {
    try {
      const { generation, protocol } = await build(factory, name, 'modern');
      if (generation !== 'v2') throw notModern(name);
      publishThrough(handler, protocol);
      // The protocol object itself: our copy of the SDK would not recognise the `McpServer` of another copy.
      return protocol as unknown as never;
    } catch (error) {
      if (requestInfo !== undefined && error instanceof Fault) faults.set(requestInfo, error);
      throw error;
    }
  };
  const handler: McpHttpHandler = createMcpHandler(built, { legacy: 'reject', keepAliveMs: 0 });

  return async function* (request, call) {
    const over = new AbortController();
    const signal = AbortSignal.any([call.signal, over.signal]);
    const http = new Request('http://in.process/mcp', { method: 'POST', headers: standardHeaders(request), signal });
    try {
      const response = await handler.fetch(http, { parsedBody: plainJson(request) });
      const fault = faults.get(http);
      if (fault !== undefined) throw fault;
      yield* messagesOf(response, request, call, name);
    } catch (error) {
      if (!call.signal.aborted) throw error;
    } finally {
      // Also where the caller stopped reading: the handler's signal is aborted, and its stream closed.
      over.abort();
    }
  };
}

const notModern = (name: string): Fault =>
  new Fault(
    'program_unstartable',
    `${name} is built with SDK v1, which cannot return input_required. Use the style "await" or "auto" for it, or SDK v2.`,
  );

async function* messagesOf(
  response: Response,
  request: ModernRequest,
  call: CallContext,
  name: string,
): AsyncGenerator<RpcNotification | RpcResponse, void, undefined> {
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  if (!isStream || response.body === null) {
    yield ownResponse(await response.json().catch(() => undefined), request, name);
    return;
  }
  for await (const { data } of decodeSse(response.body.pipeThrough(new TextDecoderStream()))) {
    if (data === '') continue;
    const message: unknown = JSON.parse(data);
    if (isNotification(message)) yield message;
    else {
      yield ownResponse(message, request, name);
      return;
    }
  }
  if (!call.signal.aborted) throw new Fault('program_crashed', `${name} ended its answer before it was complete.`);
}

/** The response with the request's id: an error that the SDK raised before it read the request has none. */
function ownResponse(message: unknown, request: ModernRequest, name: string): RpcResponse {
  const response = isObject(message) && message.id === null ? { ...message, id: request.id } : message;
  if (isResponse(response) && (isErrorResponse(response) || response.id === request.id)) return response;
  throw new Fault('program_crashed', `${name} answered with something that is no response to the request.`, {
    detail: JSON.stringify(message)?.slice(0, 500) ?? 'nothing',
  });
}

/** Lets what a server says about its lists and resources reach every open subscription of this process. */
function publishThrough({ notify }: McpHttpHandler, protocol: ProtocolServer): void {
  Object.assign(protocol, {
    sendToolListChanged: async () => notify.toolsChanged(),
    sendPromptListChanged: async () => notify.promptsChanged(),
    sendResourceListChanged: async () => notify.resourcesChanged(),
    sendResourceUpdated: async ({ uri }: { uri: string }) => notify.resourceUpdated(uri),
  });
}
