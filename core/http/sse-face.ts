/**
 * The face of clients of 2024-11-05, "HTTP with SSE": `GET /sse` opens a line and says where to post, `POST /messages` takes every
 * message, and all that is said comes on the line. Sessions, calls and questions are those of the legacy face.
 *
 * The line is the session there: whoever leaves it for longer than a moment has ended it. One that comes back sooner says how far
 * it was told (`Last-Event-ID`) and goes on, in another process too. Any legacy revision may be agreed on; there is nothing here
 * that depends on it.
 */
import { randomBytes } from 'node:crypto';
import { Fault, faultOf } from '../base/errors.ts';
import type { LegacyCall, Reply, StreamEvent } from '../ports/stateful-server.ts';
import type { Principal } from '../ports/stateless-server.ts';
import { idToEcho } from '../protocol/era.ts';
import { HEADER } from '../protocol/headers.ts';
import type { RequestId } from '../protocol/messages.ts';
import { isObject, isRequest } from '../protocol/messages.ts';
import { readJson } from './body.ts';
import type { Arrival, Endpoint } from './endpoint.ts';
import { methodNotAllowed } from './endpoint.ts';
import { eventStreamResponse } from './event-stream.ts';
import { checkBodyMedia, checkGetMedia } from './guards.ts';
import type { LegacyFace } from './legacy-face.ts';
import { Line, linePositionOf } from './line.ts';
import { Lines } from './lines.ts';
import { acceptedResponse, errorMessage, reportFault } from './responses.ts';

export const SSE_PATH = '/sse';
export const MESSAGES_PATH = '/messages';
const LINE = 'line';

interface SseFace extends LegacyFace {
  readonly lines: Lines;
}

/** The endpoints of the face by path. Its lines end at a signal, and their sessions go on without them. */
export function sseFace({ server, observer }: LegacyFace, until: AbortSignal): Readonly<Record<string, Endpoint>> {
  const lines = new Lines(line => {
    // An ended session is what was wanted, however it came to that.
    void server.end(callOn(line, undefined)).catch(() => undefined);
  });
  const face: SseFace = { server, observer, lines };
  until.addEventListener('abort', () => lines.endAll(), { once: true });
  return {
    [SSE_PATH]: { allow: 'GET', serve: arrival => openLine(face, legacy(arrival, 'GET')) },
    [MESSAGES_PATH]: { allow: 'POST', serve: arrival => take(face, legacy(arrival, 'POST')) },
  };
}

function legacy(arrival: Arrival, method: string): Arrival {
  if (arrival.http.method !== method) throw methodNotAllowed(`Only ${method} is answered here.`);
  arrival.era = 'legacy';
  return arrival;
}

const callOn = (line: Line, revision: string | undefined): LegacyCall => ({
  principal: { id: line.principal },
  sessionId: line.sessionId,
  revision,
  signal: line.signal,
});

async function openLine(face: SseFace, { http, principal }: Arrival): Promise<Response> {
  checkGetMedia(http);
  const { line, after } = await lineFor(face, principal, http.headers.get(HEADER.lastEventId) ?? '');
  face.lines.back(line);
  const { events, leave } = line.connect(after);
  return eventStreamResponse(events, {
    first: { event: 'endpoint', data: `${MESSAGES_PATH}?${LINE}=${line.id}` },
    onGone: () => {
      if (leave() && !line.signal.aborted) face.lines.left(line);
    },
  });
}

/** A new line, or that of a client that comes back. Throws `session_unknown` or `session_ended` where it comes too late. */
async function lineFor(
  face: SseFace,
  { id: principal }: Principal,
  lastEventId: string,
): Promise<{ line: Line; after: number }> {
  const position = linePositionOf(lastEventId);
  const line = new Line(randomBytes(18).toString('base64url'), principal, position?.number);
  if (position === undefined) {
    face.lines.add(line);
    return { line, after: 0 };
  }
  const { sessionId, number } = position;
  line.sessionId = sessionId;
  await face.server.receive({ jsonrpc: '2.0', id: 'back', method: 'ping' }, callOn(line, undefined));
  const before = face.lines.carrying(sessionId, principal);
  if (before?.reaches(number)) return { line: before, after: number };
  if (before !== undefined) face.lines.end(before);
  face.lines.add(line);
  for (const eventId of position.streams) void resume(face, line, eventId);
  if (!position.streams.some(eventId => eventId.startsWith('standalone'))) void listen(face, line);
  return { line, after: number };
}

/** One posted message. What is to be said to it comes on the line; a fault is told here. */
async function take(face: SseFace, arrival: Arrival): Promise<Response> {
  const { http, principal } = arrival;
  checkBodyMedia(http);
  const line = face.lines.find(new URL(http.url).searchParams.get(LINE), principal.id);
  if (line === undefined) {
    throw new Fault('session_unknown', `There is no such connection in this process. Open one with GET ${SSE_PATH}.`);
  }
  const body = await readJson(http);
  arrival.id = idToEcho(body);
  const opens = isRequest(body) && body.method === 'initialize';
  if (opens && line.sessionId !== undefined)
    throw new Fault('invalid_request', `This connection has its session already. Open another with GET ${SSE_PATH}.`);
  const reply = await face.server.receive(body, callOn(line, http.headers.get(HEADER.protocolVersion) ?? undefined));
  if (reply.kind === 'json' && reply.sessionId !== undefined) line.sessionId = reply.sessionId;
  void say(face, line, reply, arrival.id);
  if (isObject(body) && body.method === 'notifications/initialized') void listen(face, line);
  return acceptedResponse();
}

async function say(face: SseFace, line: Line, reply: Reply, id: RequestId | undefined): Promise<void> {
  if (reply.kind === 'stream') return follow(face, line, reply.events, id);
  if (reply.kind === 'accepted') return;
  for (const message of [reply.body].flat()) await line.say({ message });
}

/** Says everything of a stream. What goes wrong is the response, where there was a request. */
async function follow(
  { observer }: SseFace,
  line: Line,
  events: AsyncIterable<StreamEvent>,
  id: RequestId | undefined,
): Promise<void> {
  let last: string | undefined;
  try {
    for await (const event of events) {
      last = event.id ?? last;
      await line.say(event);
    }
  } catch (thrown) {
    if (line.signal.aborted) return;
    const fault = faultOf(thrown);
    reportFault(observer, fault);
    if (id !== undefined) await line.say({ message: errorMessage(fault, id) });
  }
  if (last !== undefined && !line.signal.aborted) line.ended(last);
}

/** The rest of a stream, for a client that comes back to another process; one that is over for long is left out. */
async function resume(face: SseFace, line: Line, lastEventId: string): Promise<void> {
  await attach(face, line, () => face.server.resume(lastEventId, callOn(line, undefined)));
}

/** What happens outside of calls, where anything can. */
async function listen(face: SseFace, line: Line): Promise<void> {
  await attach(face, line, () => face.server.listen(callOn(line, undefined)));
}

async function attach(face: SseFace, line: Line, open: () => Promise<Reply>): Promise<void> {
  try {
    await say(face, line, await open(), undefined);
  } catch (thrown) {
    const fault = faultOf(thrown);
    if (fault.code !== 'method_not_allowed' && fault.code !== 'stream_unknown') reportFault(face.observer, fault);
  }
}
