/**
 * The extension `io.modelcontextprotocol/tasks` for modern clients: a call that is slow or asks becomes a task.
 *
 * Modern clients have no session, so each task gets a holder of its own in the session store: the same driver then serves
 * both eras. The task's id is the holder's, so nothing is looked up, and it belongs to the principal that made the call. A
 * client that does not declare the extension passes straight through. Source: ext-tasks, SEP-2663.
 */
import { Fault, faultOf, invariant } from '../base/errors.ts';
import { exchangeIdOf } from '../base/ids.ts';
import { LIMITS } from '../base/limits.ts';
import { clientOf } from '../bridge/from-modern.ts';
import { isInputRequired } from '../bridge/legacy-result.ts';
import type { CallContext, StatelessServer } from '../ports/stateless-server.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import { META } from '../protocol/envelope.ts';
import type { Outcome, RpcNotification, RpcResponse } from '../protocol/messages.ts';
import { isObject, outcomeOf, responseOf } from '../protocol/messages.ts';
import { LATEST_LEGACY_REVISION } from '../protocol/revisions.ts';
import { declaresTasks, TASKS_DECLARED, TASKS_EXTENSION } from '../protocol/tasks.ts';
import { opened, scopesOf } from '../session/exchange.ts';
import type { Session } from '../session/session.ts';
import type { TaskFacts } from '../session/task.ts';
import { parseTaskKey } from '../session/task.ts';
import { answerEvent } from './answers.ts';
import { cancel } from './cancellation.ts';
import { inBackground } from './dispatcher.ts';
import type { Engine, Running } from './engine.ts';
import { within } from './exchanges.ts';
import { leaseFor } from './lease.ts';
import { callUpstream, runRound } from './round.ts';
import { listenWithTasks } from './task-feed.ts';
import type { Task } from './task-forms.ts';
import { detailedTaskOf, modernTaskOf } from './task-forms.ts';
import { TASK_HOLDER } from './task-holder.ts';
import { enroll, tooManyTasks } from './task-ledger.ts';
import { tend } from './tend.ts';
import { transition } from './transitions.ts';
import { isFollowing } from './upstream-tasks.ts';

const EXCHANGE = exchangeIdOf('task');

type Json = Record<string, unknown>;
type Said = AsyncGenerator<RpcNotification | RpcResponse>;

/** The upstream with tasks in front of it. */
export const withTasks =
  (engine: Engine): StatelessServer =>
  (request, call) => {
    const { method, params } = request;
    if (method === 'server/discover') return discovered(engine, request, call);
    if (method.startsWith('tasks/')) return served(engine, request, call);
    if (
      method === 'subscriptions/listen' &&
      isObject(params.notifications) &&
      params.notifications.taskIds !== undefined
    )
      return listened(engine, request, call, params.notifications.taskIds);
    if (isFollowing(params.requestState)) throw new Fault('state_rejected', 'This requestState is none of ours.');
    if (method === 'tools/call' && declares(request) && isWellFormed(request)) return called(engine, request, call);
    return engine.upstream(request, call);
  };

const declares = (request: ModernRequest): boolean => declaresTasks(clientOf(request).capabilities);

const isRetry = ({ params }: ModernRequest): boolean =>
  params.inputResponses !== undefined || params.requestState !== undefined;

/** A retry that is none in its form goes to the upstream, which says so. */
const isWellFormed = ({ params: { inputResponses = {}, requestState = '' } }: ModernRequest): boolean =>
  isObject(inputResponses) && Object.values(inputResponses).every(isObject) && typeof requestState === 'string';

async function* discovered(engine: Engine, request: ModernRequest, call: CallContext): Said {
  for await (const message of engine.upstream(request, call)) {
    if ('method' in message || 'error' in message || !isObject(message.result.capabilities)) yield message;
    else {
      const { capabilities } = message.result;
      const extensions = isObject(capabilities.extensions) ? capabilities.extensions : {};
      const offered = capabilities.tools === undefined ? {} : { extensions: { ...extensions, [TASKS_EXTENSION]: {} } };
      yield responseOf(message.id, { result: { ...message.result, capabilities: { ...capabilities, ...offered } } });
    }
  }
}

