/** Requests to an endpoint as a careful client writes them, and the reading of event streams as they come. */
import { META } from '../../core/protocol/envelope.ts';
import { standardHeaders } from '../../core/protocol/headers.ts';
import type { SseEvent } from '../../core/protocol/sse-decode.ts';
import { decodeSse } from '../../core/protocol/sse-decode.ts';

const MEDIA = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

export const postLegacy = (url: string, body: unknown, headers: Record<string, string> = {}, signal?: AbortSignal) =>
  fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { ...MEDIA, ...headers },
    ...(signal === undefined ? {} : { signal }),
  });

/** A request of 2026-07-28 with everything it must carry. */
export const postModern = (url: string, method: string, params: Record<string, unknown> = {}, signal?: AbortSignal) =>
  postModernAs(url, {}, method, params, signal);

/** The same with further headers: credentials, for example. */
export function postModernAs(
  url: string,
  headers: Record<string, string>,
  method: string,
  params: Record<string, unknown> = {},
  signal?: AbortSignal,
) {
  const _meta = { [META.protocolVersion]: '2026-07-28', [META.clientCapabilities]: {} };
  const request = { jsonrpc: '2.0' as const, id: 1, method, params: { ...params, _meta } };
  return postLegacy(url, request, { ...standardHeaders(request), ...headers }, signal);
}

/** The events of a response's stream, each when it is complete. */
export async function* eventsOf(response: Response): AsyncGenerator<SseEvent> {
  if (response.body === null) return;
  yield* decodeSse(response.body.pipeThrough(new TextDecoderStream()));
}
