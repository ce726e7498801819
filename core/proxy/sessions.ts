/**
 * Sessions as the proxy uses them: found, verified, touched, changed.
 *
 * A session belongs to the principal that opened it; to anyone else it does not exist, and neither do ended ones: all three
 * are one 404, while a missing header is a 400 (2025-11-25 "Session Management"). A 404 is final for real clients, so it is
 * only given after a strongly consistent read.
 */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { modernClientCapabilities } from '../bridge/legacy-initialize.ts';
import type { ClientFacts } from '../bridge/legacy-request.ts';
import type { LegacyCall } from '../ports/stateful-server.ts';
import { isLegacyRevision } from '../protocol/revisions.ts';
import type { Session } from '../session/session.ts';
import { isTouchDue, phaseAt, touched } from '../session/session.ts';
import type { Engine } from './engine.ts';

/** The session a call belongs to, touched. Throws `session_required`, `session_unknown`, `revision_unsupported`. */
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
  const usable = (session: Session | undefined): session is Session =>
    session !== undefined &&
    session.principal === call.principal.id &&
    phaseAt(session, engine.environment.now()) !== 'ended';
  let session = await engine.stores.sessions.load(id);
  if (!usable(session)) session = await engine.stores.sessions.load(id, 'strong');
  if (!usable(session))
    throw new Fault('session_unknown', 'This session does not exist or has ended. Send initialize to open a new one.');
  return touch(engine, session);
}

/** A touch is written at most once per tenth of the idle time-out; one that loses a race was made by someone else. */
async function touch(engine: Engine, session: Session): Promise<Session> {
  const nowMs = engine.environment.now();
  if (!isTouchDue(session, nowMs)) return session;
  const woke = phaseAt(session, nowMs) === 'asleep';
  if (woke)
    engine.observer({ event: 'session.woke', level: 'info', session: session.id, principal: session.principal });
  return changeSession(engine, session, current => touched(current, nowMs) ?? current);
}

/** Commits a change to a session, made again on the newest value when a commit loses a race. */
export async function changeSession(
  engine: Engine,
  session: Session,
  change: (current: Session) => Session,
): Promise<Session> {
  let current = session;
  for (let attempt = 0; attempt < LIMITS.commitAttemptsMax; attempt++) {
    const changed = change(current);
    if (changed === current) return current;
    const next = { ...changed, version: current.version + 1 };
    if ((await engine.stores.sessions.commit(next)) === 'committed') return next;
    const fresh = await engine.stores.sessions.load(session.id, 'strong');
    if (fresh === undefined) throw new Fault('session_unknown', 'This session does not exist or has ended.');
    current = fresh;
  }
  throw new Fault('store_unavailable', 'The session is being changed by too many requests at once. Try again.');
}

/** What modern requests made for a session say about its client. */
export const clientFactsOf = (session: Session): ClientFacts => ({
  clientInfo: session.clientInfo,
  clientCapabilities: modernClientCapabilities(session.clientCapabilities, session.revision),
  logLevel: session.logLevel,
  roots: session.roots,
  subscriptions: session.subscriptions,
});
