/**
 * The legacy face: sessions, streams and resumption of the revisions up to 2025-11-25, over a `StatefulServer`.
 *
 * It only turns HTTP into calls and replies into HTTP. A client that goes away stops listening and cancels nothing.
 */
import { faultOf } from '../base/errors.ts';
import type { Observer } from '../ports/observer.ts';
import type { LegacyCall, Reply, StatefulServer, StreamEvent } from '../ports/stateful-server.ts';
import type { Principal } from '../ports/stateless-server.ts';
import { idToEcho } from '../protocol/era.ts';
import { HEADER } from '../protocol/headers.ts';
import type { RequestId } from '../protocol/messages.ts';
import { Connection } from './connection.ts';
import { eventStreamResponse } from './event-stream.ts';
import { acceptedResponse, errorMessage, jsonResponse, reportFault } from './responses.ts';

export interface LegacyFace {
  readonly server: StatefulServer;
  readonly observer: Observer;
}

export async function postLegacy(
  face: LegacyFace,
  http: Request,
  body: unknown,
  principal: Principal,
): Promise<Response> {
  const connection = new Connection(http);
  const reply = await face.server.receive(body, legacyCall(http, principal, connection));
  return responseOfReply(face, reply, connection, idToEcho(body));
}

export async function getLegacy(face: LegacyFace, http: Request, principal: Principal): Promise<Response> {
  const lastEventId = http.headers.get(HEADER.lastEventId);
  const connection = new Connection(http);
  const call = legacyCall(http, principal, connection);
  const reply = await (lastEventId === null ? face.server.listen(call) : face.server.resume(lastEventId, call));
  return responseOfReply(face, reply, connection, undefined);
}

export async function deleteLegacy(face: LegacyFace, http: Request, principal: Principal): Promise<Response> {
  await face.server.end(legacyCall(http, principal, new Connection(http)));
  return new Response(null, { status: 200 });
}

const legacyCall = (http: Request, principal: Principal, connection: Connection): LegacyCall => ({
  principal,
  sessionId: http.headers.get(HEADER.sessionId) ?? undefined,
  revision: http.headers.get(HEADER.protocolVersion) ?? undefined,
  get signal() {
    return connection.signal;
  },
});

function responseOfReply(face: LegacyFace, reply: Reply, connection: Connection, id: RequestId | undefined): Response {
  switch (reply.kind) {
    case 'json':
      return jsonResponse(
        200,
        reply.body,
        reply.sessionId === undefined ? {} : { [HEADER.sessionId]: reply.sessionId },
      );
    case 'accepted':
      return acceptedResponse();
    case 'stream':
      return eventStreamResponse(calm(face, reply.events, connection.signal, id), { onGone: connection.gone });
  }
}

/**
 * The events of a reply; a failing delivery ends the connection quietly once the client can resume, for the call itself goes
 * on. Only a client that was given no id yet is told, as the response to its request: it could never come back.
 */
async function* calm(
  { observer }: LegacyFace,
  events: AsyncIterable<StreamEvent>,
  signal: AbortSignal,
  id: RequestId | undefined,
): AsyncGenerator<StreamEvent, void, undefined> {
  let resumable = false;
  try {
    for await (const event of events) {
      yield event;
      resumable ||= event.id !== undefined;
    }
  } catch (thrown) {
    if (signal.aborted) return;
    const fault = faultOf(thrown);
    reportFault(observer, fault);
    if (!resumable && id !== undefined) yield { message: errorMessage(fault, id) };
  }
}
