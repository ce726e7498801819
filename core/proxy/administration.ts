/** Sessions as an administrator sees them: listed, inspected, stopped. Who is an administrator is not known here. */
import { questionIdOf } from '../base/ids.ts';
import { LIMITS } from '../base/limits.ts';
import type { ExchangeView, SessionAdmin, SessionView } from '../ports/session-admin.ts';
import { jsonBytes } from '../protocol/json.ts';
import type { Exchange } from '../session/exchange.ts';
import type { Session } from '../session/session.ts';
import { endsAtMs, idlesAtMs, leftOpen, phaseAt } from '../session/session.ts';
import type { TaskFacts } from '../session/task.ts';
import { taskStatusOf } from '../session/task.ts';
import { stopSession } from './cancellation.ts';
import type { Engine } from './engine.ts';

export const administration = (engine: Engine): SessionAdmin => ({
  async list({ principal, after, limit = LIMITS.sessionsPerPageMax }) {
    const page = await engine.stores.sessions.list({
      limit: Math.min(limit, LIMITS.sessionsPerPageMax),
      ...(principal === undefined ? {} : { principal }),
      ...(after === undefined ? {} : { after }),
    });
    const sessions = page.sessions.map(session => viewOf(engine, session));
    return { sessions, ...(page.next === undefined ? {} : { next: page.next }) };
  },

  async inspect(id, { reveal }) {
    const session = await engine.stores.sessions.load(id, 'strong');
    if (session === undefined) return undefined;
    const open = await engine.stores.exchanges.unsettled(id);
    const tasks = await engine.stores.exchanges.tasks(id, { limit: LIMITS.tasksPerPageMax });
    const shown = [...open, ...tasks.filter(({ phase }) => phase === 'settled')];
    return { ...viewOf(engine, session), exchanges: shown.map(exchange => exchangeView(exchange, reveal)) };
  },

  async stop(id) {
    const session = await stopSession(engine, id, 'stopped');
    return session && viewOf(engine, session);
  },
});

function viewOf(engine: Engine, session: Session): SessionView {
  const nowMs = engine.environment.now();
  const left = leftOpen(session, nowMs);
  const { id, principal, revision, clientInfo, createdAtMs, seenAtMs } = session;
  return {
    session: id,
    principal,
    phase: phaseAt(session, nowMs),
    client: `${clientInfo.name} ${clientInfo.version}`,
    revision,
    ...(session.class === undefined ? {} : { class: session.class }),
    createdAtMs,
    seenAtMs,
    idlesAtMs: idlesAtMs(session),
    endsAtMs: endsAtMs(session),
    ...(left === undefined ? {} : { left }),
  };
}

const exchangeView = (exchange: Exchange, reveal: boolean): ExchangeView => ({
  exchange: exchange.id,
  method: exchange.request.method,
  phase: exchange.phase,
  round: exchange.round,
  createdAtMs: exchange.createdAtMs,
  ...(exchange.askedAtMs === undefined ? {} : { askedAtMs: exchange.askedAtMs }),
  bytes: jsonBytes(exchange),
  questions: Object.entries(exchange.pending).map(([key, { method, params }]) => ({
    id: questionIdOf({ exchange: exchange.id, round: exchange.round, key }),
    method,
    answered: Object.hasOwn(exchange.answers, key),
    ...(reveal ? { params } : {}),
  })),
  ...(exchange.task && { task: taskView(exchange, exchange.task) }),
});

const taskView = (exchange: Exchange, { ttlMs }: TaskFacts) => ({
  status: taskStatusOf(exchange),
  ttlMs,
  endsAtMs: exchange.expiresAtMs,
});
