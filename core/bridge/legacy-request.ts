/**
 * A legacy client's request as a modern one: the same `params`, with the envelope that every modern request carries.
 *
 * The whole of `params` and `_meta` is copied and then overridden, so that a progress token, trace context and keys nobody
 * here knows survive. Source: MCP 2026-07-28 "Request metadata" and "Multi round-trip requests".
 */
import type { ClientCapabilities, Implementation, ListRootsResult } from '@modelcontextprotocol/server';
import type { InputResponses, ModernMeta, ModernRequest } from '../protocol/envelope.ts';
import { META, metaOf } from '../protocol/envelope.ts';
import type { RequestId, RpcRequest } from '../protocol/messages.ts';
import type { LogLevel } from '../protocol/methods.ts';
import { LATEST_MODERN_REVISION } from '../protocol/revisions.ts';

/** What a modern request says about its client. */
export interface ClientFacts {
  readonly clientInfo: Implementation;
  /** As `modernClientCapabilities` gives them. */
  readonly clientCapabilities: ClientCapabilities;
  readonly logLevel?: LogLevel | undefined;
  readonly roots?: ListRootsResult | undefined;
  readonly subscriptions?: readonly string[] | undefined;
  /** It resumes streams, so that its connections may be ended. */
  readonly endsConnections?: boolean;
}

/** What a later round adds to the request. */
export interface Continuation {
  readonly inputResponses?: InputResponses | undefined;
  readonly requestState?: string | undefined;
}

/** The request of one round. `id` must be fresh: a retry never repeats an id. */
export function modernRequestOf(
  request: RpcRequest,
  id: RequestId,
  client: ClientFacts,
  continuation: Continuation = {},
): ModernRequest {
  const { inputResponses: _r, requestState: _s, task: _t, ...params } = request.params ?? {};
  return {
    jsonrpc: '2.0',
    id,
    method: request.method,
    params: {
      ...params,
      ...(continuation.inputResponses === undefined ? {} : { inputResponses: continuation.inputResponses }),
      ...(continuation.requestState === undefined ? {} : { requestState: continuation.requestState }),
      _meta: { ...metaOf(request), ...envelopeOf(client) },
    },
  };
}

/** The envelope alone, for requests the proxy makes on a session's behalf. */
export const envelopeOf = (client: ClientFacts): ModernMeta => ({
  [META.protocolVersion]: LATEST_MODERN_REVISION,
  [META.clientCapabilities]: client.clientCapabilities,
  [META.clientInfo]: client.clientInfo,
  ...(client.logLevel === undefined ? {} : { [META.logLevel]: client.logLevel }),
  ...(client.roots === undefined ? {} : { [META.roots]: client.roots }),
  ...(client.subscriptions?.length ? { [META.subscriptions]: client.subscriptions } : {}),
  ...(client.endsConnections ? { [META.endsConnections]: true } : {}),
});
