/**
 * A 2026-07-28 server somewhere on the network as a `StatelessServer`: one POST for each request.
 *
 * The request travels as it is; only the headers that mirror it are made anew. Who the client is stays on this side: its
 * credentials are never sent on, the upstream gets those of this deployment.
 */
import { Fault, faultOf } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { Observer } from '../../ports/observer.ts';
import type { CallContext, StatelessServer } from '../../ports/stateless-server.ts';
import type { ModernRequest } from '../../protocol/envelope.ts';
import { standardHeaders } from '../../protocol/headers.ts';
import type { RpcNotification, RpcResponse } from '../../protocol/messages.ts';
import { traitsOf } from '../../protocol/methods.ts';
import { messagesOf } from './answer.ts';
import type { Upstream, UpstreamOptions } from './post.ts';
import { post, upstreamOf } from './post.ts';
import { ToolParams } from './tool-params.ts';

export interface HttpServerOptions extends UpstreamOptions {
  readonly observer: Observer;
}

type Said = RpcNotification | RpcResponse;

export function httpServer(options: HttpServerOptions): StatelessServer {
  const upstream = upstreamOf(options);
  const params = new ToolParams(request => listTools(upstream, request, options.observer), LIMITS.listPagesMax);
  return (request, call) => answer(upstream, params, request, call);
}

const HEADER_MISMATCH = -32020;

async function* answer(
  upstream: Upstream,
  params: ToolParams,
  request: ModernRequest,
  { signal }: CallContext,
): AsyncGenerator<Said, void, undefined> {
  const mirrored = await params.headersOf(request, signal);
  for await (const message of roundTrip(upstream, request, mirrored, signal)) {
    if ('error' in message && message.error.code === HEADER_MISMATCH && request.method === 'tools/call') {
      params.forget();
      const again = await params.headersOf(request, signal);
      if (JSON.stringify(again) === JSON.stringify(mirrored)) return yield message;
      return yield* roundTrip(upstream, request, again, signal);
    }
    if (request.method === 'tools/list' && 'result' in message) params.learn(message.result);
    yield message;
  }
}

/** One POST and its messages, ended by the caller's signal or by the time a round may take. */
export async function* roundTrip(
  upstream: Upstream,
  request: ModernRequest,
  mirrored: Readonly<Record<string, string>>,
  signal: AbortSignal,
  msMax: number = LIMITS.roundMsMax,
): AsyncGenerator<Said, void, undefined> {
  if (signal.aborted) return;
  const stop = new AbortController();
  const cancel = () => stop.abort(signal.reason);
  signal.addEventListener('abort', cancel, { once: true });
  let late = false;
  const timer = traitsOf(request.method).endless
    ? undefined
    : setTimeout(() => {
        late = true;
        stop.abort();
      }, msMax);
  let answered = false;
  try {
    const headers = { ...mirrored, ...standardHeaders(request) };
    const response = await post(upstream, headers, JSON.stringify(request), stop.signal);
    for await (const message of messagesOf(response, request)) {
      answered = !('method' in message);
      yield message;
    }
  } catch (thrown) {
    if (signal.aborted) return;
    throw late ? new Fault('upstream_timeout', `The upstream did not answer within ${msMax} ms.`) : thrown;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', cancel);
    if (!answered) stop.abort();
  }
}

/** The result of a list request; what goes wrong is reported and otherwise means: no list. */
async function listTools(
  upstream: Upstream,
  request: ModernRequest,
  observer: Observer,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const never = new AbortController().signal;
    for await (const message of roundTrip(upstream, request, {}, never, LIMITS.upstreamProbeMs)) {
      if ('result' in message) return message.result;
    }
  } catch (thrown) {
    const { code, message, detail } = faultOf(thrown);
    const more = detail === undefined ? {} : { detail };
    observer({ event: 'upstream.unlisted', level: 'warning', method: 'tools/list', code, message, ...more });
  }
  return undefined;
}
