/**
 * One round: one request to the upstream under a lease, its notifications into the log, its outcome into one commit.
 *
 * The round stops quietly when it is aborted (the client cancelled, the process closes) and when another process has taken
 * over; in every other case it ends in exactly one transition: completed, failed or inputRequired.
 */
import type { FaultCode } from '../base/errors.ts';
import { Fault, faultOf, rpcErrorOf } from '../base/errors.ts';
import { inputResponsesOf } from '../bridge/legacy-questions.ts';
import { modernRequestOf } from '../bridge/legacy-request.ts';
import { isInputRequired, legacyNotificationOf, legacyOutcomeOf } from '../bridge/legacy-result.ts';
import { endedStreamOf } from '../protocol/connection-end.ts';
import { metaOf } from '../protocol/envelope.ts';
import { jsonBytes } from '../protocol/json.ts';
import type { RpcNotification, RpcResponse } from '../protocol/messages.ts';
import { outcomeOf } from '../protocol/messages.ts';
import { LEGACY_TRAITS } from '../protocol/revisions.ts';
import type { Exchange, ExchangeEvent } from '../session/exchange.ts';
import { scopesOf, step, weightOf } from '../session/exchange.ts';
import type { Session } from '../session/session.ts';
import { Admission } from './admission.ts';
import type { Written } from './asked.ts';
import { askedEvent, driven } from './asked.ts';
import { stopSession } from './cancellation.ts';
import type { Engine } from './engine.ts';
import { keyOf, standaloneKeyOf } from './engine.ts';
import { handleOf } from './handle.ts';
import { keepCall } from './kept.ts';
import { holdLease } from './lease.ts';
import { saysMemoryLost } from './lost-memory.ts';
import { patiently } from './patience.ts';
import { clientFactsOf } from './sessions.ts';
import { StreamWriter } from './stream-writer.ts';
import { isTaskHolder } from './task-holder.ts';
import { transition } from './transitions.ts';
import { roundOf } from './upstream-tasks.ts';

type Heard = RpcNotification | RpcResponse;

/** Faults that say nothing against the answers: the same call made again may well go on from them. */
const KEEPS_ANSWERS: ReadonlySet<FaultCode> = new Set([
  'upstream_unreachable',
  'upstream_busy',
  'upstream_timeout',
  'upstream_lost',
  'program_unstartable',
  'program_crashed',
  'program_unresponsive',
  'store_unavailable',
  'internal',
]);

/** The upstream's messages for the round an exchange is in. */
export function callUpstream(
  engine: Engine,
  session: Session,
  exchange: Exchange,
  signal: AbortSignal,
): AsyncIterator<Heard> {
  const continued = exchange.round > 1;
  const request = modernRequestOf(
    exchange.request,
    `${exchange.id}/${exchange.round}/${exchange.generation}`,
    {
      ...clientFactsOf(session),
      endsConnections: LEGACY_TRAITS[session.revision].priming && exchange.task === undefined,
    },
    continued ? { inputResponses: inputResponsesOf(exchange.answers), requestState: exchange.requestState } : {},
  );
  const { id, generation } = exchange;
  const handle = handleOf(session);
  const call = {
    principal: { id: session.principal, ...scopesOf(exchange) },
    signal,
    ...(isTaskHolder(session.id) ? {} : { session: handle }),
    // A first round that the client brought its answers to may be sent again with them: the runner must see to that itself.
    ...(isBrought(exchange) ? {} : { lease: { session: session.id, exchange: id, generation } }),
    attempt: { call: `${handle.name}/${id}/${exchange.createdAtMs}`, again: generation > 1 },
  };
  return roundOf(engine, request, call);
}

const isBrought = ({ task, round }: Exchange): boolean => task?.brought === round;

/** Runs the round to its end. `heard` gives what was read from the upstream before the exchange was stored. */
export async function runRound(
  engine: Engine,
  session: Session,
  exchange: Exchange,
  controller: AbortController,
  source: AsyncIterator<Heard>,
  options: {
    readonly heard?: Promise<IteratorResult<Heard>>;
    readonly already?: readonly RpcNotification[] | undefined;
  } = {},
): Promise<void> {
  const admission = new Admission(engine, session);
  const writer = new StreamWriter(
    engine.stores.events,
    { session: session.id, stream: exchange.id },
    {
      sequence: exchange.sequence,
      progress: exchange.progress,
      expiresAtMs: exchange.expiresAtMs,
      already: options.already,
    },
    async () => isOurs(exchange, await engine.stores.exchanges.load(exchange.session, exchange.id)),
    bytes => admission.report(bytes),
  );
  const lease = holdLease(engine, exchange, controller);
  try {
    const event = await roundEvent(engine, session, exchange, controller.signal, source, writer, options.heard);
    if (event !== undefined) await conclude(engine, session, exchange, event);
    if (event !== undefined && 'outcome' in event && saysMemoryLost(event.outcome))
      await stopSession(engine, session.id, 'memory_lost');
  } finally {
    lease.release();
    // A write may still be under way for a round that was stopped.
    const written = writer.flush().catch(() => undefined);
    void written.then(() => admission.reported(writer.bytes));
    await source.return?.().catch(() => undefined);
  }
}

