/**
 * Tasks that an upstream makes itself (the extension `io.modelcontextprotocol/tasks`), which are followed to their end.
 *
 * An upstream hears that tasks are understood only where it refuses to do without (-32021). The task it then makes is a round
 * that gives nothing but state: so it is stored before it is waited for, and whoever drives the exchange goes on looking after
 * it. Its questions are the next round's, its result is the call's. To the client it looks like any slow call.
 */
import { setTimeout } from 'node:timers/promises';
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { clientOf } from '../bridge/from-modern.ts';
import type { CallContext } from '../ports/stateless-server.ts';
import { GOES_ON_ELSEWHERE } from '../ports/stateless-server.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import { META } from '../protocol/envelope.ts';
import { parsedJson } from '../protocol/json.ts';
import type { Outcome, RpcError, RpcNotification, RpcResponse } from '../protocol/messages.ts';
import { isObject, outcomeOf, responseOf } from '../protocol/messages.ts';
import { declaresTasks, FOLLOWING, TASKS_EXTENSION } from '../protocol/tasks.ts';
import type { Engine } from './engine.ts';

type Json = Record<string, unknown>;
type Said = AsyncGenerator<RpcNotification | RpcResponse>;

/** What is kept of a task between the rounds that look after it. */
interface Followed {
  readonly taskId: string;
  /** Questions that were answered: an upstream may go on showing them for a while. */
  readonly answered: readonly string[];
}

/** What stands before a state that is ours, and before one of the upstream's in a call that must declare the extension each time. */
const STATE = 'fermata-task:';
const DECLARING = 'fermata-tasks-declared:';
const CAPABILITY_MISSING = -32021;

/** Whether a state is that of an upstream's task. Made here and kept in the store: no client may bring one. */
export const isFollowing = (requestState: unknown): boolean => after(STATE, requestState) !== undefined;

/** Whether a round with this state begins nothing: it looks after a task that is there, followed here or by the adapter of its server. */
export const onlyLooks = (requestState: unknown): boolean =>
  isFollowing(requestState) || after(FOLLOWING, requestState) !== undefined;

const after = (prefix: string, text: unknown): string | undefined =>
  typeof text === 'string' && text.startsWith(prefix) ? text.slice(prefix.length) : undefined;

/** One round of a call: at the upstream, or at the task that the upstream has made of it. */
export async function* roundOf(engine: Engine, request: ModernRequest, call: CallContext): Said {
  const { requestState } = request.params;
  const followed = after(STATE, requestState);
  if (followed !== undefined) return yield* follow(engine, request, call, JSON.parse(followed));
  const declared = after(DECLARING, requestState);
  if (declared !== undefined) return yield* declaring(engine, withState(request, parsedJson(declared)), call);
  for await (const message of engine.upstream(request, call)) {
    if ('error' in message && needsTasks(message.error) && !declaresTasks(clientOf(request).capabilities))
      return yield* declaring(engine, request, call);
    yield message;
  }
}

/** Refused for want of the extension alone: the upstream has done nothing yet. */
function needsTasks({ code, data }: RpcError): boolean {
  if (code !== CAPABILITY_MISSING || !isObject(data) || !isObject(data.requiredCapabilities)) return false;
  const { extensions, ...others } = data.requiredCapabilities;
  const names = isObject(extensions) ? Object.keys(extensions) : [];
  return Object.keys(others).length === 0 && names.length === 1 && names[0] === TASKS_EXTENSION;
}

async function* declaring(engine: Engine, request: ModernRequest, call: CallContext): Said {
  const _meta = { ...request.params._meta, ...declaration(request) };
  for await (const message of engine.upstream({ ...request, params: { ...request.params, _meta } }, call)) {
    const outcome = 'method' in message ? undefined : outcomeOf(message);
    if (outcome === undefined || 'error' in outcome) yield message;
    else yield responseOf(request.id, { result: made(outcome.result) });
  }
}

/** A task becomes a round that only gives state; questions keep what the next round must know. */
function made(result: Json): Json {
  const { resultType, taskId, requestState } = result;
  if (resultType === 'input_required')
    return { ...result, requestState: `${DECLARING}${JSON.stringify(requestState ?? null)}` };
  if (resultType !== 'task') return result;
  if (typeof taskId !== 'string')
    throw new Fault('upstream_invalid', 'The server answered with a task that has no taskId.');
  return looksAgain({ taskId, answered: [] });
}

