/**
 * How many unfinished tasks a principal has, so that there is a bound to it, and in which of its sessions there are any.
 *
 * Tasks are addressed by their ids and found without an index, so a principal's are noted in one small record when they are made.
 * A finished one stays noted until the record has grown to twice what was unfinished at the last look; then all are looked at,
 * which is one read for each task made, on the average.
 */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { digest } from '../protocol/json.ts';
import type { Exchange } from '../session/exchange.ts';
import type { Engine } from './engine.ts';
import { isSomebody } from './task-address.ts';
import { isTaskHolder } from './task-holder.ts';

interface Noted {
  readonly session: string;
  readonly exchange: string;
  readonly untilMs: number;
}

interface Ledger {
  readonly tasks: readonly Noted[];
  /** How many were unfinished at the last look. */
  readonly unfinished: number;
  /** Sessions in which tasks were made, and until when there may be any. Modern tasks have none. */
  readonly sessions?: Readonly<Record<string, number>>;
}

/** Tasks that may be noted before any look. */
const NOTED_MIN = 16;

/** Notes a task that is about to be made. Throws `tasks_exceeded` where the principal has as many as it may. */
export async function enroll(engine: Engine, principal: string, task: Exchange): Promise<void> {
  const { session, id, expiresAtMs } = task;
  const { state } = engine.stores;
  const scope = scopeOf(principal);
  for (let attempt = 0; attempt < LIMITS.commitAttemptsMax; attempt++) {
    const record = await state.load(scope);
    const ledger: Ledger = record === undefined ? { tasks: [], unfinished: 0 } : JSON.parse(record.json);
    const { tasks, unfinished } = await withRoom(engine, ledger);
    const noted = [...tasks, { session, exchange: id, untilMs: expiresAtMs }];
    const sessions = isSomebody(principal) ? sessionsWith(ledger, task, engine.environment.now()) : {};
    const next = {
      scope,
      version: (record?.version ?? 0) + 1,
      json: JSON.stringify({ tasks: noted, unfinished, sessions } satisfies Ledger),
      expiresAtMs: Math.max(...noted.map(({ untilMs }) => untilMs), ...Object.values(sessions)),
    };
    if ((await state.commit(next)) === 'committed') return;
  }
  throw new Fault('store_unavailable', 'Too many tasks are being made at once. Try again.');
}

/** Sessions of a principal that may have tasks of 2025-11-25, ended ones included. */
export async function sessionsWithTasks(engine: Engine, principal: string): Promise<readonly string[]> {
  const record = await engine.stores.state.load(scopeOf(principal));
  const ledger: Partial<Ledger> = record === undefined ? {} : JSON.parse(record.json);
  return Object.keys(ledger.sessions ?? {});
}

const scopeOf = (principal: string): string => `tasks#${digest(principal)}`;

/** Those whose tasks are kept longest, where there are too many. */
function sessionsWith({ sessions = {} }: Ledger, { session, expiresAtMs }: Exchange, nowMs: number) {
  const untilMs = Math.max(expiresAtMs, sessions[session] ?? 0);
  const known = isTaskHolder(session) ? sessions : { ...sessions, [session]: untilMs };
  const live = Object.entries(known).filter(([, endMs]) => endMs > nowMs);
  return Object.fromEntries(live.sort(([, one], [, other]) => other - one).slice(0, LIMITS.taskSessionsMax));
}

async function withRoom(engine: Engine, { tasks, unfinished }: Ledger): Promise<Omit<Ledger, 'sessions'>> {
  const nowMs = engine.environment.now();
  const kept = tasks.filter(({ untilMs }) => untilMs > nowMs);
  const limit = LIMITS.tasksPerPrincipalMax;
  if (kept.length < Math.min(limit, Math.max(NOTED_MIN, 2 * unfinished))) return { tasks: kept, unfinished };
  const found = await Promise.all(kept.map(({ session, exchange }) => engine.stores.exchanges.load(session, exchange)));
  const open = kept.filter((_, at) => found[at] !== undefined && found[at].phase !== 'settled');
  if (open.length < limit) return { tasks: open, unfinished: open.length };
  throw tooManyTasks();
}

export function tooManyTasks(): Fault {
  const limit = LIMITS.tasksPerPrincipalMax;
  const message = `You have ${limit} unfinished tasks, which is the most allowed. Answer or cancel one, and make the call again.`;
  return new Fault('tasks_exceeded', message, { data: { limit } });
}
