/**
 * What a program says when it wants its client to come back later instead of being held: the connection of this call, or that of
 * the session's standalone stream, ends, and the stream goes on (2025-11-25, SEP-1699; `closeSSEStream` of the SDKs).
 *
 * A notification of our own on the way from the runner to the proxy, so that it has its place among the others. It is sent only
 * where the request said that somebody understands it (`META.endsConnections`), and no client ever sees it.
 */
import type { RpcNotification } from './messages.ts';

export type EndedStream = 'call' | 'standalone';

const METHOD = 'notifications/dev.fermata/connection_end';

export const connectionEnd = (stream: EndedStream): RpcNotification => ({
  jsonrpc: '2.0',
  method: METHOD,
  params: { stream },
});

/** Which stream's connection is to end; `undefined` for any other notification. */
export function endedStreamOf({ method, params }: RpcNotification): EndedStream | undefined {
  if (method !== METHOD) return undefined;
  return params?.stream === 'standalone' ? 'standalone' : 'call';
}
