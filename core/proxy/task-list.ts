/**
 * `tasks/list` of 2025-11-25: the tasks of a principal, over all its sessions that have some.
 *
 * Which those are stands in the record in which a principal's tasks are counted; without credentials nothing is listed, as the
 * specification asks. Sessions are gone through in the order of their ids, so that pages neither repeat nor leave out what was there.
 */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { digest } from '../protocol/json.ts';
import type { Exchange } from '../session/exchange.ts';
import type { Session } from '../session/session.ts';
import type { Engine } from './engine.ts';
import { homeOf, isSomebody } from './task-address.ts';
import { legacyTaskOf } from './task-forms.ts';
import { sessionsWithTasks } from './task-ledger.ts';

type Json = Record<string, unknown>;

/** The place of a task in the list. */
interface Place {
  readonly session: string;
  readonly exchange: string;
}

/** A cursor is good for the principal it was given to. It hides nothing from it. */
const cursorOf = ({ principal }: Session, { session, exchange }: Place): string =>
  `${session}.${exchange}.${digest(`${principal} ${session} ${exchange}`)}`;

export async function taskList(engine: Engine, session: Session, cursor: unknown): Promise<Json> {
  if (!isSomebody(session.principal))
    throw new Fault('method_unknown', 'There is no tasks/list without authentication: tasks are known by their ids.');
  const tasks = await page(engine, session, cursor === undefined ? undefined : placeIn(session, cursor));
  const last = tasks.length < LIMITS.tasksPerPageMax ? undefined : tasks.at(-1);
  return {
    tasks: tasks.flatMap(exchange => (exchange.task === undefined ? [] : [legacyTaskOf(exchange, exchange.task)])),
    ...(last && { nextCursor: cursorOf(session, { session: last.session, exchange: last.id }) }),
  };
}

function placeIn(session: Session, cursor: unknown): Place {
  const [at, exchange] = typeof cursor === 'string' ? cursor.split('.') : [];
  const place = at !== undefined && exchange !== undefined ? { session: at, exchange } : undefined;
  if (place !== undefined && cursor === cursorOf(session, place)) return place;
  throw new Fault('invalid_params', 'This cursor was not given to you by tasks/list.');
}

async function page(engine: Engine, session: Session, after: Place | undefined): Promise<readonly Exchange[]> {
  const known = new Set([session.id, ...(await sessionsWithTasks(engine, session.principal))]);
  const homes = [...known].filter(id => after === undefined || id >= after.session).sort();
  const found: Exchange[] = [];
  for (const id of homes) {
    if (found.length >= LIMITS.tasksPerPageMax) break;
    if ((await homeOf(engine, session, id)) === undefined) continue;
    const limit = LIMITS.tasksPerPageMax - found.length;
    const from = after?.session === id ? { after: after.exchange, limit } : { limit };
    found.push(...(await engine.stores.exchanges.tasks(id, from)));
  }
  return found;
}
