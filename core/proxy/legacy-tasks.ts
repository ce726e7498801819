/**
 * Tasks of 2025-11-25 (experimental): `tools/call` with `task` answers at once, and the rest is asked for.
 *
 * A task is an exchange of its session; who else may ask for it is known to `task-address.ts`, and how a result is read to
 * `task-result.ts`. Source: 2025-11-25 "Tasks".
 */
import { Fault } from '../base/errors.ts';
import { exchangeIdOf } from '../base/ids.ts';
import { LIMITS } from '../base/limits.ts';
import type { LegacyCall, Reply } from '../ports/stateful-server.ts';
import type { RpcRequest } from '../protocol/messages.ts';
import { isObject, responseOf } from '../protocol/messages.ts';
import { LEGACY_TRAITS } from '../protocol/revisions.ts';
import type { Exchange } from '../session/exchange.ts';
import { opened, scopesOf } from '../session/exchange.ts';
import type { Session } from '../session/session.ts';
import { taskStatusOf } from '../session/task.ts';
import { cancel } from './cancellation.ts';
import { inBackground } from './dispatcher.ts';
import type { Engine, Running } from './engine.ts';
import { create } from './exchanges.ts';
import { leaseFor } from './lease.ts';
import { callUpstream, runRound } from './round.ts';
import { taskAt, taskIdOf, taskIn } from './task-address.ts';
import type { Task } from './task-forms.ts';
import { legacyTaskOf } from './task-forms.ts';
import { enroll } from './task-ledger.ts';
import { taskList } from './task-list.ts';
import { parseResultEventId, resultEvents } from './task-result.ts';
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
      const start = { exchange: exchange.id, request: message.id, round: 0, told: 0, ...homeIn(session, exchange) };
      return { kind: 'stream', events: resultEvents(engine, session, exchange, start, call.signal) };
    }
    case 'tasks/list':
      return answer(message, await taskList(engine, session, message.params?.cursor));
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
  await enroll(engine, session.principal, draft);
  const outcome = await create(engine, draft, ({ id }) => ({
    id: taskIdOf(id, secret, session),
    era: 'legacy',
    principal: session.principal,
    ttlMs,
  }));
  const exchange = 'created' in outcome ? outcome.created : outcome.existing;
  if (exchange.task === undefined) throw new Fault('request_id_in_use', 'A call with this id is open. Use a fresh id.');
  if ('created' in outcome) run(engine, session, exchange);
  return answer(message, { task: legacyTaskOf(exchange, exchange.task) });
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

/** A connection that read a result comes back. */
export async function resumeResult(
  engine: Engine,
  session: Session,
  lastEventId: string,
  call: LegacyCall,
): Promise<Reply> {
  const position = parseResultEventId(lastEventId);
  const task = position && (await taskIn(engine, session, position.exchange, position.home));
  if (position === undefined || task === undefined)
    throw new Fault('stream_unknown', 'Last-Event-ID names no task of yours, or one whose time is over.');
  return { kind: 'stream', events: resultEvents(engine, session, task, position, call.signal) };
}

/** Named where it is not the session itself. */
const homeIn = (session: Session, exchange: Exchange) =>
  exchange.session === session.id ? {} : { home: exchange.session };

/** The task that a request names, which is driven on if nobody drives it. */
async function taskOf(engine: Engine, session: Session, { params }: RpcRequest): Promise<Task> {
  const task = await taskAt(engine, session, params?.taskId);
  if (task === undefined) throw new Fault('invalid_params', 'There is no such task, or its time is over.');
  tend(engine, task);
  return task;
}

async function cancelTask(engine: Engine, session: Session, message: RpcRequest): Promise<Reply> {
  const exchange = await taskOf(engine, session, message);
  if (exchange.phase !== 'settled') await cancel(engine, exchange);
  const now = await taskOf(engine, session, message);
  if (exchange.phase === 'settled' || taskStatusOf(now) !== 'cancelled')
    throw new Fault('invalid_params', `The task has ended already: ${taskStatusOf(now)}.`);
  return answer(message, legacyTaskOf(now, now.task));
}
