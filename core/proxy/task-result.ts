/**
 * `tasks/result` of 2025-11-25 as a stream: every open question of the task once, its progress, its changes of status, and its result.
 *
 * What the rounds report is in the exchange's event log; all else is derived from the exchange each time. The ids of its events say
 * which request they answer and what has been told, so a connection may end like any other and be resumed in any process. Source:
 * 2025-11-25, "Tasks", "Progress", "Resumability".
 */
import { Fault, rpcErrorOf } from '../base/errors.ts';
import { isExchangeId, questionIdOf } from '../base/ids.ts';
import { LIMITS } from '../base/limits.ts';
import { lackFor } from '../bridge/from-question.ts';
import type { StreamAddress } from '../ports/event-log.ts';
import type { StreamEvent } from '../ports/stateful-server.ts';
import { parsedJson } from '../protocol/json.ts';
import type { Message, RequestId, RpcNotification, RpcRequest } from '../protocol/messages.ts';
import { isNotification, isObject, isRequest, isRequestId, responseOf } from '../protocol/messages.ts';
import type { Exchange } from '../session/exchange.ts';
import { outboxOf } from '../session/outbox.ts';
import type { Session } from '../session/session.ts';
import type { TaskFacts } from '../session/task.ts';
import { taskStatusOf } from '../session/task.ts';
import { completionsOf } from '../session/visits.ts';
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
  /** The last event of the task's log that was told; absent: what was reported before counts as told, but for the newest progress. */
  readonly reported?: number;
}

const PREFIX = 'task.';
const POSITION = /^task\.([^.]+)\.([0-9]{1,6})\.([0-9]{1,6})(?:\.([0-9]{1,12}))?$/;

/** Whether an event id is of such a stream. */
export const isResultEventId = (eventId: string): boolean => eventId.startsWith(PREFIX);

function eventIdOf({ exchange, home, request, round, told, reported }: ResultPosition): string {
  const address = JSON.stringify(home === undefined ? [exchange, request] : [exchange, request, home]);
  const place = reported === undefined ? `${round}.${told}` : `${round}.${told}.${reported}`;
  return `${PREFIX}${encodeURIComponent(address).replaceAll('.', '%2E')}.${place}`;
}

export function parseResultEventId(eventId: string): ResultPosition | undefined {
  const [, address, round, told, reported] = POSITION.exec(eventId) ?? [];
  if (address === undefined) return undefined;
  const parts = parsedJson(decoded(address));
  const [exchange, request, home] = Array.isArray(parts) ? parts : [];
  if (typeof exchange !== 'string' || !isExchangeId(exchange) || !isRequestId(request)) return undefined;
  const at = { exchange, request, round: Number(round), told: Number(told) };
  return {
    ...at,
    ...(typeof home === 'string' ? { home } : {}),
    ...(reported === undefined ? {} : { reported: Number(reported) }),
  };
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
  const longest = eventIdOf({ ...from, round: 999_999, told: 999_999, reported: 999_999_999_999 });
  const isResumable = longest.length <= LIMITS.idCharactersMax;
  const idAt = (at: ResultPosition): { readonly id?: string } => (isResumable ? { id: eventIdOf(at) } : {});
  const endMs = isResumable
    ? engine.environment.now() + (engine.settings.holdMs ?? Number.POSITIVE_INFINITY)
    : Infinity;
  const address = { session: first.session, stream: first.id };
  let at = from;
  let status: string = taskStatusOf(first);
  if (isResumable) yield { ...idAt(at), retry: LIMITS.retryMs };
  while (!stop.aborted) {
    const { current, notices, upTo } = await look(engine, address, at.reported);
    if (current === undefined) return yield { ...idAt(at), message: over(at.request) };
    for (const { sequence, message } of notices) {
      at = { ...at, reported: sequence };
      yield { ...idAt(at), message: related(message, first.task) };
    }
    at = { ...at, reported: upTo };
    if (taskStatusOf(current) !== status) {
      status = taskStatusOf(current);
      yield { message: statusNotice(current, first.task) };
    }
    if (current.phase === 'settled') {
      for (const message of completionsOf(current)) yield { message: related(message, first.task) };
      return yield { ...idAt(at), message: resultOf(current, first.task, at.request) };
    }
    if (current.round !== at.round) at = { ...at, round: current.round, told: 0 };
    for (const question of questionsAfter(current, at.told, reader)) {
      at = { ...at, told: question.place };
      yield { ...idAt(at), message: related(question.message, first.task) };
    }
    tend(engine, current);
    const leftMs = endMs - engine.environment.now();
    if (leftMs <= 0) break;
    const patienceMs = Math.min(LIMITS.lookAgainMs, leftMs);
    await engine.stores.events.changed(address, upTo, stop, patienceMs);
  }
}

/** The task as it stands, and all that was reported until then: what comes later is behind `upTo`. */
async function look(engine: Engine, address: StreamAddress, after: number | undefined) {
  const { notices, upTo } = await reportedAfter(engine, address, after);
  const current = await engine.stores.exchanges.load(address.session, address.stream);
  if (current?.phase !== 'settled') return { current, notices, upTo };
  const last = await reportedAfter(engine, address, upTo);
  return { current, notices: [...notices, ...last.notices], upTo: last.upTo };
}

interface Reported {
  readonly notices: readonly { readonly sequence: number; readonly message: RpcNotification }[];
  readonly upTo: number;
}

/** What the rounds have reported behind a place; without one only the newest progress, since it says all that the earlier did. */
async function reportedAfter(engine: Engine, address: StreamAddress, after: number | undefined): Promise<Reported> {
  const notices: Reported['notices'][number][] = [];
  let upTo = after ?? 0;
  for (;;) {
    const page = await engine.stores.events.read(address, upTo, LIMITS.eventsPerReadMax);
    for (const { sequence, message } of page)
      if (message !== undefined && isNotification(message) && !DERIVED.includes(message.method))
        notices.push({ sequence, message });
    upTo = page.at(-1)?.sequence ?? upTo;
    if (page.length < LIMITS.eventsPerReadMax) break;
  }
  if (after !== undefined) return { notices, upTo };
  const newest = notices.findLast(({ message }) => message.method === 'notifications/progress');
  return { notices: newest === undefined ? [] : [newest], upTo };
}

/** What an exchange owes its client stands in the log as well. */
const DERIVED: readonly string[] = ['notifications/cancelled', 'notifications/elicitation/complete'];

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

const related = (message: RpcRequest | RpcNotification, task: TaskFacts): Message => ({
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
