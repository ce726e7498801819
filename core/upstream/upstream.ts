/**
 * A 2026-07-28 server somewhere else as a `StatelessServer`, whatever carries its requests: one POST for each.
 *
 * The request travels as it is; only the headers that mirror it are made anew. Who the client is stays on this side: its
 * credentials are never sent on, the upstream gets those of this deployment.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Fault, faultOf } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Observer } from '../ports/observer.ts';
import type { CallContext, StatelessServer } from '../ports/stateless-server.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import { HEADER, standardHeaders } from '../protocol/headers.ts';
import type { RpcError, RpcNotification, RpcResponse } from '../protocol/messages.ts';
import { isObject } from '../protocol/messages.ts';
import { traitsOf } from '../protocol/methods.ts';
import { isMirrorable } from '../protocol/param-headers.ts';
import { LATEST_MODERN_REVISION } from '../protocol/revisions.ts';
import { messagesOf } from './answer.ts';
import type { Carrier } from './carrier.ts';
import { ToolParams } from './tool-params.ts';

type Said = RpcNotification | RpcResponse;

export function upstreamServer(carrier: Carrier, observer: Observer): StatelessServer {
  const params = new ToolParams((request, call) => listTools(carrier, request, call, observer), LIMITS.listPagesMax);
  return (request, call) => answer({ carrier, params, observer }, request, call);
}

const HEADER_MISMATCH = -32020;
const REVISION_UNSUPPORTED = -32022;

interface Parts {
  readonly carrier: Carrier;
  readonly params: ToolParams;
  readonly observer: Observer;
}

async function* answer(
  { carrier, params, observer }: Parts,
  request: ModernRequest,
  call: CallContext,
): AsyncGenerator<Said, void, undefined> {
  const mirrored = await params.headersOf(request, call);
  for await (const message of roundTrip(carrier, request, mirrored, call)) {
    if ('error' in message && message.error.code === HEADER_MISMATCH && request.method === 'tools/call') {
      params.forget();
      const again = await params.headersOf(request, call);
      if (JSON.stringify(again) === JSON.stringify(mirrored)) return yield message;
      return yield* roundTrip(carrier, request, again, call);
    }
    const turnedAway = (call.turnedAway ?? 0) + 1;
    if ('error' in message && saysElsewhere(message.error) && turnedAway <= LIMITS.memoryTurnsMax) {
      await pause(LIMITS.memoryTurnPauseMs * 3 ** (turnedAway - 1), undefined, { signal: call.signal }).catch(
        () => undefined,
      );
      return yield* answer({ carrier, params, observer }, request, { ...call, turnedAway });
    }
    if ('error' in message && isRevisionSupported(message.error))
      return yield* roundTrip(carrier, request, mirrored, call);
    if (request.method !== 'tools/list' || !('result' in message)) yield message;
    else {
      params.learn(message.result);
      yield { ...message, result: withoutInvalidTools(message.result, observer) };
    }
  }
}

/**
 * A refusal of our revision by a server that names it among those it supports: it has changed its mind, or another instance
 * of it will have (2026-07-28, "Versioning": the client picks a version that both speak, and asks again).
 */
export const isRevisionSupported = ({ code, data }: RpcError): boolean =>
  code === REVISION_UNSUPPORTED &&
  isObject(data) &&
  Array.isArray(data.supported) &&
  data.supported.includes(LATEST_MODERN_REVISION);

/** A runner of ours in many environments, of which this one does not remember the session: made again, the call comes to another. */
const saysElsewhere = ({ data }: RpcError): boolean => isObject(data) && data.code === 'memory_elsewhere';

/** 2026-07-28, "Custom headers from tool parameters": a client leaves out a tool whose annotations are wrong, and that one alone. */
function withoutInvalidTools<T extends Record<string, unknown>>(result: T, observer: Observer): T {
  if (!Array.isArray(result.tools)) return result;
  const tools = result.tools.filter((tool: unknown) => !isObject(tool) || isMirrorable(tool.inputSchema));
  if (tools.length === result.tools.length) return result;
  const count = result.tools.length - tools.length;
  const message = `${count} tools were left out of the list: their x-mcp-header annotations are not valid.`;
  observer({ event: 'upstream.tools_invalid', level: 'warning', method: 'tools/list', message });
  return { ...result, tools };
}

/** Names for a runner of ours; any other server ignores them. A session's own id is its client's secret and goes nowhere. */
const namesOf = ({ session, attempt, turnedAway }: Omit<CallContext, 'principal' | 'signal'>) => ({
  ...(session && { [HEADER.callSession]: session.name, [HEADER.callSessionEnds]: String(session.endsAtMs) }),
  ...(session?.idleMs !== undefined && { [HEADER.callSessionIdle]: String(session.idleMs) }),
  ...(turnedAway !== undefined && { [HEADER.callTurnedAway]: String(turnedAway) }),
  ...(attempt && { [HEADER.callAttempt]: `${attempt.call}${attempt.again ? ';again' : ''}` }),
});

/** One POST and its messages, ended by the caller's signal or by the time a round may take. */
export async function* roundTrip(
  carrier: Carrier,
  request: ModernRequest,
  mirrored: Readonly<Record<string, string>>,
  { signal, principal, ...named }: CallContext,
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
    const headers = { ...mirrored, ...standardHeaders(request), ...namesOf(named) };
    const post = { headers, body: JSON.stringify(request), principal, session: named.session?.id };
    for await (const message of messagesOf(await carrier(post, stop.signal), request)) {
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
  carrier: Carrier,
  request: ModernRequest,
  call: CallContext,
  observer: Observer,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    // Others wait for this list too, so it is not given up with the call that needed it first.
    const ownCall = { ...call, signal: new AbortController().signal };
    for await (const message of roundTrip(carrier, request, {}, ownCall, LIMITS.upstreamProbeMs)) {
      if ('result' in message) return message.result;
    }
  } catch (thrown) {
    const { code, message, detail } = faultOf(thrown);
    const more = detail === undefined ? {} : { detail };
    observer({ event: 'upstream.unlisted', level: 'warning', method: 'tools/list', code, message, ...more });
  }
  return undefined;
}
