/**
 * The proxy: a stateless server of 2026-07-28 and some stores make a server with sessions for legacy clients.
 *
 * This file is the door: it tells messages apart and hands each to the part that knows it. It knows no HTTP (see
 * `core/http`) and no runner: behind `upstream` may be a program in this process or a server across the network. Source: MCP
 * 2025-11-25 "Streamable HTTP", without the HTTP.
 */
import { Fault, faultOf, rpcErrorOf } from '../base/errors.ts';
import type { ExchangeId } from '../base/ids.ts';
import { parseEventId } from '../base/ids.ts';
import type { SessionAdmin } from '../ports/session-admin.ts';
import type { LegacyCall, Reply, StatefulServer } from '../ports/stateful-server.ts';
import { GOES_ON_ELSEWHERE } from '../ports/stateless-server.ts';
import type { Message, Outcome, RpcRequest } from '../protocol/messages.ts';
import { isMessage, isNotification, isRequest, responseOf } from '../protocol/messages.ts';
import { LEGACY_TRAITS } from '../protocol/revisions.ts';
import type { Session, StopReason } from '../session/session.ts';
import { administration } from './administration.ts';
import { accept } from './answers.ts';
import { combined, messagesOf } from './batch.ts';
import { endSession, stopSession } from './cancellation.ts';
import { connect } from './connection.ts';
import { driveHere, idle } from './dispatcher.ts';
import type { Held } from './elsewhere.ts';
import { answerElsewhere } from './elsewhere.ts';
import type { Engine, ProxyOptions } from './engine.ts';
import { engineOf } from './engine.ts';
import { request } from './exchanges.ts';
import { withFarewell } from './farewell.ts';
import { openSession } from './initialize.ts';
import { concernsTasks, resumeResult, taskRequest } from './legacy-tasks.ts';
import { LOCAL_METHODS, LOCAL_NOTIFICATIONS } from './local-methods.ts';
import { withTasks } from './modern-tasks.ts';
import { sessionOf } from './sessions.ts';
import { isStandaloneId, openStandalone } from './standalone.ts';
import { sweep, sweepRegularly } from './sweep.ts';
import { isResultEventId } from './task-result.ts';

export interface ProxyServer extends StatefulServer {
  /** Drives an exchange on in this process, if it is ready and nobody else does. Rejects when that fails: it may be tried again. */
  drive(session: string, exchange: ExchangeId): Promise<void>;
  /** Ends a session, whoever owns it; `undefined` if there is none. For administrators, and for programs that lost their memory. */
  stop(session: string, reason: StopReason): Promise<Session | undefined>;
  /** Answers the question that waits under a gate's ticket, as its client would. `false` if it waits no more. */
  answer(held: Held, ticket: string, outcome: Outcome): Promise<boolean>;
  readonly admin: SessionAdmin;
  /** Notices which sessions have ended or fallen asleep by now. Called by itself every `LIMITS.sweepEveryMs`. */
  sweep(): Promise<void>;
  /** Resolves when nothing goes on behind the responses any more: no round runs, and what is ready was handed over. */
  idle(): Promise<void>;
}

export function proxy(options: ProxyOptions): ProxyServer {
  const engine = engineOf(options);
  const sweeping = sweepRegularly(engine);
  return {
    receive: (body, call) => receive(engine, body, call),
    resume: (lastEventId, call) => resume(engine, lastEventId, call),
    listen: call => openStandalone(engine, call),
    async end(call) {
      await endSession(engine, await sessionOf(engine, call), 'deleted');
    },
    modern: withFarewell(withTasks(engine), engine.closing.signal),
    drive: (session, exchange) => driveHere(engine, session, exchange),
    stop: (session, reason) => stopSession(engine, session, reason),
    answer: (held, ticket, outcome) => answerElsewhere(engine, held, ticket, outcome),
    admin: administration(engine),
    sweep: () => sweep(engine),
    idle: () => idle(engine),
    close: () => {
      clearInterval(sweeping);
      return close(engine);
    },
  };
}

async function receive(engine: Engine, body: unknown, call: LegacyCall): Promise<Reply> {
  if (Array.isArray(body)) return receiveBatch(engine, body, call);
  if (!isMessage(body)) throw new Fault('invalid_request', 'The body is no JSON-RPC 2.0 message of MCP.');
  if (isRequest(body) && body.method === 'initialize') return openSession(engine, body, call);
  return handle(engine, await sessionOf(engine, call), body, call);
}

async function receiveBatch(engine: Engine, body: readonly unknown[], call: LegacyCall): Promise<Reply> {
  const messages = messagesOf(body);
  const session = await sessionOf(engine, call);
  if (!LEGACY_TRAITS[session.revision].batches) {
    throw new Fault('invalid_request', `Revision ${session.revision} has no batches: send one message per POST.`);
  }
  return combined(await Promise.all(messages.map(message => handle(engine, session, message, call))));
}

async function handle(engine: Engine, session: Session, message: Message, call: LegacyCall): Promise<Reply> {
  if (isRequest(message)) return handleRequest(engine, session, message, call);
  if (isNotification(message)) await LOCAL_NOTIFICATIONS[message.method]?.(engine, session, message);
  else await accept(engine, session, message);
  return { kind: 'accepted' };
}

async function handleRequest(engine: Engine, session: Session, message: RpcRequest, call: LegacyCall): Promise<Reply> {
  const local = LOCAL_METHODS[message.method];
  const isTask = concernsTasks(session, message);
  if (local === undefined && !isTask) return request(engine, session, message, call);
  try {
    if (isTask) return await taskRequest(engine, session, message, call);
    await local?.(engine, session, message.params);
    return { kind: 'json', body: responseOf(message.id, { result: {} }) };
  } catch (thrown) {
    const fault = faultOf(thrown);
    if (fault.code !== 'invalid_params' && fault.code !== 'method_unknown') throw fault;
    return { kind: 'json', body: responseOf(message.id, { error: rpcErrorOf(fault) }) };
  }
}

/** Redelivers what follows an event, of that stream only, and goes on live. */
async function resume(engine: Engine, lastEventId: string, call: LegacyCall): Promise<Reply> {
  if (isStandaloneId(lastEventId)) return openStandalone(engine, call, lastEventId);
  const session = await sessionOf(engine, call);
  if (isResultEventId(lastEventId)) return resumeResult(engine, session, lastEventId, call);
  const position = parseEventId(lastEventId);
  const exchange = position && (await engine.stores.exchanges.load(session.id, position.stream));
  if (position === undefined || exchange === undefined || exchange.expiresAtMs <= engine.environment.now()) {
    throw new Fault('stream_unknown', 'Last-Event-ID names no stream of this session, or one that is over for long.');
  }
  return {
    kind: 'stream',
    events: connect(engine, session, position.stream, position.sequence, call.signal, { resumed: true }),
  };
}

/** Connections end at once, with `retry` where clients need it; running rounds may finish within the drain time. */
async function close(engine: Engine): Promise<void> {
  engine.closing.abort();
  const drained = idle(engine);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise(resolve => {
    timer = setTimeout(resolve, engine.settings.drainMs);
  });
  await Promise.race([drained, patience]);
  clearTimeout(timer);
  for (const { controller } of engine.running.values()) controller.abort(GOES_ON_ELSEWHERE);
  await Promise.allSettled([...engine.drivers]);
}