/** Runs a call; one that does not end soon, or asks, is stored and goes on as a task, whatever the client does. */
async function* called(engine: Engine, request: ModernRequest, call: CallContext): Said {
  const running: Running = { controller: new AbortController(), again: false, background: false };
  const leave = () => running.controller.abort();
  call.signal.addEventListener('abort', leave);
  const session = holderOf(engine, request, call);
  const draft = draftOf(engine, request, call, session);
  const source = callUpstream(engine, session, draft, running.controller.signal);
  try {
    const soonMs = performance.now() + LIMITS.promoteAfterMs;
    let heard = source.next();
    let next = await within(heard, LIMITS.promoteAfterMs);
    while (next !== undefined && !next.done && 'method' in next.value) {
      yield next.value;
      heard = source.next();
      next = await within(heard, Math.max(0, soonMs - performance.now()));
    }
    if (next?.done) return;
    if (next !== undefined && !('method' in next.value)) {
      const outcome = outcomeOf(next.value);
      const early = earlyOutcome(request, outcome);
      if (early !== undefined) return yield responseOf(request.id, early);
    }
    if (!(await hasRoom(engine, draft))) return yield* answeredLater(request, source, heard);
    call.signal.removeEventListener('abort', leave);
    await keep(engine, session, draft);
    inBackground(engine, session.id, draft.id, running, () =>
      runRound(engine, session, draft, running.controller, source, { heard }),
    );
    yield responseOf(request.id, { result: { resultType: 'task', ...modernTaskOf(draft, draft.task) } });
  } finally {
    call.signal.removeEventListener('abort', leave);
    if (!running.background) {
      running.controller.abort();
      await source.return?.().catch(() => undefined);
    }
  }
}

/**
 * What is answered without a task: a result, an error, and questions that belong before the task. Those are the ones that
 * the server marks so, and the further ones of a call that has begun with questions ("Task Creation": these rounds come first).
 */
function earlyOutcome(request: ModernRequest, outcome: Outcome): Outcome | undefined {
  if (!isInputRequired(outcome)) return outcome;
  const { _meta, requestState, ...result } = outcome.result;
  const { [META.beforeTask]: isMarked, ...meta } = isObject(_meta) ? _meta : {};
  if (isFollowing(requestState) || !(isMarked === true || isRetry(request))) return undefined;
  return {
    result: {
      ...result,
      ...(requestState === undefined ? {} : { requestState }),
      ...(isObject(_meta) ? { _meta: meta } : {}),
    },
  };
}

/** What the driver must know of the client, for as long as the task lives. */
function holderOf(engine: Engine, request: ModernRequest, call: CallContext): Session {
  const client = clientOf(request);
  const { extensions, ...capabilities } = client.capabilities;
  const { [TASKS_EXTENSION]: _, ...others } = isObject(extensions) ? extensions : {};
  const { name, version } = client.info;
  const nowMs = engine.environment.now();
  return {
    id: `${TASK_HOLDER}${engine.environment.newId()}`,
    principal: call.principal.id,
    revision: LATEST_LEGACY_REVISION,
    clientInfo: { ...client.info, name: String(name), version: String(version) },
    clientCapabilities: {
      ...capabilities,
      ...(Object.keys(others).length === 0 ? {} : { extensions: others }),
    } as Json,
    ...(client.logLevel === undefined ? {} : { logLevel: client.logLevel }),
    subscriptions: [],
    kept: [],
    createdAtMs: nowMs,
    seenAtMs: nowMs,
    idleTimeoutMs: LIMITS.taskTtlMsDefault,
    lifetimeMs: LIMITS.taskTtlMsDefault,
    idleAction: 'sleep',
    version: 1,
  };
}

function draftOf(
  engine: Engine,
  request: ModernRequest,
  call: CallContext,
  { id, principal, createdAtMs }: Session,
): Task {
  const ttlMs = LIMITS.taskTtlMsDefault;
  const expiresAtMs = createdAtMs + ttlMs;
  const task: TaskFacts = { id, era: 'modern', principal, ttlMs };
  const { inputResponses = {}, requestState, ...params } = request.params;
  const named = { session: id, id: EXCHANGE, request: { ...request, params }, ...scopesOf(call.principal) };
  const { value } = opened({ ...named, createdAtMs, expiresAtMs, lease: leaseFor(engine) });
  if (!isRetry(request)) return { ...value, task };
  const round = value.round + 1;
  const given = Object.entries(inputResponses).map(([key, result]) => [key, { result: { ...result } }]);
  const continued = {
    round,
    answers: Object.fromEntries(given),
    ...(requestState === undefined ? {} : { requestState }),
  };
  return { ...value, ...continued, task: { ...task, brought: round } };
}

