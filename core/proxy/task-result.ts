/**
 * `tasks/result` of 2025-11-25 as a stream: every open question of the task once, its changes of status, and its result.
 *
 * Nothing of it is stored: it is derived from the exchange each time. The ids of its events say which request they answer and
 * which questions have been told, so a connection may end like any other and be resumed in any process. Source: 2025-11-25,
 * "Tasks", "Resumability".
 */
import { Fault, rpcErrorOf } from '../base/errors.ts';
import { isExchangeId, questionIdOf } from '../base/ids.ts';
import { LIMITS } from '../base/limits.ts';
import { lackFor } from '../bridge/from-question.ts';
import type { StreamEvent } from '../ports/stateful-server.ts';
import { parsedJson } from '../protocol/json.ts';
import type { Message, RequestId, RpcRequest } from '../protocol/messages.ts';
import { isObject, isRequest, isRequestId, responseOf } from '../protocol/messages.ts';
import type { Exchange } from '../session/exchange.ts';
import { lastSequence } from '../session/exchange.ts';
import { outboxOf } from '../session/outbox.ts';
import type { Session } from '../session/session.ts';
import type { TaskFacts } from '../session/task.ts';
import { taskStatusOf } from '../session/task.ts';
import type { Engine } from './engine.ts';
import { clientFactsOf } from './sessions.ts';
import type { Task } from './task-forms.ts';
import { legacyTaskOf, relatedTo } from './task-forms.ts';
import { tend } from './tend.ts';

/** A place in such a stream. */
export interface ResultPosition {
  readonly exchange: string;
  /** The session of the task, where another one of its principal reads it. */
  readonly home?: string;
  /** The request that the stream answers. */
  readonly request: RequestId;
  /** The round whose questions were told last, and how many of them. */
  readonly round: number;
  readonly told: number;
}

const PREFIX = 'task.';

/** Whether an event id is of such a stream. */
export const isResultEventId = (eventId: string): boolean => eventId.startsWith(PREFIX);

function eventIdOf({ exchange, home, request, round, told }: ResultPosition): string {
  const address = JSON.stringify(home === undefined ? [exchange, request] : [exchange, request, home]);
  return `${PREFIX}${encodeURIComponent(address).replaceAll('.', '%2E')}.${round}.${told}`;
}

export function parseResultEventId(eventId: string): ResultPosition | undefined {
  const [, address, round, told] = /^task\.([^.]+)\.([0-9]{1,6})\.([0-9]{1,6})$/.exec(eventId) ?? [];
  if (address === undefined) return undefined;
  const parts = parsedJson(decoded(address));
  const [exchange, request, home] = Array.isArray(parts) ? parts : [];
  if (typeof exchange !== 'string' || !isExchangeId(exchange) || !isRequestId(request)) return undefined;
  return { exchange, request, round: Number(round), told: Number(told), ...(typeof home === 'string' ? { home } : {}) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

/** The stream from a position on. */
export async function* resultEvents(
  engine: Engine,
  reader: Session,
  first: Task,
  from: ResultPosition,
  gone: AbortSignal,
): AsyncGenerator<StreamEvent> {
  const stop = AbortSignal.any([gone, engine.closing.signal]);
  // An id that would be too long for a client to send back is not given, and such a connection is not ended early.
  const isResumable = eventIdOf({ ...from, round: 999_999, told: 999_999 }).length <= LIMITS.idCharactersMax;
  const idAt = (at: ResultPosition): { readonly id?: string } => (isResumable ? { id: eventIdOf(at) } : {});
  const endMs = isResumable
    ? engine.environment.now() + (engine.settings.holdMs ?? Number.POSITIVE_INFINITY)
    : Infinity;
  let at = from;
  let status: string = taskStatusOf(first);
  let current: Exchange | undefined = first;
  if (isResumable) yield { ...idAt(at), retry: LIMITS.retryMs };
  while (!stop.aborted) {
    if (current === undefined) return yield { ...idAt(at), message: over(at.request) };
    if (taskStatusOf(current) !== status) {
      status = taskStatusOf(current);
      yield { message: statusNotice(current, first.task) };
    }
    if (current.phase === 'settled') return yield { ...idAt(at), message: resultOf(current, first.task, at.request) };
    if (current.round !== at.round) at = { ...at, round: current.round, told: 0 };
    for (const question of questionsAfter(current, at.told, reader)) {
      at = { ...at, told: question.place };
      yield { ...idAt(at), message: related(question.message, first.task) };
    }
    tend(engine, current);
    const leftMs = endMs - engine.environment.now();
    if (leftMs <= 0) break;
    const address = { session: first.session, stream: first.id };
    const patienceMs = Math.min(LIMITS.lookAgainMs, leftMs);
    await engine.stores.events.changed(address, lastSequence(current), stop, patienceMs);
    current = await engine.stores.exchanges.load(first.session, first.id);
  }
}

/** The open questions of the round behind a place, each with its own, counted from one. */
const questionsAfter = (
  exchange: Exchange,
  told: number,
  reader: Session,
): { readonly place: number; readonly message: RpcRequest }[] =>
  outboxOf(exchange).flatMap(({ message }, index) => {
    const key = exchange.asked[index];
    if (index < told || key === undefined || Object.hasOwn(exchange.answers, key)) return [];
    const question = message !== undefined && isRequest(message) ? askedOf(reader, exchange, key, message) : undefined;
    return question === undefined ? [] : [{ place: index + 1, message: question }];
  });

/** A question as the reader may be asked it: a client of another session may not have the capability, or must say whose it answers. */
function askedOf(reader: Session, exchange: Exchange, key: string, question: RpcRequest): RpcRequest | undefined {
  const { id, session, round, pending } = exchange;
  const asking = pending[key];
  if (session === reader.id || asking === undefined) return question;
  const { clientCapabilities } = clientFactsOf(reader);
  if (lackFor(asking.method, { ...asking.params }, { ...clientCapabilities }) !== undefined) return undefined;
  return { ...question, id: questionIdOf({ exchange: id, session, round, key }) };
}

const related = (message: RpcRequest, task: TaskFacts): Message => ({
  ...message,
  params: relatedTo(task, isObject(message.params) ? message.params : {}),
});

const statusNotice = (exchange: Exchange, task: TaskFacts): Message => ({
  jsonrpc: '2.0',
  method: 'notifications/tasks/status',
  params: legacyTaskOf(exchange, task),
});

const over = (id: RequestId): Message =>
  responseOf(id, { error: rpcErrorOf(new Fault('invalid_params', "The task's time is over.")) });

function resultOf({ response }: Exchange, task: TaskFacts, id: RequestId): Message {
  if (response === undefined)
    return responseOf(id, { error: rpcErrorOf(new Fault('invalid_params', 'The task was cancelled.')) });
  return responseOf(id, 'result' in response ? { result: relatedTo(task, response.result) } : response);
}
