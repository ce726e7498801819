/**
 * A client's request: answered at once where the upstream is quick, promoted to a stored exchange with a stream otherwise.
 *
 * The fast path writes nothing. Promotion happens at the first of: a notification, `input_required`, `promoteAfterMs`. From
 * then on a driver in the background runs the round and every connection only reads the log, so that the client may leave and
 * come back.
 */
import { Fault, invariant } from '../base/errors.ts';
import { exchangeIdOf } from '../base/ids.ts';
import { LIMITS } from '../base/limits.ts';
import { isInputRequired, legacyOutcomeOf } from '../bridge/legacy-result.ts';
import type { LegacyCall, Reply, StreamEvent } from '../ports/stateful-server.ts';
import { callDigest } from '../protocol/json.ts';
import type { RpcNotification, RpcRequest, RpcResponse } from '../protocol/messages.ts';
import { outcomeOf, responseOf } from '../protocol/messages.ts';
import type { Exchange } from '../session/exchange.ts';
import { opened, scopesOf, step } from '../session/exchange.ts';
import type { Session } from '../session/session.ts';
import type { TaskFacts } from '../session/task.ts';
import { Admission } from './admission.ts';
import { connect } from './connection.ts';
import { dispatch, inBackground } from './dispatcher.ts';
import type { Engine, Running } from './engine.ts';
import { forget, keyOf } from './engine.ts';
import { keepCall, takeKept } from './kept.ts';
import { leaseFor } from './lease.ts';
import { endedIfLost, saysMemoryLost } from './lost-memory.ts';
import { deliver } from './outgoing.ts';
import { admitQuestions, callUpstream, eventOf, runRound } from './round.ts';

type Heard = IteratorResult<RpcNotification | RpcResponse>;

/** Serves a request, unless its session or principal has as many calls open as it may: then nothing is begun. */
export async function request(engine: Engine, session: Session, message: RpcRequest, call: LegacyCall): Promise<Reply> {
  const admission = new Admission(engine, session);
  const looking = admission.enter();
  if (looking !== undefined) await looking;
  try {
    return await begin(engine, session, message, call);
  } catch (thrown) {
    throw await endedIfLost(engine, session, thrown);
  } finally {
    admission.leave();
  }
}

async function begin(engine: Engine, session: Session, message: RpcRequest, call: LegacyCall): Promise<Reply> {
  const draft = draftOf(engine, session, message, call);
  const kept = await takeKept(engine, session, message);
  if (kept !== undefined) return proceed(engine, session, call, opened(draft, kept).value);

  const key = keyOf(session.id, draft.id);
  const earlier = engine.running.get(key);
  if (earlier !== undefined) {
    const existing = await openExchange(engine, session, message.id);
    // The driver of a settled exchange may still be putting its things away: the id is free already.
    if (existing !== undefined || !earlier.background) return attach(engine, session, call, message, existing);
  }
  const running: Running = { controller: new AbortController(), again: false, background: false };
  engine.running.set(key, running);
  try {
    const { value } = opened(draft);
    const source = callUpstream(engine, session, value, running.controller.signal);
    const heard = source.next();
    const first = await within(heard, LIMITS.promoteAfterMs);
    const quick = first && quickReply(message, first, session);
    if (quick !== undefined) return quick;
    if (first?.done && running.controller.signal.aborted) return { kind: 'stream', events: nothing() };
    return await promote(engine, session, call, value, running, { source, heard, first });
  } finally {
    if (!running.background) {
      forget(engine, key, running);
      if (running.again) dispatch(engine, session.id, draft.id);
    }
  }
}

const draftOf = (engine: Engine, session: Session, message: RpcRequest, { principal }: LegacyCall) => {
  const createdAtMs = engine.environment.now();
  const id = exchangeIdOf(message.id);
  const expiresAtMs = createdAtMs + LIMITS.waitingKeepMsMax;
  const named = { session: session.id, id, request: message, ...scopesOf(principal) };
  return { ...named, createdAtMs, expiresAtMs, lease: leaseFor(engine) };
};

/** The value of a promise if it comes in time. */
export function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms, undefined);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** A response that came first and asks nothing is the whole answer: plain JSON, nothing stored. */
function quickReply(message: RpcRequest, first: Heard, { revision }: Session): Reply | undefined {
  if (first.done || 'method' in first.value) return undefined;
  const outcome = outcomeOf(first.value);
  if (isInputRequired(outcome)) return undefined;
  if ('error' in outcome && saysMemoryLost(outcome)) throw new Fault('memory_lost', outcome.error.message);
  return { kind: 'json', body: responseOf(message.id, legacyOutcomeOf(outcome, { method: message.method, revision })) };
}