/** A call that has begun is not refused because of its principal's other tasks. */
async function hasRoom(engine: Engine, draft: Task): Promise<boolean> {
  try {
    await enroll(engine, draft.task.principal, draft);
    return true;
  } catch (thrown) {
    if (faultOf(thrown).code === 'tasks_exceeded') return false;
    throw thrown;
  }
}

/** A call that cannot be a task is answered when it is done, and asks by `input_required`; only where the upstream makes a task is there no way. */
async function* answeredLater(
  request: ModernRequest,
  source: AsyncIterator<RpcNotification | RpcResponse>,
  heard: Promise<IteratorResult<RpcNotification | RpcResponse>>,
): Said {
  for (let next = await heard; !next.done; next = await source.next()) {
    if ('method' in next.value) yield next.value;
    else {
      const outcome = outcomeOf(next.value);
      if (isInputRequired(outcome) && isFollowing(outcome.result.requestState)) throw tooManyTasks();
      return yield responseOf(request.id, outcome);
    }
  }
}

/** Stored before its id is told: `tasks/get` must find it at once. */
async function keep(engine: Engine, session: Session, draft: Task): Promise<void> {
  invariant((await engine.stores.sessions.create(session)) === 'created', 'a fresh task id was taken');
  invariant((await engine.stores.exchanges.create(draft)).kind === 'created', 'a fresh task was there already');
  const { id, principal } = session;
  engine.observer({ event: 'task.created', level: 'info', session: id, principal, exchange: draft.id });
}

const METHODS: Readonly<Record<string, (engine: Engine, task: Task, request: ModernRequest) => Promise<Json>>> = {
  'tasks/get': async (_, exchange) => detailedTaskOf(exchange, exchange.task),
  'tasks/update': update,
  'tasks/cancel': async (engine, exchange) => {
    if (exchange.phase !== 'settled') await cancel(engine, exchange);
    return {};
  },
};

function needDeclared(request: ModernRequest): void {
  if (declares(request)) return;
  throw new Fault('capability_missing', `${request.method} needs the extension ${TASKS_EXTENSION}: declare it.`, {
    data: { requiredCapabilities: TASKS_DECLARED },
  });
}

/** Tasks that are unknown, or those of somebody else, are not among those that are acknowledged. */
async function* listened(engine: Engine, request: ModernRequest, call: CallContext, taskIds: unknown): Said {
  needDeclared(request);
  if (!Array.isArray(taskIds) || taskIds.length > LIMITS.tasksPerListenMax)
    throw new Fault('invalid_params', `taskIds must be a list of at most ${LIMITS.tasksPerListenMax} tasks.`);
  const found = await Promise.all([...new Set<unknown>(taskIds)].map(id => taskOf(engine, id, call).catch(() => [])));
  yield* listenWithTasks(engine, request, call, found.flat());
}

async function* served(engine: Engine, request: ModernRequest, call: CallContext): Said {
  const method = METHODS[request.method];
  if (method === undefined) throw new Fault('method_unknown', `There is no method ${request.method}.`);
  needDeclared(request);
  const exchange = await taskOf(engine, request.params.taskId, call);
  tend(engine, exchange);
  yield responseOf(request.id, { result: { resultType: 'complete', ...(await method(engine, exchange, request)) } });
}

/** Another principal's task is as unknown as one that never was. */
async function taskOf(engine: Engine, taskId: unknown, call: CallContext): Promise<Task> {
  const exchange =
    typeof taskId === 'string' && taskId.startsWith(TASK_HOLDER) && taskId.length <= LIMITS.idCharactersMax
      ? await engine.stores.exchanges.load(taskId, EXCHANGE)
      : undefined;
  const task = exchange?.task;
  if (exchange === undefined || task?.principal !== call.principal.id)
    throw new Fault('invalid_params', 'There is no such task, or its time is over.');
  return { ...exchange, task };
}

/** Answers that match no open question are ignored: they were given before, or their round is over. */
async function update(engine: Engine, { session, id }: Task, { params }: ModernRequest): Promise<Json> {
  if (!isObject(params.inputResponses)) throw new Fault('invalid_params', 'inputResponses must be an object.');
  for (const [key, result] of Object.entries(params.inputResponses)) {
    const question = parseTaskKey(key);
    if (question === undefined) continue;
    if (!isObject(result)) throw new Fault('answer_invalid', `The answer to ${key} must be an object.`);
    await transition(engine, session, id, current =>
      answerEvent(engine, current, { exchange: id, ...question }, { result }),
    );
  }
  return {};
}
