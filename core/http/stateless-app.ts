/**
 * Any `StatelessServer` as an HTTP endpoint of MCP 2026-07-28, and nothing else: no sessions, no GET, no legacy revision.
 *
 * A client of another era is told which revisions there are, in the error it understands.
 */
import type { Hono } from 'hono';
import { Fault } from '../base/errors.ts';
import type { StatelessServer } from '../ports/stateless-server.ts';
import { classify, idToEcho } from '../protocol/era.ts';
import { isNotification, isObject, isRequest } from '../protocol/messages.ts';
import { MODERN_REVISIONS } from '../protocol/revisions.ts';
import { readJson } from './body.ts';
import { callNamesOf } from './call-names.ts';
import type { Arrival, EndpointOptions } from './endpoint.ts';
import { endpoint, methodNotAllowed, postedHeadersOf } from './endpoint.ts';
import { checkPostMedia } from './guards.ts';
import { MirroredArguments } from './mirrored-arguments.ts';
import { answerModern } from './modern-face.ts';
import { acceptedResponse } from './responses.ts';

export interface StatelessAppOptions extends EndpointOptions {
  readonly upstream: StatelessServer;
}

export function statelessApp(options: StatelessAppOptions): Hono {
  const tools = new MirroredArguments(options.upstream);
  return endpoint(options, { allow: 'POST', serve: arrival => serve(tools, options, arrival) });
}

async function serve(tools: MirroredArguments, { observer }: StatelessAppOptions, arrival: Arrival): Promise<Response> {
  const { http, principal } = arrival;
  if (http.method !== 'POST') throw methodNotAllowed('This server keeps no sessions: everything is a POST.');
  checkPostMedia(http);
  const body = await readJson(http);
  arrival.id = idToEcho(body);
  const posted = classify(body, postedHeadersOf(http));
  if (posted.kind === 'request')
    return answerModern({
      tools,
      request: posted.request,
      principal,
      http,
      observer,
      names: callNamesOf(http, Date.now()),
    });
  if (posted.kind === 'notification' || isNotification(body)) return acceptedResponse();
  throw notModern(body);
}

function notModern(body: unknown): Fault {
  if (!isRequest(body)) return new Fault('invalid_request', 'The body is not one JSON-RPC request.');
  const requested = isObject(body.params) ? body.params.protocolVersion : undefined;
  return new Fault(
    'revision_unsupported',
    `Unsupported protocol version: this server speaks ${MODERN_REVISIONS.join(', ')}.`,
    {
      data: { supported: [...MODERN_REVISIONS], ...(typeof requested === 'string' ? { requested } : {}) },
    },
  );
}
