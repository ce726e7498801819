/**
 * The modern face: one posted request, one response, over any `StatelessServer` (2026-07-28, "Streamable HTTP").
 *
 * The answer is plain JSON when the response comes first and soon, and an event stream otherwise. Closing the stream cancels
 * the call. There are no event ids: a broken stream loses the request, and the client sends it anew.
 */
import { Fault, faultOf } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Observer } from '../ports/observer.ts';
import type { StreamEvent } from '../ports/stateful-server.ts';
import type { CallContext, Principal } from '../ports/stateless-server.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import type { RpcNotification, RpcResponse } from '../protocol/messages.ts';
import { Connection } from './connection.ts';
import { eventStreamResponse } from './event-stream.ts';
import type { MirroredArguments } from './mirrored-arguments.ts';
import { errorMessage, jsonResponse, reportFault } from './responses.ts';
import { statusOfResponse } from './status.ts';

export interface ModernCall {
  readonly tools: MirroredArguments;
  readonly request: ModernRequest;
  readonly principal: Principal;
  /** The session and attempt that a proxy of ours names, where one is listened to. */
  readonly names?: Pick<CallContext, 'session' | 'attempt'>;
  readonly http: Request;
  readonly observer: Observer;
}

type Said = RpcNotification | RpcResponse;

/** Answers a request. Throws the fault of a call that failed before anything was sent. */
export async function answerModern(call: ModernCall): Promise<Response> {
  const connection = new Connection(call.http);
  const context = { principal: call.principal, signal: connection.signal, ...call.names };
  await call.tools.check(call.request, context, call.http.headers);
  const messages = call.tools.serve(call.request, context)[Symbol.asyncIterator]();
  const first = messages.next();
  const early = await within(first, LIMITS.promoteAfterMs);
  if (early !== undefined && (early.done || !('method' in early.value))) {
    void messages.return?.();
    const response = early.done ? undefined : early.value;
    if (response === undefined || 'method' in response) throw unanswered(connection.signal);
    return jsonResponse(statusOfResponse(response), response);
  }
  return eventStreamResponse(eventsOf(call, first, messages, connection.signal), { onGone: connection.gone });
}

/** The outcome of a promise if it comes in time. The timer is armed only if it does not come within this turn. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const thisTurn = await Promise.race([promise, new Promise<undefined>(resolve => setImmediate(resolve, undefined))]);
  if (thisTurn !== undefined) return thisTurn;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>(resolve => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Everything that is said, up to the response; a fault becomes the response. */
async function* eventsOf(
  call: ModernCall,
  first: Promise<IteratorResult<Said>>,
  messages: AsyncIterator<Said>,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent, void, undefined> {
  try {
    for (let next = await first; !next.done; next = await messages.next()) {
      yield { message: next.value };
      if (!('method' in next.value)) return;
    }
    throw unanswered(signal);
  } catch (thrown) {
    if (signal.aborted) return;
    const fault = faultOf(thrown);
    reportFault(call.observer, fault, { principal: call.principal.id, method: call.request.method });
    yield { message: errorMessage(fault, call.request.id) };
  } finally {
    void messages.return?.();
  }
}

/** A server may stay silent only if the client does not listen any more; nobody reads the answer then. */
const unanswered = (signal: AbortSignal): Fault =>
  signal.aborted
    ? new Fault('invalid_request', 'The client closed the connection before the response.')
    : new Fault('internal', 'Internal error: the call ended without a response.');
