/**
 * Tasks of 2025-11-25 (experimental): `tools/call` with `task` answers at once, and the rest is asked for.
 *
 * `tasks/result` is a stream: it carries the questions that are open, related to the task in `_meta`, and then the result. It
 * is derived from the exchange each time, so a client that lost it just asks again. There is no `tasks/list`: it would need a
 * scan. Source: 2025-11-25 "Tasks".
 */
import { Fault, rpcErrorOf } from '../base/errors.ts';
import { exchangeIdOf } from '../base/ids.ts';
import { LIMITS } from '../base/limits.ts';
import type { LegacyCall, Reply, StreamEvent } from '../ports/stateful-server.ts';
import type { Message, RpcRequest } from '../protocol/messages.ts';
import { isObject, isRequest, responseOf } from '../protocol/messages.ts';
import { LEGACY_TRAITS } from '../protocol/revisions.ts';
import type { Exchange } from '../session/exchange.ts';
import { lastSequence, opened, scopesOf } from '../session/exchange.ts';
import { outboxOf } from '../session/outbox.ts';
import type { Session } from '../session/session.ts';
import type { TaskFacts } from '../session/task.ts';
import { taskStatusOf } from '../session/task.ts';
import { cancel } from './cancellation.ts';
import { inBackground } from './dispatcher.ts';
import type { Engine, Running } from './engine.ts';
import { create } from './exchanges.ts';
import { leaseFor } from './lease.ts';
import { callUpstream, runRound } from './round.ts';
import type { Task } from './task-forms.ts';
import { legacyTaskOf, relatedTo } from './task-forms.ts';
import { tend } from './tend.ts';

/** Whether a request is about tasks, in a revision that has them. */
export const concernsTasks = ({ revision }: Session, { method, params }: RpcRequest): boolean =>
  LEGACY_TRAITS[revision].tasks &&
  (method.startsWith('tasks/') || (method === 'tools/call' && params?.task !== undefined));

export async function taskRequest(
  engine: Engine,
  session: Session,
  message: RpcRequest,
  call: LegacyCall,
): Promise<Reply> {
  switch (message.method) {
    case 'tools/call':
      return begin(engine, session, message, call);
    case 'tasks/get': {
      const exchange = await taskOf(engine, session, message);
      return answer(message, legacyTaskOf(exchange, exchange.task));
    }
    case 'tasks/cancel':
      return cancelTask(engine, session, message);
    case 'tasks/result': {
      const exchange = await taskOf(engine, session, message);
      return { kind: 'stream', events: follow(engine, exchange, message, call.signal) };
    }
    default:
      throw new Fault('method_unknown', `There is no method ${message.method}.`);
  }
}

const answer = (message: RpcRequest, result: Record<string, unknown>): Reply => ({
  kind: 'json',
  body: responseOf(message.id, { result }),
});

async function begin(engine: Engine, session: Session, message: RpcRequest, call: LegacyCall): Promise<Reply> {
  const asked = message.params?.task;
  const ttl = isObject(asked) ? asked.ttl : undefined;
  if (!isObject(asked) || (ttl !== undefined && !(typeof ttl === 'number' && ttl > 0)))
    throw new Fault('invalid_params', 'task must be an object, and its ttl a positive number of milliseconds.');
  await checkRoom(engine, session);
  const ttlMs = Math.min(typeof ttl === 'number' ? ttl : LIMITS.taskTtlMsDefault, LIMITS.taskTtlMsMax);
  const createdAtMs = engine.environment.now();
  const draft = opened({
    session: session.id,
    id: exchangeIdOf(message.id),
    request: message,
    ...scopesOf(call.principal),
    createdAtMs,
    expiresAtMs: createdAtMs + ttlMs,
    lease: leaseFor(engine),
  }).value;
  const secret = engine.environment.newId();
  const outcome = await create(engine, draft, ({ id }) => ({
    id: `${id}.${secret}`,
    era: 'legacy',
    principal: session.principal,
    ttlMs,
  }));
  const exchange = 'created' in outcome ? outcome.created : outcome.existing;
  if (exchange.task === undefined) throw new Fault('request_id_in_use', 'A call with this id is open. Use a fresh id.');
  if ('created' in outcome) run(engine, session, exchange);
  return answer(message, { task: legacyTaskOf(exchange, exchange.task) });
}

