/**
 * What an upstream answered: from an HTTP response to the messages of one request, checked as they come
 * (2026-07-28, "Streamable HTTP": response streams).
 *
 * A JSON-RPC error is an answer whatever its status. What breaks the protocol is `upstream_invalid`, which names the rule, so
 * that the upstream's author can find it.
 */
import { Fault } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { ModernRequest } from '../../protocol/envelope.ts';
import { META } from '../../protocol/envelope.ts';
import type { RpcNotification, RpcResponse } from '../../protocol/messages.ts';
import { isErrorResponse, isNotification, isObject, isRequest, isResultResponse } from '../../protocol/messages.ts';
import { decodeSse } from '../../protocol/sse-decode.ts';
import { bodyFault } from './post.ts';

export async function* messagesOf(
  response: Response,
  request: ModernRequest,
): AsyncGenerator<RpcNotification | RpcResponse, void, undefined> {
  const type = (response.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase();
  if (type === 'application/json') yield responseIn(await textOf(response), response.status, request);
  else if (type === 'text/event-stream' && response.ok) yield* messagesOfStream(response, request);
  else {
    await response.body?.cancel();
    throw response.ok
      ? invalid(`it answered with ${type === '' || type === undefined ? 'no content type' : type}`)
      : refused(response.status);
  }
}

const invalid = (what: string): Fault => new Fault('upstream_invalid', `The upstream broke the protocol: ${what}.`);

const refused = (status: number): Fault =>
  new Fault('upstream_unreachable', `The upstream refused the request with HTTP status ${status}.`, {
    data: { status },
  });

function responseIn(text: string, status: number, request: ModernRequest): RpcResponse {
  const body = parsed(text);
  if (isResultResponse(body) || isErrorResponse(body)) return checked(body, request);
  throw status >= 200 && status < 300 ? invalid('its answer is no JSON-RPC response') : refused(status);
}

/** The JSON value of a text; `undefined` for none, which is no message either. */
function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

async function* messagesOfStream(
  response: Response,
  request: ModernRequest,
): AsyncGenerator<RpcNotification | RpcResponse, void, undefined> {
  for await (const { data, event } of decodeSse(chunksOf(response))) {
    if (data === '' || (event !== undefined && event !== 'message')) continue;
    const message = parsed(data);
    if (isNotification(message)) yield message;
    else if (isResultResponse(message) || isErrorResponse(message)) return yield checked(message, request);
    else if (isRequest(message))
      throw invalid(`it sent a request (${message.method}), which a modern server never does`);
    else throw invalid('an event of its stream is no JSON-RPC message');
  }
  throw invalid('its stream ended without a response');
}

/** The response, if it is one to this request. An error may come without an id. */
function checked(response: RpcResponse, request: ModernRequest): RpcResponse {
  if ('error' in response) {
    const id: unknown = response.id;
    if (id === request.id) return response;
    if (id === undefined || id === null) return { ...response, id: request.id };
    throw invalid('its response has the id of another request');
  }
  if (response.id !== request.id) throw invalid('its response has the id of another request');
  const { resultType } = response.result as Record<string, unknown>;
  if (resultType === 'complete' || resultType === 'input_required') return response;
  if (resultType === undefined) return { ...response, result: { ...response.result, resultType: 'complete' } };
  if (typeof resultType === 'string' && declaresExtensions(request)) return response;
  throw invalid(`its result has the unknown type ${JSON.stringify(resultType)?.slice(0, 100)}`);
}

/** Extensions may add result types; which ones, only the client that declared them knows. */
function declaresExtensions(request: ModernRequest): boolean {
  const { extensions } = request.params._meta[META.clientCapabilities];
  return isObject(extensions) && Object.keys(extensions).length > 0;
}

async function textOf(response: Response): Promise<string> {
  const declared = response.headers.get('content-length');
  const bytesMax = LIMITS.upstreamBodyBytesMax;
  if (declared !== null && Number(declared) <= bytesMax) {
    return response.text().catch(thrown => {
      throw bodyFault(thrown);
    });
  }
  let text = '';
  for await (const chunk of chunksOf(response)) {
    text += chunk;
    if (text.length > bytesMax) throw invalid(`its answer is longer than ${bytesMax} bytes`);
  }
  return text;
}

/** The body as text, in the pieces it comes in. */
async function* chunksOf(response: Response): AsyncGenerator<string, void, undefined> {
  if (response.body === null) return;
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(thrown => {
        throw bodyFault(thrown);
      });
      ended = done;
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    if (!ended) void release(reader);
  }
}

/** Reads what little may follow a response, so that its connection can be used again; cancels a body that goes on. */
async function release(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const timer = setTimeout(() => void reader.cancel().catch(() => undefined), LIMITS.upstreamTailMs);
  try {
    while (!(await reader.read()).done);
  } catch {
    // Whatever breaks now breaks after the response.
  } finally {
    clearTimeout(timer);
  }
}
