/**
 * A task: an exchange whose response is fetched with requests of its own, instead of being sent on the stream of its call.
 *
 * What makes an exchange a task, and its status and open questions, derived from the exchange. A task has no state of its own,
 * so nothing here can disagree with the exchange machine. How a task looks on the wire is not known here. Source: 2025-11-25
 * "Tasks"; the extension `io.modelcontextprotocol/tasks` of 2026-07-28.
 */
import type { Exchange } from './exchange.ts';

/** What makes an exchange a task. */
export interface TaskFacts {
  /** How clients name it. It carries the exchange's address and cannot be guessed. */
  readonly id: string;
  readonly era: 'legacy' | 'modern';
  readonly principal: string;
  readonly ttlMs: number;
  /** When its status last changed; absent as long as it is as it was made. */
  readonly changedAtMs?: number;
  /** The round that the client began with answers of its own, given before there was a task. */
  readonly brought?: number;
}

export type TaskStatus = 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';

type Json = Record<string, unknown>;

/** A failed tool is a failed task in 2025; in 2026 only an error of the protocol is. */
export function taskStatusOf({ phase, settledBy, response, task }: Exchange): TaskStatus {
  if (phase === 'waiting') return 'input_required';
  if (phase !== 'settled') return 'working';
  if (settledBy === 'cancelled') return 'cancelled';
  if (response === undefined || 'error' in response) return 'failed';
  return task?.era === 'legacy' && response.result.isError === true ? 'failed' : 'completed';
}

/** The exchange after a step, with the time noted where that changed its status as a task. */
export function stamped(before: Exchange, after: Exchange, nowMs: number): Exchange {
  if (after.task === undefined || taskStatusOf(before) === taskStatusOf(after)) return after;
  return { ...after, task: { ...after.task, changedAtMs: nowMs } };
}

/** For people: what a status alone does not say. */
export function statusMessageOf(exchange: Exchange): string | undefined {
  switch (taskStatusOf(exchange)) {
    case 'failed':
      return exchange.response !== undefined && 'error' in exchange.response
        ? exchange.response.error.message
        : 'The tool says that it failed.';
    case 'cancelled':
      return 'It was cancelled before it was done.';
    case 'input_required': {
      const open = Object.keys(openQuestions(exchange)).length;
      return open === 1 ? 'Waiting for an answer.' : `Waiting for ${open} answers.`;
    }
    default:
      return undefined;
  }
}

/** Keys must be unique over a task's life, and an upstream may use the same one in every round. */
export function openQuestions({ asked, pending, answers, round }: Exchange): Json {
  const open = asked.filter(key => !Object.hasOwn(answers, key));
  return Object.fromEntries(open.map(key => [`${round}.${key}`, pending[key]]));
}

/** The question that a key of `inputResponses` answers; `undefined` if it is none of ours. */
export function parseTaskKey(key: string): { readonly round: number; readonly key: string } | undefined {
  const [, round, name] = /^([0-9]{1,6})\.(.+)$/s.exec(key) ?? [];
  return round === undefined || name === undefined ? undefined : { round: Number(round), key: name };
}
