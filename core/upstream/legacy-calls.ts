/**
 * Calls of a server of 2025: begun, parked in `requestState` while it asks, and gone on with from any process.
 *
 * A session that is gone is opened again for a new call, which was not delivered then; for a call that waits it means
 * `upstream_lost`. A tool that runs as a task only is called as one: its task is a round that gives nothing but state, and the
 * next rounds follow it to its result. Which requests are calls is the business of `legacy-server.ts`.
 */
import { Fault, faultOf } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Client } from '../bridge/from-modern.ts';
import { programRequest } from '../bridge/from-modern.ts';
import { askingBeforeTask, inputRequired } from '../bridge/from-program.ts';
import type { Environment } from '../ports/environment.ts';
import type { Seal } from '../ports/seal.ts';
import type { CallContext } from '../ports/stateless-server.ts';
import { GOES_ON_ELSEWHERE } from '../ports/stateless-server.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import { META } from '../protocol/envelope.ts';
import type { Outcome, RpcNotification, RpcRequest, RpcResponse } from '../protocol/messages.ts';
import { isObject, responseOf } from '../protocol/messages.ts';
import { traitsOf } from '../protocol/methods.ts';
import type { Carrier } from './carrier.ts';
import { HeldCalls } from './held-calls.ts';
import { isFollowed, LegacyCall } from './legacy-call.ts';
import { legacyPost, tell } from './legacy-post.ts';
import type { LegacySession } from './legacy-session.ts';
import { ownerOf, sessionOn } from './legacy-session.ts';
import type { LegacySessions } from './legacy-sessions.ts';
import { heardFrom, resumed } from './legacy-stream.ts';
import type { Followed } from './legacy-task.ts';
import {
  abandoned,
  cancelTask,
  giveUp,
  heardOfTask,
  relatedTo,
  resultId,
  TASK_WANTED,
  taskMade,
} from './legacy-task.ts';
import type { ParkedCall } from './parked-call.ts';
import { opened, sealed } from './parked-call.ts';
import { TaskOnlyTools } from './task-only-tools.ts';

export type Said = RpcNotification | RpcResponse;

/** What one request in the course of being served is about. */
export interface Served {
  readonly request: ModernRequest;
  readonly call: CallContext;
  readonly client: Client;
}

interface Parts {
  readonly seal: Seal;
  readonly environment: Environment;
}

/** Gives the session for a call, opened if there is none; `whole` as `openLegacySession` says. */
export type SessionFor = (served: Served, whole?: boolean) => Promise<LegacySession>;

/** Ends with the outcome of a call that the server did not begin, and with nothing otherwise. */
type Saying<Refused = Outcome> = AsyncGenerator<Said, Refused | undefined, undefined>;

export class LegacyCalls {
  readonly #carrier: Carrier;
  readonly #parts: Parts;
  readonly #sessions: LegacySessions;
  readonly #sessionFor: SessionFor;
  readonly #held = new HeldCalls();
  readonly #taskOnly: TaskOnlyTools;
  readonly #name: string;
  #requests = 0;

  constructor(carrier: Carrier, parts: Parts, sessions: LegacySessions, sessionFor: SessionFor) {
    this.#carrier = carrier;
    this.#parts = parts;
    this.#sessions = sessions;
    this.#sessionFor = sessionFor;
    this.#taskOnly = new TaskOnlyTools(carrier, parts.environment);
    this.#name = `f-${parts.environment.newId()}`;
  }

  /** A new call. For a server that refuses it because it knows of no handshake, that is made again, and then the call: nothing ran. */
  async *begin(served: Served, session: LegacySession): AsyncGenerator<Said, void, undefined> {
    let current = session;
    for (let attempt = 1; ; attempt++) {
      const refused = yield* this.#called(served, current);
      if (refused === undefined) return;
      if (attempt === LIMITS.upstreamHandshakesMax) return yield responseOf(served.request.id, refused.outcome);
      this.#sessions.forget(ownerOf(served.client, served.call), refused.session);
      current = await this.#sessionFor(served, true);
    }
  }

