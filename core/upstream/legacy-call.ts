/**
 * One call to a server of 2025, heard until it is over or waits for the client.
 *
 * What the server asks becomes `input_required`. Its stream is then left: a lost connection is no cancellation (2025-11-25,
 * "Sending messages"), and whoever brings the answers resumes it with `Last-Event-ID`, in any process. A server that gives no
 * event ids cannot be resumed; its connection is held in this process instead.
 */
import { Fault, rpcErrorOf } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Client } from '../bridge/from-modern.ts';
import { destinationOf } from '../bridge/from-notification.ts';
import { modernError, modernResult, unrelated } from '../bridge/from-program.ts';
import { lackFor } from '../bridge/from-question.ts';
import { questionOf } from '../journal/question.ts';
import type { CallContext } from '../ports/stateless-server.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import { META } from '../protocol/envelope.ts';
import type { Message, Outcome, RequestId, RpcNotification, RpcRequest, RpcResponse } from '../protocol/messages.ts';
import { isRequest, isResponse, outcomeOf } from '../protocol/messages.ts';
import { isInputMethod } from '../protocol/methods.ts';
import type { Carrier } from './carrier.ts';
import { Inbox } from './inbox.ts';
import { tell } from './legacy-post.ts';
import type { LegacySession } from './legacy-session.ts';
import { missesHandshake } from './legacy-session.ts';
import type { Heard } from './legacy-stream.ts';
import type { Followed } from './legacy-task.ts';
import type { Waiting } from './parked-call.ts';

/** How a call stands when it is left. */
export type Standing =
  /** `begun` is false where the server refused it because it knows of no handshake. */
  | { readonly kind: 'over'; readonly outcome: Outcome; readonly begun: boolean }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'given up' };

type Item = Heard | { readonly failed: unknown };

export class LegacyCall {
  /** The request whose response ends it: of a task, the one for its result. */
  requestId: RequestId;
  /** What it is where its tool runs as a task only: asked to become one, or the task that is there. */
  task: 'wanted' | Followed | undefined;
  /** Questions without an answer, under the keys that the client gets to see. */
  readonly waiting = new Map<string, Waiting>();
  position: string | undefined;
  readonly #inbox = new Inbox<Item>();
  readonly #stop = new AbortController();
  #lacking: Record<string, unknown> | undefined;
  #unlisten: (() => void) | undefined;

  constructor(requestId: RequestId) {
    this.requestId = requestId;
  }

  /** Ends the connection, and with it everything that is read for this call. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** How its session knows it, whatever is asked for its task's sake. */
  get name(): RequestId {
    return isFollowed(this.task) ? this.task.calledAs : this.requestId;
  }

  /** The server has made a task of it: its own stream is over. */
  becomes(task: Followed): void {
    this.task = task;
    this.position = undefined;
  }

  answered(question: RequestId): void {
    if (isFollowed(this.task)) this.task = { ...this.task, answered: [...this.task.answered, question] };
  }

  /** Listens to what the session says outside of calls, before the call is made: a question may be faster than the call's own stream. */
  listen({ standing }: LegacySession, token: unknown): void {
    this.#unlisten?.();
    this.#unlisten = standing?.listen(message => this.#takes(message, token));
  }

  /** Reads a stream in the background; what comes waits until it is heard. */
  read(stream: AsyncIterable<Heard>): void {
    void (async () => {
      try {
        for await (const heard of stream) this.#inbox.put(heard);
      } catch (thrown) {
        this.#inbox.put({ failed: thrown });
      }
    })();
  }

  leave(): void {
    this.#unlisten?.();
    this.#stop.abort();
  }

