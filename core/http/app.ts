/**
 * The HTTP face of the proxy: both eras at one URL.
 *
 * A posted body is read and parsed once, its era is decided, and the face of that era answers. GET and DELETE exist in the
 * legacy era only. Where connections last, clients of 2024-11-05 find their transport beside it (`sse-face.ts`).
 */
import type { Hono } from 'hono';
import type { StatefulServer } from '../ports/stateful-server.ts';
import { classify, idToEcho } from '../protocol/era.ts';
import { HEADER } from '../protocol/headers.ts';
import { isModernRevision } from '../protocol/revisions.ts';
import { readJson } from './body.ts';
import type { Arrival, Endpoint, EndpointOptions } from './endpoint.ts';
import { endpoint, methodNotAllowed, postedHeadersOf } from './endpoint.ts';
import { checkGetMedia, checkPostMedia } from './guards.ts';
import type { LegacyFace } from './legacy-face.ts';
import { deleteLegacy, getLegacy, postLegacy } from './legacy-face.ts';
import { MirroredArguments } from './mirrored-arguments.ts';
import { answerModern } from './modern-face.ts';
import { acceptedResponse } from './responses.ts';
import { sseFace } from './sse-face.ts';

export interface HttpAppOptions extends EndpointOptions {
  readonly server: StatefulServer;
  /** Serves HTTP+SSE of 2024-11-05 as well, until this signal. For processes whose connections last. */
  readonly sseUntil?: AbortSignal | undefined;
}

export function httpApp(options: HttpAppOptions): Hono {
  const { server, observer } = options;
  const face = { server, observer, tools: new MirroredArguments(server.modern) };
  const main: Endpoint = {
    allow: 'POST, GET, DELETE',
    serve: arrival => (arrival.http.method === 'POST' ? post(face, arrival) : other(face, arrival)),
  };
  return endpoint(options, main, options.sseUntil === undefined ? {} : sseFace(face, options.sseUntil));
}

interface Face extends LegacyFace {
  readonly tools: MirroredArguments;
}

async function post(face: Face, arrival: Arrival): Promise<Response> {
  const { http, principal } = arrival;
  checkPostMedia(http);
  const body = await readJson(http);
  arrival.id = idToEcho(body);
  const posted = classify(body, postedHeadersOf(http));
  switch (posted.kind) {
    case 'request':
      return answerModern({
        tools: face.tools,
        request: posted.request,
        principal,
        http,
        observer: face.observer,
      });
    case 'notification':
      return acceptedResponse();
    case 'legacy':
      arrival.era = 'legacy';
      return postLegacy(face, http, body, principal);
  }
}

async function other(face: LegacyFace, arrival: Arrival): Promise<Response> {
  const { http, principal } = arrival;
  if (isModernRevision(http.headers.get(HEADER.protocolVersion))) {
    throw methodNotAllowed('The modern era has requests by POST only.');
  }
  arrival.era = 'legacy';
  switch (http.method) {
    case 'GET':
      checkGetMedia(http);
      return getLegacy(face, http, principal);
    case 'DELETE':
      return deleteLegacy(face, http, principal);
    default:
      throw methodNotAllowed(`There is no ${http.method.slice(0, 20)} here.`);
  }
}
