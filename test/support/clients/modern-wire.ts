/**
 * A client of 2026-07-28 that is only its messages and headers: every request is one POST, and whatever belongs to it may be left
 * out or changed. It repeats nothing and forgives nothing.
 */
import type { ModernRequest } from '../../../core/protocol/envelope.ts';
import { META } from '../../../core/protocol/envelope.ts';
import { standardHeaders } from '../../../core/protocol/headers.ts';
import type { Message, RequestId } from '../../../core/protocol/messages.ts';
import { isObject, isResponse } from '../../../core/protocol/messages.ts';
import { messagesIn } from './wire.ts';

type Json = Record<string, unknown>;

export interface ModernOptions {
  readonly id?: RequestId;
  readonly capabilities?: Json;
  /** Keys of `_meta` besides the envelope's. */
  readonly meta?: Json;
  /** Added to what the request calls for; an empty value leaves a header out. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export const FORMS = { elicitation: { form: {} } };

export function modernRequest(method: string, params: Json = {}, options: ModernOptions = {}): ModernRequest {
  const { id = 1, capabilities = FORMS, meta = {} } = options;
  const envelope = {
    [META.protocolVersion]: '2026-07-28',
    [META.clientCapabilities]: capabilities,
    [META.clientInfo]: { name: 'wire', version: '1.0.0' },
  };
  return { jsonrpc: '2.0', id, method, params: { ...params, _meta: { ...envelope, ...meta } } };
}

/** One request and the head of its response. */
export async function modern(
  url: string,
  method: string,
  params: Json = {},
  options: ModernOptions = {},
): Promise<Response> {
  return sent(url, modernRequest(method, params, options), options);
}

/** Any body at all, with the headers of the request it would be. */
export async function sent(url: string, body: Json | ModernRequest, options: ModernOptions = {}): Promise<Response> {
  const params = isObject(body.params) ? body.params : {};
  const named = { ...modernRequest(String(body.method)), params: { ...params, _meta: modernRequest('').params._meta } };
  const headers = Object.entries({ ...standardHeaders(named), ...options.headers }).filter(([, value]) => value !== '');
  const { signal = null } = options;
  return fetch(url, { method: 'POST', body: JSON.stringify(body), headers: Object.fromEntries(headers), signal });
}

/** The response to a request, whatever came before it. */
export async function answered(
  response: Promise<Response>,
): Promise<{ result: Json; error: Json; messages: readonly Message[] }> {
  const messages = await messagesIn(await response);
  const last: unknown = messages.at(-1);
  if (!isResponse(last)) throw new Error(`It ended without a response: ${JSON.stringify(messages)}`);
  return {
    result: 'result' in last ? { ...last.result } : {},
    error: 'error' in last ? { ...last.error } : {},
    messages,
  };
}

/** Status, code and id of a refusal. */
export async function refused(response: Promise<Response>): Promise<readonly unknown[]> {
  const { status, ...http } = await response.then(async answer => ({
    status: answer.status,
    body: await answer.json(),
  }));
  const body: unknown = http.body;
  const error = isObject(body) && isObject(body.error) ? body.error : {};
  return [status, error.code, isObject(body) ? body.id : undefined];
}

/** The parameters of the next round: the same call, every question answered alike. */
export function answering(call: Json, result: Json, answer: (params: Json, key: string) => Json): Json {
  const requests = isObject(result.inputRequests) ? result.inputRequests : {};
  const inputResponses = Object.fromEntries(
    Object.entries(requests).map(([key, request]) => [
      key,
      answer(isObject(request) && isObject(request.params) ? request.params : {}, key),
    ]),
  );
  return { ...call, inputResponses, requestState: result.requestState };
}
