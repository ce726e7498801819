/**
 * What an upstream answered: from the pieces of an HTTP answer to the messages of one request, checked as they come
 * (2026-07-28, "Streamable HTTP": response streams).
 *
 * A JSON-RPC error is an answer whatever its status. What breaks the protocol is `upstream_invalid`, which names the rule, so
 * that the upstream's author can find it.
 */

import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Client } from '../bridge/from-modern.ts';
import { clientOf } from '../bridge/from-modern.ts';
import { destinationOf } from '../bridge/from-notification.ts';
import { inputRequiredOf } from '../bridge/legacy-questions.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import { parsedJson } from '../protocol/json.ts';
import type { RpcNotification, RpcResponse } from '../protocol/messages.ts';
import { isErrorResponse, isNotification, isObject, isRequest, isResultResponse } from '../protocol/messages.ts';
import { traitsOf } from '../protocol/methods.ts';
import { decodeSse } from '../protocol/sse-decode.ts';
import type { Answer } from './carrier.ts';

export async function* messagesOf(
  { status, contentType, body }: Answer,
  request: ModernRequest,
): AsyncGenerator<RpcNotification | RpcResponse, void, undefined> {
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/json') yield responseIn(await textOf(body), status, request);
  else if (type === 'text/event-stream' && isOk(status)) yield* messagesOfStream(body, request);
  else throw isOk(status) ? invalid(`it answered with ${type === '' ? 'no content type' : type}`) : refused(status);
}

const isOk = (status: number): boolean => status >= 200 && status < 300;

/** The fault that names the rule which was broken. */
export const invalid = (what: string): Fault =>
  new Fault('upstream_invalid', `The upstream broke the protocol: ${what}.`);

const refused = (status: number): Fault =>
  new Fault('upstream_unreachable', `The upstream refused the request with HTTP status ${status}.`, {
    data: { status },
  });

function responseIn(text: string, status: number, request: ModernRequest): RpcResponse {
  const body = parsedJson(text);
  if (isResultResponse(body) || isErrorResponse(body)) return checked(body, request);
  throw isOk(status) ? invalid('its answer is no JSON-RPC response') : refused(status);
}

async function* messagesOfStream(
  body: AsyncIterable<string>,
  request: ModernRequest,
): AsyncGenerator<RpcNotification | RpcResponse, void, undefined> {
  const isWanted = wantedBy(request);
  const messagesMax = traitsOf(request.method).endless ? Number.POSITIVE_INFINITY : LIMITS.upstreamMessagesPerRoundMax;
  let count = 0;
  for await (const { data, event } of decodeSse(body)) {
    if (data === '' || (event !== undefined && event !== 'message')) continue;
    if (++count > messagesMax) throw invalid(`it sent more than ${messagesMax} messages for one request`);
    const message = parsedJson(data);
    if (isNotification(message)) {
      if (isWanted(message)) yield message;
    } else if (isResultResponse(message) || isErrorResponse(message)) return yield checked(message, request);
    else if (isRequest(message))
      throw invalid(`it sent a request (${message.method}), which a modern server never does`);
    else throw invalid('an event of its stream is no JSON-RPC message');
  }
  throw invalid('its stream ended without a response');
}

/** Log messages that nobody asked for, and changes told to who does not listen, are not passed on. */
function wantedBy(request: ModernRequest): (notification: RpcNotification) => boolean {
  if (traitsOf(request.method).endless) return () => true;
  const { logLevel } = clientOf(request);
  return notification =>
    notification.method === 'notifications/progress' ||
    destinationOf(notification, { token: undefined, logLevel }) === 'stream';
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
  if (resultType === 'complete') return response;
  if (resultType === 'input_required') return asking(response, response.result, request);
  if (resultType === undefined) return { ...response, result: { ...response.result, resultType: 'complete' } };
  if (typeof resultType === 'string' && declaresExtensions(request)) return response;
  throw invalid(`its result has the unknown type ${JSON.stringify(resultType)?.slice(0, 100)}`);
}

/** Questions are allowed in answer to some methods, and only those that the client said it can answer. */
function asking(response: RpcResponse, result: Readonly<Record<string, unknown>>, request: ModernRequest): RpcResponse {
  if (!traitsOf(request.method).mayAsk)
    throw invalid(`it asked for input in answer to ${request.method}, where the protocol does not allow it`);
  inputRequiredOf(result, clientOf(request).capabilities);
  return response;
}

/** Extensions may add result types; which ones, only the client that declared them knows. */
function declaresExtensions(request: ModernRequest): boolean {
  const { extensions }: Client['capabilities'] = clientOf(request).capabilities;
  return isObject(extensions) && Object.keys(extensions).length > 0;
}

/** A whole body, bounded. */
export async function textOf(body: AsyncIterable<string>): Promise<string> {
  const bytesMax = LIMITS.upstreamBodyBytesMax;
  let text = '';
  for await (const chunk of body) {
    text += chunk;
    if (text.length > bytesMax) throw invalid(`its answer is longer than ${bytesMax} bytes`);
  }
  return text;
}
