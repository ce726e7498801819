/**
 * A factory of SDK v2 as a `StatelessServer`: called as 2026-07-28, in process, without replay.
 *
 * For handlers that return `inputRequired(…)`: their `requestState` passes through, and nothing of ours is put in between. The SDK
 * serves modern requests over `fetch` only, so each call is a `Request` and a `Response` that never leave the process. Changes
 * that one call reports reach the `subscriptions/listen` streams of others, as they would under a running server; where somebody else
 * (`tells`) knows who listens, through them.
 */
import type { McpHttpHandler, McpRequestContext } from '@modelcontextprotocol/server';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { Fault } from '../../base/errors.ts';
import type { Tells } from '../../ports/feed.ts';
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
  readonly tells?: Tells | undefined;
}

/** One request in the course of being served. */
interface Serving {
  readonly principal: string;
  /** Why it could not be served: the SDK itself answers only "Internal server error". */
  fault?: Fault;
  /** Changes that it reported, on their way. */
  readonly telling: Promise<void>[];
}

export function modernServer(factory: ServerFactory, options: ModernServerOptions = {}): StatelessServer {
  const name = options.name ?? nameOf(factory);
  const { tells } = options;
  const servings = new WeakMap<Request, Serving>();

  const built = async ({ requestInfo }: McpRequestContext): Promise<never> => {
    const serving = requestInfo === undefined ? undefined : servings.get(requestInfo);
    try {
      const { generation, protocol } = await build(factory, name, 'modern');
      if (generation !== 'v2') throw notModern(name);
      if (tells === undefined || serving === undefined) publishThrough(handler, protocol);
      else tellThrough(tells, serving, protocol);
      // The protocol object itself: our copy of the SDK would not recognise the `McpServer` of another copy.
      return protocol as unknown as never;
    } catch (error) {
      if (serving !== undefined && error instanceof Fault) serving.fault = error;
      throw error;
    }
  };
  const handler: McpHttpHandler = createMcpHandler(built, { legacy: 'reject', keepAliveMs: 0 });

  return async function* (request, call) {
    const over = new AbortController();
    const signal = AbortSignal.any([call.signal, over.signal]);
    const http = new Request('http://in.process/mcp', { method: 'POST', headers: standardHeaders(request), signal });
    const serving: Serving = { principal: call.principal.id, telling: [] };
    servings.set(http, serving);
    try {
      const response = await handler.fetch(http, { parsedBody: plainJson(request) });
      if (serving.fault !== undefined) throw serving.fault;
      for await (const message of messagesOf(response, request, call, name)) {
        // Whoever has the answer can rely on others being told what the call has changed.
        if (!('method' in message)) await Promise.all(serving.telling);
        yield message;
      }
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

/** Lets them reach whoever listens for the principal of the call, wherever that is. */
function tellThrough(tells: Tells, { principal, telling }: Serving, protocol: ProtocolServer): void {
  const tell = (method: string, params?: { readonly uri: string }): Promise<void> => {
    const told = tells.tell(principal, { jsonrpc: '2.0', method, ...(params === undefined ? {} : { params }) });
    telling.push(told);
    return told;
  };
  Object.assign(protocol, {
    sendToolListChanged: () => tell('notifications/tools/list_changed'),
    sendPromptListChanged: () => tell('notifications/prompts/list_changed'),
    sendResourceListChanged: () => tell('notifications/resources/list_changed'),
    sendResourceUpdated: ({ uri }: { uri: string }) => tell('notifications/resources/updated', { uri }),
  });
}
