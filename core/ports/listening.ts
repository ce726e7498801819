/**
 * `subscriptions/listen`, as whoever has a feed of changes serves it: a runner, an upstream of 2025. It acknowledges what can be
 * honoured, then gives every change the feed tells and the client asked for, until the client goes away or the server ends it
 * gracefully with the result.
 *
 * Specification: 2026-07-28, "Subscriptions". The acknowledgement comes first, and everything carries the id of the listen
 * request. Changes nobody has fetched yet are kept once each, so a slow reader costs nothing.
 */
import type { ServerCapabilities } from '@modelcontextprotocol/server';
import { Fault } from '../base/errors.ts';
import type { Introduction } from '../bridge/from-program.ts';
import { modernResult } from '../bridge/from-program.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import { META } from '../protocol/envelope.ts';
import type { RequestId, RpcNotification, RpcResponse } from '../protocol/messages.ts';
import { isObject, responseOf } from '../protocol/messages.ts';
import type { Listened } from './feed.ts';

interface Wanted {
  toolsListChanged?: true;
  promptsListChanged?: true;
  resourcesListChanged?: true;
  resourceSubscriptions?: string[];
}

export async function* listening(
  request: ModernRequest,
  signal: AbortSignal,
  introduction: Introduction,
  feed: Listened,
): AsyncGenerator<RpcNotification | RpcResponse, void, void> {
  const wanted = honoured(request.params.notifications, introduction.capabilities);
  const pending = new Map<string, RpcNotification>();
  let wake = (): void => {};
  const onAbort = (): void => wake();
  const unlisten = feed.listen({
    uris: wanted.resourceSubscriptions ?? [],
    onChange: change => {
      if (!isWanted(change, wanted)) return;
      pending.set(`${change.method} ${String(change.params?.uri)}`, change);
      wake();
    },
  });
  signal.addEventListener('abort', onAbort);
  try {
    const acknowledgement = { jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged' } as const;
    yield tagged({ ...acknowledgement, params: { notifications: wanted } }, request.id);
    // Where nothing can ever come, nothing is held: it may be paid for by its time.
    while (!signal.aborted && tellsOfChanges(introduction.capabilities)) {
      for (const [name, change] of pending) {
        pending.delete(name);
        yield tagged(change, request.id);
      }
      if (pending.size > 0 || signal.aborted) continue;
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    unlisten();
  }
  const ending = { _meta: { [META.subscriptionId]: request.id } };
  yield responseOf(request.id, { result: modernResult(request.method, ending, introduction.serverInfo) });
}

/** The part of the filter that the program's capabilities can honour. */
function honoured(filter: unknown, capabilities: ServerCapabilities): Wanted {
  if (!isObject(filter))
    throw new Fault('invalid_params', '"notifications" must be an object that says what to listen for.');
  const { resourceSubscriptions } = filter;
  const uris = Array.isArray(resourceSubscriptions) ? resourceSubscriptions.filter(uri => typeof uri === 'string') : [];
  return {
    ...(filter.toolsListChanged === true && capabilities.tools?.listChanged && { toolsListChanged: true as const }),
    ...(filter.promptsListChanged === true &&
      capabilities.prompts?.listChanged && { promptsListChanged: true as const }),
    ...(filter.resourcesListChanged === true &&
      capabilities.resources?.listChanged && { resourcesListChanged: true as const }),
    ...(uris.length > 0 && capabilities.resources?.subscribe && { resourceSubscriptions: uris }),
  };
}

/** Whether a server says that it tells of anything. */
export const tellsOfChanges = ({ tools, prompts, resources }: ServerCapabilities): boolean =>
  [tools, prompts, resources].some(family => family?.listChanged === true) || resources?.subscribe === true;

function isWanted({ method, params }: RpcNotification, wanted: Wanted): boolean {
  switch (method) {
    case 'notifications/tools/list_changed':
      return wanted.toolsListChanged === true;
    case 'notifications/prompts/list_changed':
      return wanted.promptsListChanged === true;
    case 'notifications/resources/list_changed':
      return wanted.resourcesListChanged === true;
    default:
      return (wanted.resourceSubscriptions ?? []).some(uri => isWithin(params?.uri, uri));
  }
}

/** An update may name a part of what was subscribed to. */
const isWithin = (uri: unknown, subscribed: string): boolean =>
  typeof uri === 'string' &&
  (uri === subscribed || uri.startsWith(subscribed.endsWith('/') ? subscribed : `${subscribed}/`));

const tagged = (notification: RpcNotification, id: RequestId): RpcNotification => ({
  ...notification,
  params: { ...notification.params, _meta: { ...notification.params?._meta, [META.subscriptionId]: id } },
});