/** What came of the round; `undefined` when it was stopped. */
async function roundEvent(
  engine: Engine,
  session: Session,
  exchange: Exchange,
  signal: AbortSignal,
  source: AsyncIterator<Heard>,
  writer: StreamWriter,
  heard: Promise<IteratorResult<Heard>> | undefined,
): Promise<ExchangeEvent | undefined> {
  try {
    const response = await listen(engine, exchange, source, writer, heard);
    await writer.flush();
    if (response === undefined && signal.aborted) return undefined;
    const event = eventOf(engine, session, exchange, response, writer);
    if (event.type === 'completed') new Admission(engine, session).wrote((event.bytes ?? 0) - writer.bytes);
    if (event.type === 'inputRequired') await admitQuestions(engine, session, step(exchange, event)?.value);
    return event;
  } catch (thrown) {
    if (signal.aborted) return undefined;
    const fault = faultOf(thrown);
    report(engine, exchange, fault);
    await writer.flush().catch(() => undefined);
    const by = KEEPS_ANSWERS.has(fault.code) ? 'lost' : 'fault';
    return { type: 'failed', by, outcome: { error: rpcErrorOf(fault) }, ...driven(engine, writer) };
  }
}

async function listen(
  engine: Engine,
  exchange: Exchange,
  source: AsyncIterator<Heard>,
  writer: StreamWriter,
  heard: Promise<IteratorResult<Heard>> | undefined,
): Promise<RpcResponse | undefined> {
  const token = metaOf(exchange.request).progressToken;
  let next = await (heard ?? source.next());
  while (!next.done) {
    if (!('method' in next.value)) return next.value;
    const ended = endedStreamOf(next.value);
    if (ended === undefined) writer.write(legacyNotificationOf(next.value), token);
    else
      engine.attachments.end(
        ended === 'call' ? keyOf(exchange.session, exchange.id) : standaloneKeyOf(exchange.session),
      );
    next = await source.next();
  }
  return undefined;
}

/** Throws `questions_exceeded` where an exchange asks more than its session may leave unanswered. Tasks have holders of their own. */
export async function admitQuestions(engine: Engine, session: Session, asking: Exchange | undefined): Promise<void> {
  if (asking === undefined || isTaskHolder(session.id)) return;
  await new Admission(engine, session).ask(weightOf(asking).questions);
}

/** The transition that a response stands for. */
export function eventOf(
  engine: Engine,
  session: Session,
  exchange: Exchange,
  response: RpcResponse | undefined,
  at: Written,
): ExchangeEvent {
  const { method } = exchange.request;
  if (response === undefined) throw new Fault('upstream_invalid', `The server ended without a response to ${method}.`);
  const outcome = outcomeOf(response);
  const isModern = exchange.task?.era === 'modern';
  if (!isInputRequired(outcome))
    return {
      type: 'completed',
      outcome: isModern ? outcome : legacyOutcomeOf(outcome, { method, revision: session.revision }),
      ...driven(engine, at, jsonBytes(outcome)),
    };
  return askedEvent(engine, session, exchange, outcome.result, at);
}

/** Whether an exchange is still being driven under the lease it was claimed with. */
const isOurs = (claimed: Exchange, current: Exchange | undefined): boolean =>
  current?.generation === claimed.generation && current.phase === 'calling';

/** Commits the round's event if we still hold the exchange. */
async function conclude(engine: Engine, session: Session, exchange: Exchange, event: ExchangeEvent): Promise<void> {
  const ours = (current: Exchange) => (isOurs(exchange, current) ? event : undefined);
  const value = await patiently(async () => {
    if (event.type === 'failed' && event.by === 'lost')
      await keepCall(engine, session, { ...exchange, pending: event.pages?.requests ?? exchange.pending });
    return transition(engine, exchange.session, exchange.id, ours, exchange);
  });
  if (value === undefined) return;
  engine.observer({
    event: value.phase === 'settled' ? 'exchange.settled' : `exchange.${value.phase}`,
    level: 'info',
    session: value.session,
    exchange: value.id,
    method: value.request.method,
    durationMs: engine.environment.now() - value.createdAtMs,
    rounds: value.round,
  });
}

function report(engine: Engine, exchange: Exchange, fault: Fault): void {
  engine.observer({
    event: 'exchange.round_failed',
    level: fault.blame === 'client' ? 'info' : 'warning',
    session: exchange.session,
    exchange: exchange.id,
    method: exchange.request.method,
    code: fault.code,
    message: fault.message,
    ...(fault.detail === undefined ? {} : { detail: fault.detail }),
  });
}
