/**
 * What a server of 2025 says on the stream of one request, over as many connections as it takes (2025-11-25, "Resumability").
 *
 * A JSON answer is a stream of one message. A connection that ends before the response is resumed with `Last-Event-ID` after the
 * time the server asked for; one that never gave an event id cannot be. It judges no message but that it is one.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { CallContext } from '../ports/stateless-server.ts';
import { parsedJson } from '../protocol/json.ts';
import type { Message, RequestId } from '../protocol/messages.ts';
import { isErrorResponse, isMessage, isRequestId, isResponse } from '../protocol/messages.ts';
import { decodeSse } from '../protocol/sse-decode.ts';
import { invalid, textOf } from './answer.ts';
import type { Answer, Carrier } from './carrier.ts';
import type { Line } from './legacy-post.ts';
import { CONFLICT, legacyGet, refusal } from './legacy-post.ts';

export interface Heard {
  /** `undefined` for an event that only says where to go on from. */
  readonly message: Message | undefined;
  /** Where to go on after it; `undefined` while the server gave no event id. */
  readonly position: string | undefined;
  /** The request is made anew: what was known of a position holds no more. */
  readonly anew?: true;
}

export interface Reading {
  readonly carrier: Carrier;
  readonly line: Line;
  readonly call: CallContext;
  readonly signal: AbortSignal;
  /** The request whose response ends the stream. */
  readonly requestId: RequestId;
}

/** Everything from an answer on to the response. */
export async function* heardFrom(answer: Answer, reading: Reading): AsyncGenerator<Heard, void, undefined> {
  let at: string | undefined;
  let retryMs: number = LIMITS.retryMs;
  let current: Answer = answer;
  let count = 0;
  for (let silent = 0; ; ) {
    const before = at;
    for await (const item of messagesIn(current, reading.line)) {
      if (++count > LIMITS.upstreamMessagesPerRoundMax)
        throw invalid(`it sent more than ${LIMITS.upstreamMessagesPerRoundMax} messages for one request`);
      at = item.position ?? at;
      retryMs = item.retryMs ?? retryMs;
      yield { message: item.message, position: at };
      if (isResponse(item.message) && item.message.id === reading.requestId) return;
    }
    silent = at === before ? silent + 1 : 0;
    if (isWhole(current)) throw invalid('its answer is none to the request');
    if (at === undefined || silent > LIMITS.upstreamResumesMax) throw cut();
    await pause(Math.min(retryMs, LIMITS.upstreamRetryMsMax), undefined, { signal: reading.signal });
    current = await resumed(at, reading);
  }
}

/**
 * The answer to a resumption. A server that has not noticed yet that the connection before is gone (the process that held it was
 * killed, for example) says 409, and is asked again for a while.
 */
export async function resumed(position: string, { carrier, line, call, signal }: Omit<Reading, 'requestId'>) {
  for (let attempt = 1; ; attempt++) {
    const answer = await carrier(legacyGet(position, line, call), signal);
    if (answer.status === 200) return answer;
    if (answer.status !== CONFLICT || attempt === LIMITS.upstreamResumesMax) throw refusal(answer, line);
    for await (const _ of answer.body); // Read to its end, so that its connection can be used again.
    await pause(LIMITS.upstreamResumePauseMs, undefined, { signal });
  }
}

const isWhole = ({ contentType }: Answer): boolean => /^\s*application\/json/i.test(contentType);

interface Event extends Heard {
  readonly retryMs?: number | undefined;
}

async function* messagesIn(answer: Answer, line: Line): AsyncGenerator<Event> {
  const type = answer.contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  const isOk = answer.status >= 200 && answer.status < 300;
  if (type === 'text/event-stream' && isOk) return yield* eventsIn(answer);
  if (type === 'application/json' && isOk) {
    const body = parsedJson(await textOf(answer.body));
    for (const message of Array.isArray(body) ? body : [body]) yield { message: checked(message), position: undefined };
    return;
  }
  if (isOk) throw invalid(`it answered with ${type === '' ? 'no content type' : type}`);
  if (type === 'application/json' && !(answer.status === 404 && line.sessionId !== undefined)) {
    const body = parsedJson(await textOf(answer.body));
    if (isResponse(body) && 'error' in body && isJudgement(answer.status)) {
      return yield { message: checked(body), position: undefined };
    }
  }
  throw refusal(answer, line);
}

/** Statuses with which a server judges the request; others speak of credentials, of load or of trouble. */
const isJudgement = (status: number): boolean => status >= 400 && status < 500 && ![401, 403, 429].includes(status);

async function* eventsIn({ body }: Answer): AsyncGenerator<Event> {
  for await (const { data, id, event, retryMs } of decodeSse(body)) {
    const isMessageEvent = data !== '' && (event === undefined || event === 'message');
    yield { message: isMessageEvent ? checked(parsedJson(data)) : undefined, position: id, retryMs };
  }
}

/** An error that answers the whole post says `null` for an id (JSON-RPC 2.0, "Response object"): it has none. */
function checked(message: unknown): Message {
  if (isErrorResponse(message)) {
    const { id, ...error } = message;
    return isRequestId(id) ? message : error;
  }
  if (isMessage(message)) return message;
  throw invalid('it sent something that is no JSON-RPC message');
}

const cut = (): Fault =>
  new Fault('upstream_lost', 'The upstream ended its stream before the response, and cannot be asked to go on.');