interface Begun {
  readonly source: AsyncIterator<RpcNotification | RpcResponse>;
  readonly heard: Promise<Heard>;
  readonly first: Heard | undefined;
}

/**
 * Stores the exchange and lets its driver go on. Where the first thing heard asks for input, the exchange is stored as
 * waiting at once: one write instead of two.
 */
async function promote(
  engine: Engine,
  session: Session,
  call: LegacyCall,
  draft: Exchange,
  running: Running,
  { source, heard, first }: Begun,
): Promise<Reply> {
  if (first !== undefined && !first.done && !('method' in first.value)) {
    const asked = step(
      draft,
      eventOf(engine, session, draft, first.value, { sequence: 0, progress: undefined, bytes: 0 }),
    );
    invariant(asked, 'a round that asks can be stepped');
    await admitQuestions(engine, session, asked.value);
    await source.return?.().catch(() => undefined);
    return proceed(engine, session, call, { ...asked.value, version: 1 });
  }
  const outcome = await create(engine, draft);
  if ('existing' in outcome) {
    running.controller.abort();
    await source.return?.().catch(() => undefined);
    return attach(engine, session, call, draft.request, outcome.existing);
  }
  const { created } = outcome;
  new Admission(engine, session).stored();
  engine.running.delete(keyOf(session.id, draft.id));
  // Before the round goes on: the first thing its program says may be that this connection should end.
  const events = connect(engine, session, created.id, 0, call.signal, { resumed: false });
  inBackground(engine, session.id, created.id, running, () =>
    runRound(engine, session, created, running.controller, source, { heard }),
  );
  return { kind: 'stream', events };
}

/** Stores an exchange that waits or is ready, and answers with its stream. */
async function proceed(engine: Engine, session: Session, call: LegacyCall, opening: Exchange): Promise<Reply> {
  const outcome = await create(engine, opening);
  if ('existing' in outcome) return attach(engine, session, call, opening.request, outcome.existing);
  const { created } = outcome;
  new Admission(engine, session).stored();
  if (created.settledBy === 'lost') await keepCall(engine, session, created);
  await deliver(engine, created);
  if (created.phase === 'ready') dispatch(engine, session.id, created.id, created);
  return { kind: 'stream', events: connect(engine, session, created.id, 0, call.signal, { resumed: false }) };
}

type Created = { readonly created: Exchange } | { readonly existing: Exchange };

/**
 * Stores a new exchange, unless its request is one sent again: request ids name a request for the whole session, so the same
 * id with the same call means that the client lost its connection. An id used again for something else, once it is settled,
 * gets the next generation: not every client counts its requests.
 */
export async function create(
  engine: Engine,
  opening: Exchange,
  taskFor?: (exchange: Exchange) => TaskFacts,
): Promise<Created> {
  for (let generation = 1; generation <= LIMITS.idGenerationsMax; generation++) {
    const named = { ...opening, id: exchangeIdOf(opening.request.id, generation) };
    const value = taskFor === undefined ? named : { ...named, task: taskFor(named) };
    const outcome = await engine.stores.exchanges.create(value);
    if (outcome.kind === 'created') return { created: value };
    const { exchange } = outcome;
    if (exchange.phase !== 'settled') return { existing: exchange };
    if (exchange.settledBy !== 'cancelled' && isSameCall(exchange, opening.request)) return { existing: exchange };
  }
  throw new Fault(
    'request_id_in_use',
    'This request id was used too often in this session. Use a fresh id for every request.',
  );
}

const isSameCall = (exchange: Exchange, message: RpcRequest): boolean =>
  callDigest(exchange.request.method, exchange.request.params) === callDigest(message.method, message.params);

/** The same request sent once more: the client lost its connection, and gets the stream from its beginning. */
function attach(engine: Engine, session: Session, call: LegacyCall, message: RpcRequest, existing?: Exchange): Reply {
  if (existing === undefined || !isSameCall(existing, message)) {
    throw new Fault(
      'request_id_in_use',
      'Another request with this id is still open in this session. Use a fresh id for every request.',
    );
  }
  return { kind: 'stream', events: connect(engine, session, existing.id, 0, call.signal, { resumed: true }) };
}

/** The unsettled exchange that a request id names, if there is one. */
export async function openExchange(
  engine: Engine,
  session: Session,
  requestId: string | number,
): Promise<Exchange | undefined> {
  for (let generation = 1; generation <= LIMITS.idGenerationsMax; generation++) {
    const exchange = await engine.stores.exchanges.load(session.id, exchangeIdOf(requestId, generation));
    if (exchange?.phase !== 'settled') return exchange;
  }
  return undefined;
}

async function* nothing(): AsyncGenerator<StreamEvent> {}
