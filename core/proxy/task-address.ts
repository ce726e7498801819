/**
 * Where a task of 2025-11-25 is, for whoever asks for it: in the session that made it, and where that belongs to somebody, in any
 * other session of the same principal ("Tasks": a task is bound to the authorization context).
 *
 * A task's id carries its address, so nothing is looked up. What has no credentials is one principal for all and cannot be told
 * apart: there a task is known in its own session only. A task does not outlive its session, wherever it is asked for.
 */
import { LIMITS } from '../base/limits.ts';
import { ANONYMOUS } from '../ports/stateless-server.ts';
import type { Session } from '../session/session.ts';
import { phaseAt } from '../session/session.ts';
import type { Engine } from './engine.ts';
import type { Task } from './task-forms.ts';

/** Whether those who make requests as this principal are one and the same, so that it may see all its tasks. */
export const isSomebody = (principal: string): boolean => principal !== ANONYMOUS;

/** `secret` cannot be guessed. */
export const taskIdOf = (exchange: string, secret: string, { id, principal }: Session): string =>
  isSomebody(principal) ? `${exchange}.${secret}.${id}` : `${exchange}.${secret}`;

/** The task of an id; `undefined` for what is none, or somebody else's. */
export async function taskAt(engine: Engine, session: Session, taskId: unknown): Promise<Task | undefined> {
  if (typeof taskId !== 'string' || taskId.length > LIMITS.idCharactersMax * 5) return undefined;
  const [exchange = '', , home] = taskId.split('.');
  const found = await taskIn(engine, session, exchange, home);
  return found?.task.id === taskId ? found : undefined;
}

/** The task that an exchange of a session is; of one's own where none is named. */
export async function taskIn(
  engine: Engine,
  session: Session,
  exchange: string,
  home: string | undefined,
): Promise<Task | undefined> {
  const at = await homeOf(engine, session, home);
  const found = at && exchange !== '' ? await engine.stores.exchanges.load(at.id, exchange) : undefined;
  return found?.task?.era === 'legacy' && found.task.principal === session.principal
    ? { ...found, task: found.task }
    : undefined;
}

/** The session that is named, as far as the asking one may reach into it. */
export async function homeOf(engine: Engine, asking: Session, home: string | undefined): Promise<Session | undefined> {
  if (home === undefined || home === asking.id) return asking;
  if (!isSomebody(asking.principal)) return undefined;
  const found = await engine.stores.sessions.load(home, 'strong');
  const isUsable = found?.principal === asking.principal && phaseAt(found, engine.environment.now()) !== 'ended';
  return isUsable ? found : undefined;
}
