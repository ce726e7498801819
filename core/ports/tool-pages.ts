/**
 * The pages of a server's `tools/list`, asked for in the name of a client whose call needs them: with what its request says
 * about it, and with nothing else of the request.
 */

import type { ModernRequest } from '../protocol/envelope.ts';
import { META } from '../protocol/envelope.ts';
import type { CallContext } from './stateless-server.ts';

/** Asks for one page of `tools/list`; the result, or `undefined` for an error. */
export type ListTools = (
  request: ModernRequest,
  call: CallContext,
) => Promise<Readonly<Record<string, unknown>> | undefined>;

/** The results of the list, page by page; ends at the last page, or at one that cannot be had. */
export async function* toolPages(
  list: ListTools,
  request: ModernRequest,
  call: CallContext,
  pagesMax: number,
): AsyncGenerator<Readonly<Record<string, unknown>>, void, undefined> {
  let cursor: unknown;
  for (let page = 0; page < pagesMax; page++) {
    const result = await list(listRequest(request, cursor), call);
    if (result === undefined) return;
    yield result;
    cursor = result.nextCursor;
    if (typeof cursor !== 'string') return;
  }
}

function listRequest({ params }: ModernRequest, cursor: unknown): ModernRequest {
  const _meta = {
    [META.protocolVersion]: params._meta[META.protocolVersion],
    [META.clientCapabilities]: params._meta[META.clientCapabilities],
    ...(params._meta[META.clientInfo] === undefined ? {} : { [META.clientInfo]: params._meta[META.clientInfo] }),
  };
  return {
    jsonrpc: '2.0',
    id: 'fermata-tools',
    method: 'tools/list',
    params: { ...(cursor === undefined ? {} : { cursor }), _meta },
  };
}
