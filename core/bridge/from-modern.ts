/**
 * From a modern request to a legacy program: the handshake and the request it would have got from such a client.
 *
 * The envelope of 2026-07-28 ("Request metadata") says with every request what `initialize`, `logging/setLevel` and
 * `resources/subscribe` said once in 2025; here it is taken apart into those. What is not the envelope's (progress token,
 * trace context, foreign keys) goes through untouched.
 */
import type { Implementation, ListRootsResult, ServerCapabilities } from '@modelcontextprotocol/server';
import { ENVELOPE_PREFIX, META, type ModernRequest, metaOf } from '../protocol/envelope.ts';
import type { RequestId, RpcRequest } from '../protocol/messages.ts';
import { isObject } from '../protocol/messages.ts';
import type { LogLevel } from '../protocol/methods.ts';
import { isLogLevel } from '../protocol/methods.ts';
import { LATEST_LEGACY_REVISION } from '../protocol/revisions.ts';

type Json = Record<string, unknown>;

/** What a request's envelope says about the client. */
export interface Client {
  readonly capabilities: Json;
  readonly info: Json | Implementation;
  readonly logLevel: LogLevel | undefined;
  /** Resources it wants to hear about. */
  readonly subscriptions: readonly string[];
  readonly roots: ListRootsResult | undefined;
  /** A program may end its connections. */
  readonly endsConnections: boolean;
}

export function clientOf(request: ModernRequest): Client {
  const meta = metaOf(request);
  const capabilities = meta[META.clientCapabilities];
  const info = meta[META.clientInfo];
  const subscriptions = meta[META.subscriptions];
  const roots = meta[META.roots];
  const logLevel = meta[META.logLevel];
  return {
    capabilities: isObject(capabilities) ? capabilities : {},
    info: isObject(info) ? info : { name: 'unknown', version: '0' },
    logLevel: isLogLevel(logLevel) ? logLevel : undefined,
    subscriptions: Array.isArray(subscriptions) ? subscriptions.filter(uri => typeof uri === 'string') : [],
    roots: isRoots(roots) ? roots : undefined,
    endsConnections: meta[META.endsConnections] === true,
  };
}

const isRoots = (value: unknown): value is ListRootsResult => isObject(value) && Array.isArray(value.roots);

/** The parameters of the `initialize` that introduces the client. */
export const initializeParams = (client: Client): Json => ({
  protocolVersion: LATEST_LEGACY_REVISION,
  capabilities: client.capabilities,
  clientInfo: client.info,
});

/** The request under a program-side id, without what belongs to the modern era. `task` means nothing any more. */
export function programRequest(request: ModernRequest, id: RequestId): RpcRequest {
  const { _meta, inputResponses: _, requestState: __, task: ___, ...params } = request.params;
  const meta = Object.entries(_meta ?? {}).filter(([key]) => !isOfEnvelope(key));
  return {
    jsonrpc: '2.0',
    id,
    method: request.method,
    params: meta.length === 0 ? params : { ...params, _meta: Object.fromEntries(meta) },
  };
}

const OF_THE_PROXY: ReadonlySet<string> = new Set([META.subscriptions, META.roots, META.endsConnections]);
const isOfEnvelope = (key: string): boolean => key.startsWith(ENVELOPE_PREFIX) || OF_THE_PROXY.has(key);

/** The capability a family of methods stands behind. Tasks of 2025-11-25 are never advertised to a modern client. */
const CAPABILITY_OF: ReadonlyMap<string, keyof ServerCapabilities | 'none'> = new Map([
  ['tools', 'tools'],
  ['prompts', 'prompts'],
  ['resources', 'resources'],
  ['completion', 'completions'],
  ['tasks', 'none'],
]);

/** Whether a program that advertises these capabilities serves a method. A method of no known family may be one of its own. */
export function isAdvertised(method: string, capabilities: ServerCapabilities): boolean {
  const capability = CAPABILITY_OF.get(method.replace(/\/.*/s, ''));
  return capability === undefined || (capability !== 'none' && isObject(capabilities[capability]));
}