  /** One call. A session that the server does not know any more is opened once again. */
  async *#called(served: Served, session: LegacySession): Saying<{ outcome: Outcome; session: LegacySession }> {
    const { request, call, client } = served;
    const requestId = this.#nextId();
    const running = new LegacyCall(requestId);
    const cancel = () => running.leave();
    call.signal.addEventListener('abort', cancel, { once: true });
    let current = session;
    try {
      const post = async () => {
        running.listen(current, request.params._meta[META.progressToken]);
        await this.#prepare(served, current);
        if (await this.#taskOnly.areCalledBy(request, current, call)) running.task = 'wanted';
        const message = asTask(programRequest(request, requestId), running);
        return this.#carrier(legacyPost(message, current, call), running.signal);
      };
      let answer = await post();
      if (answer.status === 404 && session.sessionId !== undefined) {
        this.#sessions.forget(ownerOf(client, call), session);
        current = await this.#sessionFor(served);
        answer = await post();
      }
      const reading = { carrier: this.#carrier, line: current, call, signal: running.signal, requestId };
      running.read(heardFrom(answer, reading));
      const outcome = yield* this.#outcomes(served, current, running);
      return outcome && { outcome, session: current };
    } catch (thrown) {
      running.leave();
      if (!call.signal.aborted) throw thrown;
      // Before the head of its answer came: the server may be at work on it all the same.
      await this.#cancel(served, current, running);
      return undefined;
    } finally {
      call.signal.removeEventListener('abort', cancel);
    }
  }

  /** What a session must know before the call: the level of its log; and its stream for questions must be open. */
  async #prepare({ request, call, client }: Served, session: LegacySession): Promise<void> {
    if (session.sessionId === undefined) return;
    const { logLevel } = client;
    if (logLevel !== undefined && logLevel !== session.logLevel && session.introduction.capabilities.logging) {
      session.logLevel = logLevel;
      const id = this.#nextId();
      const setLevel = { jsonrpc: '2.0', id, method: 'logging/setLevel', params: { level: logLevel } } as const;
      await tell(this.#carrier, setLevel, session, call, call.signal);
    }
    if (traitsOf(request.method).mayAsk && Object.keys(client.capabilities).length > 0) {
      await Promise.race([session.standing?.open(), after(LIMITS.upstreamStandMs)]);
    }
  }

  /** The retry of a call that waits: the answers go to the server, and its stream is resumed. */
  async *goOn(served: Served, state: string): AsyncGenerator<Said, void, undefined> {
    const { request, call, client } = served;
    const parked = opened(this.#parts.seal, state, request, call, this.#parts.environment.now());
    const { sessionId, revision, introduction } = parked;
    const current = await this.#sessions.of(ownerOf(client, call), {
      session: call.session,
      isOurs: false,
      open: async () => sessionOn(this.#carrier, { sessionId, revision }, introduction, call),
    });
    const session =
      current.sessionId === sessionId ? current : sessionOn(this.#carrier, { sessionId, revision }, introduction, call);
    if (!isFollowed(parked.task)) session.waiting.delete(parked.requestId);
    if (session.standing !== undefined) session.standing.lastEventId ??= parked.standing;
    const running = this.#held.take(parked.held) ?? this.#resume(parked, served, session);
    const cancel = () => running.leave();
    call.signal.addEventListener('abort', cancel, { once: true });
    try {
      await this.#prepare(served, session);
      await this.#answer(parked, served, session, running);
      const refused = yield* this.#outcomes(served, session, running);
      if (refused !== undefined) yield responseOf(request.id, refused);
    } catch (thrown) {
      running.leave();
      // Given up before it was heard: the server may be at work on it all the same.
      if (call.signal.aborted) return await this.#cancel(served, session, running);
      const fault = faultOf(thrown);
      if (fault.code === 'upstream_lost') this.#sessions.forget(ownerOf(client, call));
      throw fault;
    } finally {
      call.signal.removeEventListener('abort', cancel);
    }
  }

  #resume(parked: ParkedCall, served: Served, session: LegacySession): LegacyCall {
    const { position, requestId, task } = parked;
    const { request, call } = served;
    if (isFollowed(task)) return this.#follow(parked, task, served, session);
    if (position === undefined) {
      throw new Fault(
        'upstream_lost',
        'The connection that this call waited on is gone, and the upstream keeps no events to go on from. Make the call ' +
          'again; a server with an event store would have survived.',
      );
    }
    const running = new LegacyCall(requestId);
    running.task = task;
    running.position = position;
    const reading = { carrier: this.#carrier, line: session, call, signal: running.signal, requestId };
    const stream = async function* () {
      yield* heardFrom(await resumed(position, reading), reading);
    };
    running.listen(session, request.params._meta[META.progressToken]);
    running.read(stream());
    return running;
  }

  /** What is said of a task from where it was left, or else from now on. */
  #follow(parked: ParkedCall, task: Followed, { request, call }: Served, session: LegacySession): LegacyCall {
    const newId = () => this.#parts.environment.newId();
    const { position } = parked;
    const generation = call.lease?.generation;
    const fresh = generation === undefined ? `${task.calledAs}.${newId()}` : resultId(task, generation);
    const running = new LegacyCall(position === undefined ? fresh : parked.requestId);
    running.task = task;
    running.position = position;
    const asking = { carrier: this.#carrier, line: session, caller: call, signal: running.signal };
    const stream = async function* () {
      const left = position === undefined ? abandoned(task, parked.requestId, generation) : [];
      for (const id of left) await giveUp(asking, id);
      yield* heardOfTask({ task, running, asking, position, newId });
    };
    running.listen(session, request.params._meta[META.progressToken]);
    running.read(stream());
    return running;
  }

  /** Hands over the answers that came; what has none keeps waiting. */
  async #answer(parked: ParkedCall, { request, call }: Served, session: LegacySession, running: LegacyCall) {
    const responses: Readonly<Record<string, unknown>> = request.params.inputResponses ?? {};
    running.waiting.clear();
    for (const [key, waiting] of Object.entries(parked.waiting)) {
      const result = Object.hasOwn(responses, key) ? responses[key] : undefined;
      if (result === undefined) running.waiting.set(key, waiting);
      else if (!isObject(result)) throw new Fault('answer_invalid', `The answer to ${key} must be an object.`);
      else {
        const told = relatedTo(running.task, result);
        await tell(this.#carrier, { jsonrpc: '2.0', id: waiting.id, result: told }, session, call, call.signal);
        running.answered(waiting.id);
      }
    }
  }

  async *#outcomes(served: Served, session: LegacySession, running: LegacyCall): Saying {
    const { request, call, client } = served;
    const { id } = request;
    let isHeld = false;
    try {
      const standing = yield* running.heard(this.#carrier, session, request, client, call);
      if (standing.kind === 'given up') {
        await this.#cancel(served, session, running);
        return undefined;
      }
      const made = standing.kind === 'over' && running.task === 'wanted' ? taskMade(standing.outcome) : undefined;
      if (made !== undefined) running.becomes({ ...made, calledAs: running.requestId, answered: [] });
      else if (standing.kind === 'over') {
        session.waiting.delete(running.name);
        if (!standing.begun) return standing.outcome;
        yield responseOf(id, standing.outcome);
        return undefined;
      }
      isHeld = made === undefined && running.position === undefined;
      yield responseOf(id, this.#parked(served, session, running, isHeld));
      return undefined;
    } finally {
      if (!isHeld) running.leave();
    }
  }

  #parked({ request, call }: Served, session: LegacySession, running: LegacyCall, isHeld: boolean): Outcome {
    const { sessionId, revision, introduction } = session;
    const held = this.#parts.environment.newId();
    session.waiting.add(running.name);
    if (isHeld) this.#held.put(held, running);
    const { instructions: _, ...known } = introduction;
    const { task } = running;
    const generation = call.lease?.generation ?? 0;
    const parked = {
      sessionId,
      revision,
      introduction: known,
      requestId: running.requestId,
      task: isFollowed(task) ? { ...task, generation } : task,
      position: running.position,
      standing: session.standing?.lastEventId,
      held,
      waiting: Object.fromEntries(running.waiting),
      expiresAtMs: this.#parts.environment.now() + LIMITS.requestStateMsMax,
    };
    const inputRequests = Object.fromEntries(
      [...running.waiting].map(([key, { method, params }]) => [key, { method, params }]),
    );
    const requestState = sealed(this.#parts.seal, parked, request, call);
    const asking = running.waiting.size === 0 ? { requestState } : { inputRequests, requestState };
    const outcome = { result: inputRequired(asking, introduction.serverInfo) };
    return task === 'wanted' ? askingBeforeTask(outcome) : outcome;
  }

  /** A server of 2025 does not take a lost connection for a cancellation, and must be told: of a task, by the task's name. */
  async #cancel({ call }: Served, session: LegacySession, { requestId, task, name }: LegacyCall): Promise<void> {
    if (task !== undefined) {
      if (!isFollowed(task) || call.signal.reason === GOES_ON_ELSEWHERE) return;
      session.waiting.delete(name);
      const signal = AbortSignal.timeout(LIMITS.upstreamProbeMs);
      const asking = { carrier: this.#carrier, line: session, caller: call, signal };
      return cancelTask(task, asking, this.#parts.environment.newId());
    }
    if (session.sessionId === undefined) return;
    const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } } as const;
    await tell(this.#carrier, cancelled, session, call, AbortSignal.timeout(LIMITS.upstreamProbeMs)).catch(
      () => undefined,
    );
  }

  /** An id for a request to the server, which no other process uses in the same session. */
  #nextId(): string {
    this.#requests += 1;
    return `${this.#name}-${this.#requests}`;
  }
}

const asTask = (message: RpcRequest, { task }: LegacyCall): RpcRequest =>
  task === undefined ? message : { ...message, params: { ...message.params, task: TASK_WANTED } };

const after = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms).unref());