async function checkRoom(engine: Engine, session: Session): Promise<void> {
  const open = await engine.stores.exchanges.unsettled(session.id);
  if (open.filter(({ task }) => task !== undefined).length < LIMITS.tasksPerSessionMax) return;
  throw new Fault('invalid_params', `A session may have ${LIMITS.tasksPerSessionMax} unfinished tasks at most.`);
}

function run(engine: Engine, session: Session, exchange: Exchange): void {
  const { principal } = session;
  engine.observer({ event: 'task.created', level: 'info', session: session.id, principal, exchange: exchange.id });
  const running: Running = { controller: new AbortController(), again: false, background: true };
  const source = callUpstream(engine, session, exchange, running.controller.signal);
  inBackground(engine, session.id, exchange.id, running, () =>
    runRound(engine, session, exchange, running.controller, source),
  );
}

/** The task that a request names, which is driven on if nobody drives it. */
async function taskOf(engine: Engine, session: Session, { params }: RpcRequest): Promise<Task> {
  const taskId = params?.taskId;
  const id = typeof taskId === 'string' && taskId.length <= LIMITS.idCharactersMax * 4 ? taskId.split('.')[0] : '';
  const exchange = id ? await engine.stores.exchanges.load(session.id, id) : undefined;
  const task = exchange?.task;
  if (exchange === undefined || task === undefined || task.id !== taskId)
    throw new Fault('invalid_params', 'There is no such task in this session, or its time is over.');
  tend(engine, exchange);
  return { ...exchange, task };
}

async function cancelTask(engine: Engine, session: Session, message: RpcRequest): Promise<Reply> {
  const exchange = await taskOf(engine, session, message);
  if (exchange.phase !== 'settled') await cancel(engine, exchange);
  const now = await taskOf(engine, session, message);
  if (exchange.phase === 'settled' || taskStatusOf(now) !== 'cancelled')
    throw new Fault('invalid_params', `The task has ended already: ${taskStatusOf(now)}.`);
  return answer(message, legacyTaskOf(now, now.task));
}

/** What `tasks/result` says: every open question once, and the result when there is one. */
async function* follow(
  engine: Engine,
  first: Task,
  message: RpcRequest,
  gone: AbortSignal,
): AsyncGenerator<StreamEvent> {
  const stop = AbortSignal.any([gone, engine.closing.signal]);
  const said = new Set<unknown>();
  let current: Exchange | undefined = first;
  while (!stop.aborted) {
    if (current === undefined) return yield { message: over(message) };
    if (current.phase === 'settled') return yield { message: resultOf(current, first.task, message) };
    for (const question of questionsOf(current)) {
      if (said.has(question.id)) continue;
      said.add(question.id);
      yield { message: { ...question, params: relatedTo(first.task, question.params ?? {}) } as Message };
    }
    tend(engine, current);
    const address = { session: first.session, stream: first.id };
    await engine.stores.events.changed(address, lastSequence(current), stop, LIMITS.lookAgainMs);
    current = await engine.stores.exchanges.load(first.session, first.id);
  }
}

const questionsOf = (exchange: Exchange): RpcRequest[] =>
  outboxOf(exchange).flatMap(({ message }, at) => {
    const key = exchange.asked[at];
    const isOpen = key !== undefined && !Object.hasOwn(exchange.answers, key);
    return isOpen && message !== undefined && isRequest(message) ? [message] : [];
  });

const over = ({ id }: RpcRequest): Message =>
  responseOf(id, { error: rpcErrorOf(new Fault('invalid_params', "The task's time is over.")) });

function resultOf({ response }: Exchange, task: TaskFacts, { id }: RpcRequest): Message {
  if (response === undefined)
    return responseOf(id, { error: rpcErrorOf(new Fault('invalid_params', 'The task was cancelled.')) });
  return responseOf(id, 'result' in response ? { result: relatedTo(task, response.result) } : response);
}
