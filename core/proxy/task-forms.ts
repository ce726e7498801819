/**
 * A task as the wire has it: in the form of 2025-11-25 ("Tasks", experimental), and in that of the extension
 * `io.modelcontextprotocol/tasks` of 2026-07-28. Only spelling: what is true of a task is in `core/session/task.ts`.
 */
import { LIMITS } from '../base/limits.ts';
import { isObject } from '../protocol/messages.ts';
import { RELATED_TASK } from '../protocol/tasks.ts';
import type { Exchange } from '../session/exchange.ts';
import type { TaskFacts } from '../session/task.ts';
import { openQuestions, statusMessageOf, taskStatusOf } from '../session/task.ts';

type Json = Record<string, unknown>;

/** An exchange that is a task. */
export type Task = Exchange & { readonly task: TaskFacts };

function stateOf(exchange: Exchange, { changedAtMs = exchange.createdAtMs }: TaskFacts): Json {
  const statusMessage = statusMessageOf(exchange);
  return {
    status: taskStatusOf(exchange),
    ...(statusMessage === undefined ? {} : { statusMessage }),
    createdAt: new Date(exchange.createdAtMs).toISOString(),
    lastUpdatedAt: new Date(changedAtMs).toISOString(),
  };
}

/** The `Task` of 2025-11-25. */
export const legacyTaskOf = (exchange: Exchange, task: TaskFacts): Json => ({
  taskId: task.id,
  ...stateOf(exchange, task),
  ttl: task.ttlMs,
  pollInterval: LIMITS.taskPollMs,
});

/** The `Task` of the extension. */
export const modernTaskOf = (exchange: Exchange, task: TaskFacts): Json => ({
  taskId: task.id,
  ...stateOf(exchange, task),
  ttlMs: task.ttlMs,
  pollIntervalMs: LIMITS.taskPollMs,
});

/** The `DetailedTask` of the extension: with the open questions, the result or the error. */
export function detailedTaskOf(exchange: Exchange, task: TaskFacts): Json {
  const base = modernTaskOf(exchange, task);
  switch (base.status) {
    case 'input_required':
      return { ...base, inputRequests: openQuestions(exchange) };
    case 'completed':
    case 'failed':
      return { ...base, ...exchange.response };
    default:
      return base;
  }
}

/** A message about a task says so in `_meta` (2025-11-25, "Tasks"). */
export const relatedTo = (task: TaskFacts, value: Json): Json => ({
  ...value,
  _meta: { ...(isObject(value._meta) ? value._meta : {}), [RELATED_TASK]: { taskId: task.id } },
});