  /** Outside the call's own stream, questions are taken for its own, and progress with its token is. */
  #takes(message: Message, token: unknown): boolean {
    const isOurs =
      isRequest(message) ||
      ('method' in message &&
        message.method === 'notifications/progress' &&
        token !== undefined &&
        message.params?.progressToken === token);
    if (isOurs) this.#inbox.put({ message, position: undefined });
    return isOurs;
  }

  /** Yields the notifications of the call; returns when it is over, waits for its client or for another round, or is given up. */
  async *heard(
    carrier: Carrier,
    session: LegacySession,
    request: ModernRequest,
    client: Client,
    call: CallContext,
  ): AsyncGenerator<RpcNotification, Standing, undefined> {
    const endMs = performance.now() + (isFollowed(this.task) ? LIMITS.upstreamTaskRoundMs : Number.POSITIVE_INFINITY);
    const listening = {
      token: request.params._meta[META.progressToken] as RequestId | undefined,
      logLevel: client.logLevel,
    };
    for (let hasBegun = false; ; ) {
      const leftMs = this.waiting.size > 0 ? LIMITS.upstreamSettleMs : endMs - performance.now();
      const item = await this.#inbox.next(call.signal, Number.isFinite(leftMs) ? Math.max(0, leftMs) : undefined);
      if (item === undefined) return { kind: call.signal.aborted ? 'given up' : 'waiting' };
      if ('failed' in item) throw item.failed;
      this.position = item.anew ? undefined : (item.position ?? this.position);
      const { message } = item;
      if (message === undefined) continue;
      if (isResponse(message)) {
        if (message.id === this.requestId || message.id === undefined) {
          const begun = hasBegun || !('error' in message) || !missesHandshake(message.error);
          return { kind: 'over', outcome: this.#outcome(message, session, request), begun };
        }
        continue;
      }
      hasBegun = true;
      if (isRequest(message)) {
        const reply = this.#replyTo(message, session, client);
        if (reply !== undefined) await tell(carrier, reply, session, call, call.signal);
      } else if (destinationOf(message, listening) === 'stream') yield withoutTask(message);
    }
  }

  /** What the server is told at once; `undefined` for a question that waits for the client. */
  #replyTo(question: RpcRequest, { sessionId }: LegacySession, client: Client): RpcResponse | undefined {
    const { id, method } = question;
    if (sessionId === undefined) {
      throw new Fault(
        'upstream_invalid',
        `The upstream asked ${method} within a call, but keeps no session, so that no answer can reach it. ` +
          'A server that asks needs sessions and an event store, or can be served as a program.',
      );
    }
    if (method === 'ping') return { jsonrpc: '2.0', id, result: {} };
    if (!isInputMethod(method)) {
      return { jsonrpc: '2.0', id, error: { code: -32601, message: `Method not found: ${method}` } };
    }
    if (this.#isKnown(id)) return undefined;
    const params = question.params ?? {};
    const lack = lackFor(method, params, client.capabilities);
    if (lack !== undefined) {
      this.#lacking = { ...this.#lacking, ...lack.required };
      return { jsonrpc: '2.0', id, error: lack.error };
    }
    if (method === 'roots/list' && client.roots !== undefined) {
      return { jsonrpc: '2.0', id, result: { ...client.roots } };
    }
    if (this.waiting.size >= LIMITS.questionsPerRoundMax) {
      throw new Fault(
        'upstream_invalid',
        `The upstream asks more than ${LIMITS.questionsPerRoundMax} questions at once.`,
      );
    }
    const asked = questionOf(method, params);
    this.waiting.set(this.#freeKey(asked.stem), { id, method, params: asked.params });
    return undefined;
  }

  /** A server may tell a task's question to each request for its result. */
  #isKnown(id: RequestId): boolean {
    if (!isFollowed(this.task)) return false;
    return this.task.answered.includes(id) || [...this.waiting.values()].some(open => open.id === id);
  }

  #freeKey(stem: string): string {
    let key = stem;
    for (let n = 2; this.waiting.has(key); n++) key = `${stem}-${n}`;
    return key;
  }

  #outcome(response: RpcResponse, { introduction }: LegacySession, request: ModernRequest): Outcome {
    const outcome = outcomeOf(response);
    if (this.#lacking !== undefined && ('error' in outcome || outcome.result.isError === true)) {
      const message = `This needs a capability that the client did not declare: ${Object.keys(this.#lacking).join(', ')}.`;
      const data = { requiredCapabilities: this.#lacking };
      return { error: rpcErrorOf(new Fault('capability_missing', message, { data })) };
    }
    return 'error' in outcome
      ? { error: modernError(request.method, request.params, outcome.error) }
      : { result: modernResult(request.method, unrelated(outcome.result), introduction.serverInfo) };
  }
}

export const isFollowed = (task: LegacyCall['task']): task is Followed => task !== undefined && task !== 'wanted';

const withoutTask = (notification: RpcNotification): RpcNotification =>
  notification.params === undefined ? notification : { ...notification, params: unrelated(notification.params) };
