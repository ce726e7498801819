/**
 * Tools that a program runs as tasks only (2025-11-25, "Tasks": `execution.taskSupport` is `required`).
 *
 * Such a tool is called with `task`, and its result is fetched at once with `tasks/result`, which also carries its questions: so
 * it becomes a call like any other, which may ask, be suspended and run again. Whether that call is a task to the client is
 * decided in front of the program. A client that understands no tasks is refused, as the program would refuse it.
 *
 * Only a program that offers tasks is asked for its list of tools first. `tasks/result` goes under the id of the call, which is
 * free again, so that what belongs to one is still known to belong to the other.
 */
import { Fault, rpcErrorOf } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Client } from '../bridge/from-modern.ts';
import type { Introduction } from '../bridge/from-program.ts';
import { unrelated } from '../bridge/from-program.ts';
import type { Outcome, RpcRequest } from '../protocol/messages.ts';
import { isObject } from '../protocol/messages.ts';
import { declaresTasks, TASKS_DECLARED } from '../protocol/tasks.ts';
import type { Connection } from './connection.ts';

export type TaskStep =
  /** The program was asked to make the task: what it asks now, it asks before there is one. */
  | 'begun'
  /** The task is there. */
  | 'made';

/** The outcome of a tool that is run as a task; `undefined` if the tool need not be. */
export async function outcomeOfTask(
  connection: Connection,
  request: RpcRequest,
  { capabilities }: Introduction,
  client: Client,
  onStep: (step: TaskStep) => void,
): Promise<Outcome | undefined> {
  if (request.method !== 'tools/call' || !isObject(capabilities.tasks?.requests?.tools?.call)) return undefined;
  if (!(await isTaskOnly(connection, request.params?.name))) return undefined;
  if (!declaresTasks(client.capabilities)) return refusal(String(request.params?.name));
  onStep('begun');
  const made = await connection.request(request.id, request.method, { ...request.params, task: {} });
  if ('error' in made) return made;
  const { task } = made.result;
  if (!isObject(task) || typeof task.taskId !== 'string') return made;
  onStep('made');
  const outcome = await connection.request(request.id, 'tasks/result', { taskId: task.taskId });
  return 'error' in outcome ? outcome : { result: unrelated(outcome.result) };
}

async function isTaskOnly(connection: Connection, name: unknown): Promise<boolean> {
  let cursor: string | undefined;
  for (let page = 0; page < LIMITS.listPagesMax; page++) {
    const params = cursor === undefined ? {} : { cursor };
    const listed = await connection.request(`tools ${page}`, 'tools/list', params);
    if ('error' in listed || !Array.isArray(listed.result.tools)) return false;
    const tool = listed.result.tools.find(candidate => isObject(candidate) && candidate.name === name);
    if (isObject(tool)) return isObject(tool.execution) && tool.execution.taskSupport === 'required';
    if (typeof listed.result.nextCursor !== 'string') return false;
    cursor = listed.result.nextCursor;
  }
  return false;
}

/** 2026-07-28, the extension: a server that can answer with a task only says which capability that takes. */
const refusal = (tool: string): Outcome => ({
  error: rpcErrorOf(
    new Fault(
      'capability_missing',
      `The tool ${tool} runs as a task only. Declare the extension for tasks to call it.`,
      {
        data: { requiredCapabilities: TASKS_DECLARED },
      },
    ),
  ),
});
