/**
 * HTTP responses that are not streams: JSON bodies and faults. Every 4xx and 5xx of ours has a JSON-RPC body, because
 * dual-era clients read a bare one as the sign of another kind of server.
 *
 * Headers are plain objects: the Node adapter has a faster path for them.
 */
import type { Fault } from '../base/errors.ts';
import { rpcErrorOf } from '../base/errors.ts';
import type { Observer } from '../ports/observer.ts';
import type { RequestId, RpcResponse } from '../protocol/messages.ts';
import type { Era } from './status.ts';
import { STATUSES, statusOf } from './status.ts';

export type Headers = Readonly<Record<string, string>>;

export const jsonResponse = (
  status: number,
  body: RpcResponse | readonly RpcResponse[] | Readonly<Record<string, unknown>>,
  headers?: Headers,
): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });

/** 202: taken, and there is nothing to say. */
export const acceptedResponse = (): Response => new Response(null, { status: 202 });

/** The JSON-RPC error of a fault. The id is left out where it could not be read (MCP; JSON-RPC itself would say null). */
export const errorMessage = (fault: Fault, id: RequestId | undefined): RpcResponse => ({
  jsonrpc: '2.0',
  ...(id === undefined ? {} : { id }),
  error: rpcErrorOf(fault),
});

export function faultResponse(fault: Fault, era: Era, id?: RequestId, headers?: Headers): Response {
  const { retryAfterSeconds } = STATUSES[fault.code];
  return jsonResponse(statusOf(fault, era), errorMessage(fault, id), {
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    ...headers,
  });
}

/** Tells the observer what a peer is not told: whose fault it is, and the long text. */
export function reportFault(
  observer: Observer,
  fault: Fault,
  about: { principal?: string; method?: string } = {},
): void {
  observer({
    event: fault.blame === 'client' ? 'http.rejected' : 'http.failed',
    level: fault.blame === 'client' ? 'info' : 'error',
    code: fault.code,
    message: fault.message,
    ...(fault.detail === undefined ? {} : { detail: fault.detail }),
    ...about,
  });
}