function withState(request: ModernRequest, requestState: unknown): ModernRequest {
  const { requestState: _, ...params } = request.params;
  return { ...request, params: typeof requestState === 'string' ? { ...params, requestState } : params };
}

function declaration(request: ModernRequest) {
  const { capabilities } = clientOf(request);
  const extensions = isObject(capabilities.extensions) ? capabilities.extensions : {};
  return { [META.clientCapabilities]: { ...capabilities, extensions: { ...extensions, [TASKS_EXTENSION]: {} } } };
}

const looksAgain = (followed: Followed, inputRequests?: Json): Json => ({
  resultType: 'input_required',
  ...(inputRequests === undefined ? {} : { inputRequests }),
  requestState: `${STATE}${JSON.stringify(followed)}`,
});

/** Hands the answers on and looks after the task until it ends or asks, or until the round has taken long enough. */
async function* follow(engine: Engine, request: ModernRequest, call: CallContext, followed: Followed): Said {
  const { inputResponses = {} } = request.params;
  const { taskId } = followed;
  const task = { taskId, answered: [...followed.answered, ...Object.keys(inputResponses)] };
  const ask = (method: string, params: Json = {}) => asked(engine, request, call, method, { taskId, ...params });
  const untilMs = engine.environment.now() + LIMITS.upstreamTaskRoundMs;
  if (Object.keys(inputResponses).length > 0) await ask('tasks/update', { inputResponses });
  while (!call.signal.aborted) {
    const found = await ask('tasks/get');
    if (found === undefined) break;
    const outcome = 'error' in found ? found : outcomeIn(found.result, task);
    if (outcome !== undefined) return yield responseOf(request.id, outcome);
    if (engine.environment.now() >= untilMs) return yield responseOf(request.id, { result: looksAgain(task) });
    await setTimeout(pauseMs(found), undefined, { signal: call.signal }).catch(() => undefined);
  }
  // A process that closes, or whose lease was taken, leaves the task to the next one; a call that was cancelled takes it along.
  if (call.signal.reason !== GOES_ON_ELSEWHERE)
    await asked(engine, request, { ...call, signal: engine.closing.signal }, 'tasks/cancel', { taskId }).catch(
      () => undefined,
    );
}

/** What a task says of the call; `undefined` while there is nothing but to look again. */
function outcomeIn({ status, result, error, inputRequests }: Json, task: Followed): Outcome | undefined {
  switch (status) {
    case 'completed':
      return { result: { resultType: 'complete', ...(isObject(result) ? result : {}) } };
    case 'failed':
      return {
        error: isObject(error) ? (error as RpcError) : { code: -32603, message: 'The task of the server failed.' },
      };
    case 'cancelled':
      return { error: { code: -32603, message: 'The server cancelled its task.' } };
    case 'input_required': {
      const open = Object.entries(isObject(inputRequests) ? inputRequests : {});
      const unanswered = open.filter(([key]) => !task.answered.includes(key));
      return unanswered.length === 0 ? undefined : { result: looksAgain(task, Object.fromEntries(unanswered)) };
    }
    case 'working':
      return undefined;
    default:
      throw new Fault('upstream_invalid', `The task of the server has the unknown status ${JSON.stringify(status)}.`);
  }
}

function pauseMs(found: Outcome): number {
  const wanted = 'result' in found ? found.result.pollIntervalMs : undefined;
  const ms = typeof wanted === 'number' ? wanted : LIMITS.taskPollMs;
  return Math.min(Math.max(ms, LIMITS.stateOnlyPauseMsMin), LIMITS.stateOnlyPauseMsMax);
}

/** One request about the task, in the name of its client; `undefined` when nobody wants the answer any more. */
async function asked(engine: Engine, request: ModernRequest, call: CallContext, method: string, params: Json) {
  const { _meta } = request.params;
  const envelope = {
    [META.protocolVersion]: _meta[META.protocolVersion],
    ...(_meta[META.clientInfo] === undefined ? {} : { [META.clientInfo]: _meta[META.clientInfo] }),
    ...declaration(request),
  };
  const about = {
    jsonrpc: '2.0',
    id: `${request.id}/${method}`,
    method,
    params: { ...params, _meta: envelope },
  } as const;
  const { principal, session, signal } = call;
  for await (const message of engine.upstream(about, { principal, signal, ...(session && { session }) }))
    if (!('method' in message)) return outcomeOf(message);
  return undefined;
}
