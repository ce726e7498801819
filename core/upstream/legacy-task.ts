/**
 * The task that a server of 2025 has made of a call, followed to its end (2025-11-25, "Tasks").
 *
 * Its result is asked for at once: `tasks/result` is answered when there is one, and its stream carries the questions of the task.
 * Where that connection breaks, or the server will not keep one waiting, it is asked for again as often as the task's `pollInterval`
 * says; `tasks/get` tells whether there is a task to wait for. A server hands a question to one such request only, so that one
 * that nobody reads any more is given up first.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Fault, faultOf } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { INVALID_PARAMS } from '../protocol/codes.ts';
import type { Outcome, RequestId } from '../protocol/messages.ts';
import { isObject, isResponse } from '../protocol/messages.ts';
import { RELATED_TASK } from '../protocol/tasks.ts';
import type { Asking } from './legacy-ask.ts';
import { legacyAsk } from './legacy-ask.ts';
import type { LegacyCall } from './legacy-call.ts';
import { legacyPost, tell } from './legacy-post.ts';
import type { Heard } from './legacy-stream.ts';
import { heardFrom, resumed } from './legacy-stream.ts';

type Json = Readonly<Record<string, unknown>>;

/** What is kept of a task between the rounds that look after it. */
export interface Followed {
  readonly taskId: string;
  /** The id of the call; the ids under which its result is asked for begin so. */
  readonly calledAs: RequestId;
  /** The generation of the lease under which this was kept; 0 where there was none. */
  readonly generation?: number;
  readonly pollMs: number;
  /** The questions that were answered: a server may tell them again. */
  readonly answered: readonly RequestId[];
}

/** What a call asks for its task: to be kept as long as a client can wait for it. */
export const TASK_WANTED = { ttl: LIMITS.taskTtlMsDefault } as const;

/** The task that a call has become; `undefined` for any other outcome. */
export function taskMade(outcome: Outcome): Pick<Followed, 'taskId' | 'pollMs'> | undefined {
  const task = 'result' in outcome ? outcome.result.task : undefined;
  if (!isObject(task) || typeof task.taskId !== 'string') return undefined;
  const wantedMs = typeof task.pollInterval === 'number' ? task.pollInterval : LIMITS.taskPollMs;
  const pollMs = Math.min(Math.max(wantedMs, LIMITS.stateOnlyPauseMsMin), LIMITS.stateOnlyPauseMsMax);
  return { taskId: task.taskId, pollMs };
}

/** The id under which a result is asked for under a lease: whoever follows a process that died knows it. */
export const resultId = ({ calledAs }: Followed, generation: number): string => `${calledAs}.${generation}`;

/** The requests for a result that nobody reads any more: of the round before, and of attempts at this one whose process died. */
export function abandoned(task: Followed, requestId: RequestId, generation: number | undefined): readonly RequestId[] {
  const ids: RequestId[] = requestId === task.calledAs ? [] : [requestId];
  if (generation === undefined || !task.generation) return ids;
  for (let died = task.generation + 1; died < generation; died++) ids.push(resultId(task, died));
  return ids;
}

interface Following {
  readonly task: Followed;
  readonly running: LegacyCall;
  readonly asking: Asking;
  /** Where an earlier connection was left; absent: a new request is made. */
  readonly position: string | undefined;
  newId(): string;
}

/** Everything that is said of a task, over as many requests for its result as it takes. */
export async function* heardOfTask(following: Following): AsyncGenerator<Heard, void, undefined> {
  const { task, running, asking, newId } = following;
  const { signal } = asking;
  let { position } = following;
  for (let failures = 0; ; ) {
    try {
      for await (const heard of attempt(following, position)) {
        failures = 0;
        if (isResponse(heard.message) && heard.message.id === running.requestId) {
          const isFinal = 'result' in heard.message || (await hasEnded(task, asking, newId()));
          if (isFinal) return yield heard;
        } else yield heard;
      }
    } catch (thrown) {
      if (signal.aborted || isFutile(thrown) || ++failures > LIMITS.upstreamTaskFailuresMax) throw thrown;
    }
    await pause(task.pollMs, undefined, { signal });
    await giveUp(asking, running.requestId);
    running.requestId = `${task.calledAs}.${newId()}`;
    position = undefined;
    yield ANEW;
  }
}

const ANEW: Heard = { message: undefined, position: undefined, anew: true };

async function* attempt({ task, running, asking }: Following, position: string | undefined): AsyncGenerator<Heard> {
  const { carrier, line, caller, signal } = asking;
  const reading = { carrier, line, call: { ...caller, signal }, signal, requestId: running.requestId };
  const { taskId } = task;
  const ask = { jsonrpc: '2.0', id: running.requestId, method: 'tasks/result', params: { taskId } } as const;
  const answer =
    position === undefined ? await carrier(legacyPost(ask, line, caller), signal) : await resumed(position, reading);
  yield* heardFrom(answer, reading);
}

/** A session that is gone does not come back, and neither does its task; nor does a server learn the protocol. */
function isFutile(thrown: unknown): boolean {
  const { code, data } = faultOf(thrown);
  return data?.status === 404 || data?.reason !== undefined || code === 'upstream_invalid' || code === 'internal';
}

const ENDED: readonly unknown[] = ['completed', 'failed', 'cancelled'];

/** Whether an error is the task's own. A server that does not block says so by one as well. */
async function hasEnded({ taskId }: Followed, asking: Asking, id: string): Promise<boolean> {
  const found = await legacyAsk(asking, `f-${id}`, 'tasks/get', { taskId });
  if ('result' in found) return ENDED.includes(found.result.status);
  if (found.error.code !== INVALID_PARAMS) return true;
  const message = 'The upstream does not know the task of this call any more. Make the call again.';
  throw new Fault('upstream_lost', message, { data: { reason: 'task_unknown' } });
}

/** An answer to a question of a task says so (2025-11-25, "Tasks"). */
export const relatedTo = (task: 'wanted' | Followed | undefined, result: Json): Json =>
  task === undefined || task === 'wanted'
    ? result
    : {
        ...result,
        _meta: { ...(isObject(result._meta) ? result._meta : {}), [RELATED_TASK]: { taskId: task.taskId } },
      };

/** Gives up requests that an earlier process may have made, so that the server hands the questions to the one that follows. */
export async function giveUp(asking: Asking, requestId: RequestId): Promise<void> {
  const notice = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } } as const;
  const signal = AbortSignal.any([asking.signal, AbortSignal.timeout(LIMITS.upstreamProbeMs)]);
  await tell(asking.carrier, notice, asking.line, asking.caller, signal).catch(() => undefined);
}

/** Ends the task itself. */
export async function cancelTask({ taskId }: Followed, asking: Asking, id: string): Promise<void> {
  await legacyAsk(asking, `f-${id}`, 'tasks/cancel', { taskId }).catch(() => undefined);
}
