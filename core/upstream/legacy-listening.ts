/**
 * `subscriptions/listen` for a server of 2025 with sessions: what its standalone stream tells of changes, for one listener.
 *
 * Nothing is promised that cannot be delivered: a server without sessions, or one that refuses the standalone stream (405), tells
 * of nothing. After a gap that the server cannot fill, everything counts as changed. Source: mcp.md's bridging table, "modern
 * client to legacy server".
 */
import type { Introduction } from '../bridge/from-program.ts';
import { withoutChanges } from '../bridge/from-program.ts';
import { Feed } from '../ports/feed.ts';
import { listening, tellsOfChanges } from '../ports/listening.ts';
import type { CallContext } from '../ports/stateless-server.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import type { RpcNotification, RpcResponse } from '../protocol/messages.ts';
import { isObject, isResponse } from '../protocol/messages.ts';
import type { Carrier } from './carrier.ts';
import { legacyPost } from './legacy-post.ts';
import type { LegacySession } from './legacy-session.ts';
import { heardFrom } from './legacy-stream.ts';
import type { Opened } from './standing-stream.ts';

interface Listener {
  readonly request: ModernRequest;
  readonly call: CallContext;
  /** Whether the server tells of anything; where it does not, there is nothing to hear. */
  readonly tells: boolean;
  /** The server does not know the session any more. */
  onLost(): void;
}

/** Whether the server tells of changes: it says so, and its standalone stream can be had. */
export async function telling({ introduction, standing }: LegacySession): Promise<Opened> {
  return tellsOfChanges(introduction.capabilities) && standing !== undefined ? standing.tried() : 'refused';
}

/** What the server says of itself, without promises that could not be kept. */
export const deliverable = ({ introduction }: LegacySession, tells: boolean): Introduction =>
  tells ? introduction : withoutChanges(introduction);

/** Tells of changes until the listener leaves, or the session is gone; then it may listen anew. */
export async function* legacyListening(
  carrier: Carrier,
  session: LegacySession,
  { request, call, tells, onLost }: Listener,
): AsyncGenerator<RpcNotification | RpcResponse, void, undefined> {
  const feed = new Feed();
  const over = new AbortController();
  const leave = () => over.abort();
  if (call.signal.aborted) leave();
  call.signal.addEventListener('abort', leave, { once: true });
  const uris = new Set<string>();
  const unfollow = tells
    ? session.standing?.follow({
        onChange: change => feed.publish(change),
        onGap: () => feed.missed(),
        onEnd: why => {
          if (why === 'lost') onLost();
          leave();
        },
      })
    : undefined;
  try {
    const offered = deliverable(session, tells);
    const { notifications } = request.params;
    if (offered.capabilities.resources?.subscribe && isObject(notifications)) {
      const wanted = Array.isArray(notifications.resourceSubscriptions) ? notifications.resourceSubscriptions : [];
      for (const uri of new Set(wanted)) if (await subscribed(carrier, session, uri, over.signal)) uris.add(uri);
    }
    const honoured = isObject(notifications) ? { ...notifications, resourceSubscriptions: [...uris] } : notifications;
    const filtered = { ...request, params: { ...request.params, notifications: honoured } };
    yield* listening(filtered, over.signal, offered, feed);
  } finally {
    call.signal.removeEventListener('abort', leave);
    unfollow?.();
    for (const uri of uris) void unsubscribed(carrier, session, uri);
  }
}

/** Whether the server tells of a resource now. Several listeners share one subscription. */
async function subscribed(
  carrier: Carrier,
  session: LegacySession,
  uri: unknown,
  signal: AbortSignal,
): Promise<boolean> {
  if (typeof uri !== 'string') return false;
  const before = session.subscribed.get(uri) ?? 0;
  session.subscribed.set(uri, before + 1);
  if (before > 0 || (await isDone(carrier, session, 'resources/subscribe', uri, signal))) return true;
  session.subscribed.delete(uri);
  return false;
}

async function unsubscribed(carrier: Carrier, session: LegacySession, uri: string): Promise<void> {
  const left = (session.subscribed.get(uri) ?? 1) - 1;
  if (left > 0) session.subscribed.set(uri, left);
  else {
    session.subscribed.delete(uri);
    await isDone(carrier, session, 'resources/unsubscribe', uri, new AbortController().signal);
  }
}

async function isDone(
  carrier: Carrier,
  session: LegacySession,
  method: string,
  uri: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { caller } = session;
  const id = `${method} ${uri}`;
  try {
    const answer = await carrier(legacyPost({ jsonrpc: '2.0', id, method, params: { uri } }, session, caller), signal);
    const reading = { carrier, line: session, call: { ...caller, signal }, signal, requestId: id };
    for await (const { message } of heardFrom(answer, reading))
      if (message !== undefined && isResponse(message) && message.id === id) return 'result' in message;
  } catch {
    // Then it is not told of: the acknowledgement says so.
  }
  return false;
}
