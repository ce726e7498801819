/**
 * Sessions as the proxy uses them: found, verified, touched.
 *
 * A session belongs to the principal that opened it; to anyone else it does not exist: unknown and foreign sessions are one
 * 404, a missing header is a 400 (2025-11-25 "Session Management"), and only its own principal hears why and when a session
 * ended. A 404 is final for real clients, so it is only given after a strongly consistent read.
 */
import { Fault } from '../base/errors.ts';
import { modernClientCapabilities } from '../bridge/legacy-initialize.ts';
import type { ClientFacts } from '../bridge/legacy-request.ts';
import type { LegacyCall } from '../ports/stateful-server.ts';
import { isLegacyRevision } from '../protocol/revisions.ts';
import type { EndReason, Session } from '../session/session.ts';
import { isTouchDue, leftOpen, phaseAt, touched } from '../session/session.ts';
import { release } from './cancellation.ts';
import { changeSession } from './changes.ts';
import type { Engine } from './engine.ts';
import { isTaskHolder } from './task-holder.ts';
import { tell, watch, woken } from './watch.ts';

/** The session a call belongs to, touched. Throws `session_required`, `session_unknown`, `session_ended`, `revision_unsupported`. */
export async function sessionOf(engine: Engine, call: LegacyCall): Promise<Session> {
  if (call.revision !== undefined && !isLegacyRevision(call.revision)) {
    throw new Fault(
      'revision_unsupported',
      `MCP-Protocol-Version ${JSON.stringify(call.revision)} is not supported here.`,
    );
  }
  if (call.sessionId === undefined) {
    throw new Fault(
      'session_required',
      'Mcp-Session-Id is missing. Send initialize first, then its session id with every request.',
    );
  }
  const id = call.sessionId;
  const isOwn = (session: Session | undefined): boolean => session?.principal === call.principal.id;
  const isUsable = (session: Session | undefined): boolean =>
    session !== undefined && isOwn(session) && phaseAt(session, engine.environment.now()) !== 'ended';
  if (isTaskHolder(id))
    throw new Fault('session_unknown', 'This is a task and no session. Send initialize to open one.');
  let session = await engine.stores.sessions.load(id);
  if (!isUsable(session)) session = await engine.stores.sessions.load(id, 'strong');
  if (session === undefined || !isOwn(session))
    throw new Fault('session_unknown', 'This session does not exist. Send initialize to open a new one.');
  if (!isUsable(session)) throw await ended(engine, session);
  return touch(engine, session);
}

const CAUSES: Readonly<Record<EndReason, string>> = {
  deleted: 'its client deleted it',
  stopped: 'an administrator stopped it',
  memory_lost: 'its program kept state in memory, and that memory is gone',
  outlived: 'it had reached its longest lifetime',
  idled: 'it had been idle for too long',
};

/**
 * Tells a session's own principal why and when it ended. What is left of one that was ended on purpose is given
 * free now; one that time has ended is left to the sweep, which mistrusts a clock that jumps.
 */
async function ended(engine: Engine, session: Session): Promise<Fault> {
  const nowMs = engine.environment.now();
  if (engine.watched.get(session.id)?.phase !== 'ended') {
    if (session.stoppedAtMs === undefined) watch(engine, session);
    else await release(engine, session, nowMs);
  }
  return endedFault(engine, session);
}

/** What a client hears of its own session that has ended. */
export function endedFault(engine: Engine, session: Session): Fault {
  const nowMs = engine.environment.now();
  const { reason, atMs } = leftOpen(session, nowMs) ?? { reason: 'outlived', atMs: nowMs };
  const endedAt = new Date(atMs).toISOString();
  const message = `This session ended at ${endedAt}, because ${CAUSES[reason]}. Send initialize to open a new one.`;
  return new Fault('session_ended', message, { data: { reason, endedAt } });
}

/** A touch is written at most once per tenth of the idle time-out; one that loses a race was made by someone else. */
async function touch(engine: Engine, session: Session): Promise<Session> {
  const nowMs = engine.environment.now();
  if (!isTouchDue(session, nowMs)) return watch(engine, session);
  const slept = phaseAt(session, nowMs) === 'asleep';
  if (slept && engine.watched.get(session.id)?.phase !== 'asleep') await tell(engine, session, 'asleep', nowMs);
  const current = await changeSession(engine, session, newest => touched(newest, nowMs) ?? newest);
  return slept ? woken(engine, current) : watch(engine, current);
}

/** What modern requests made for a session say about its client. */
export const clientFactsOf = (session: Session): ClientFacts => ({
  clientInfo: session.clientInfo,
  clientCapabilities: modernClientCapabilities(session.clientCapabilities, session.revision),
  logLevel: session.logLevel,
  roots: session.roots,
  subscriptions: session.subscriptions,
});
