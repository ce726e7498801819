/**
 * The standalone stream of a session at a server of 2025: what it says outside the streams of calls (2025-11-25, "Listening for
 * messages from the server").
 *
 * Many servers ask their questions here, since their SDK does so unless it is told which call a question belongs to; and here
 * they tell of changes. The stream is open while calls run that may ask, and while someone follows the changes; it is let go
 * while calls only wait for their client. A server without one answers 405, which is remembered.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { LIMITS } from '../base/limits.ts';
import type { CallContext } from '../ports/stateless-server.ts';
import { parsedJson } from '../protocol/json.ts';
import type { Message, RpcNotification, RpcRequest, RpcResponse } from '../protocol/messages.ts';
import { isMessage, isNotification, isRequest } from '../protocol/messages.ts';
import { decodeSse } from '../protocol/sse-decode.ts';
import type { Answer, Carrier } from './carrier.ts';
import type { Line } from './legacy-post.ts';
import { CONFLICT, legacyGet, tell } from './legacy-post.ts';

/** Takes a message, or leaves it for the next listener. */
type Listener = (message: Message) => boolean;

/** Who wants to hear of changes for as long as the session lives. */
export interface Follower {
  onChange(notification: RpcNotification): void;
  /** The stream broke, and whatever was told since is lost. */
  onGap(): void;
  /** Nothing will come any more; `lost` if the server does not know the session. */
  onEnd(why: 'refused' | 'lost' | 'closed'): void;
}

/** What came of an attempt to open the stream. */
export type Opened = 'open' | 'refused' | 'lost' | 'not now';

export class StandingStream {
  readonly #carrier: Carrier;
  readonly #line: Line;
  readonly #caller: Pick<CallContext, 'principal' | 'session'>;
  readonly #listeners = new Set<Listener>();
  readonly #followers = new Set<Follower>();
  #current: { readonly stop: AbortController; readonly opening: Promise<Opened> } | undefined;
  /** Settles when what the current stream says has been read. */
  #read: Promise<void> = Promise.resolve();
  /** Whether listeners want it open: not every call may ask. */
  #isWanted = false;
  /** Ends the loop that keeps the stream open. */
  #keeping: AbortController | undefined;
  /** Where to go on from, so that nothing said in between is missed; for a server that keeps events. */
  lastEventId: string | undefined;
  #retryMs: number = LIMITS.retryMs;
  #isYielding = false;

  constructor(carrier: Carrier, line: Line, { principal, session }: CallContext) {
    this.#carrier = carrier;
    this.#line = line;
    this.#caller = { principal, ...(session === undefined ? {} : { session }) };
  }

  /** Keeps the stream open while somebody listens. Resolves when it is, or is known not to be had for now. */
  open(): Promise<Opened> {
    this.#isWanted = true;
    this.#keep();
    return this.#open();
  }

  /** The oldest listener hears first. Gives what ends it; with the last of them the stream is let go, for another process may want it. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      this.#letGo();
    };
  }

  /** Every follower hears every change. Gives what ends it. */
  follow(follower: Follower): () => void {
    this.#followers.add(follower);
    this.#keep();
    return () => {
      this.#followers.delete(follower);
      this.#letGo();
    };
  }

  /** Whether the server has such a stream at all. It stays open for a moment, in which whoever asked may follow. */
  async tried(): Promise<Opened> {
    const opened = await this.#open();
    setTimeout(() => this.#letGo(), LIMITS.upstreamStandMs).unref();
    return opened;
  }

  get isFollowed(): boolean {
    return this.#followers.size > 0;
  }

  /** Nothing is heard of the session any more. */
  close(): void {
    this.#keeping?.abort();
    this.#keeping = undefined;
    for (const follower of [...this.#followers]) follower.onEnd('closed');
    this.#cut();
  }

  #letGo(): void {
    if (this.#listeners.size === 0) this.#isWanted = false;
    if (this.#isWanted || this.#followers.size > 0) return;
    this.#keeping?.abort();
    this.#keeping = undefined;
    if (this.#listeners.size === 0) this.#cut();
  }

  #cut(): void {
    this.#current?.stop.abort();
    this.#current = undefined;
  }

  #keep(): void {
    if (this.#keeping !== undefined) return;
    this.#keeping = new AbortController();
    void this.#keepOpen(this.#keeping.signal);
  }

  /** Opens the stream again whenever it ends. */
  async #keepOpen(signal: AbortSignal): Promise<void> {
    let isGap = false;
    for (let failures = 0; !signal.aborted; ) {
      const opened = await this.#open();
      if (signal.aborted) return;
      if (opened === 'refused' || opened === 'lost') {
        for (const follower of [...this.#followers]) follower.onEnd(opened);
        return;
      }
      if (opened === 'open') {
        failures = 0;
        if (isGap) for (const follower of this.#followers) follower.onGap();
        await this.#read;
        // What was said in between is sent again by a server that keeps events.
        isGap = this.lastEventId === undefined;
      } else {
        failures++;
        isGap = true;
      }
      const longestMs = this.#listeners.size > 0 ? LIMITS.retryMs : LIMITS.relistenMsMax;
      const ms = this.#isYielding ? LIMITS.upstreamStandYieldMs : Math.min(this.#retryMs * 2 ** failures, longestMs);
      this.#isYielding = false;
      await pause(ms, undefined, { signal }).catch(() => undefined);
    }
  }

  #open(): Promise<Opened> {
    if (this.#current === undefined) {
      const stop = new AbortController();
      this.#current = { stop, opening: this.#opened(stop) };
    }
    return this.#current.opening;
  }

  /** A server allows one such stream only, and may not have noticed yet that the last one is gone. */
  async #opened(stop: AbortController): Promise<Opened> {
    for (let attempt = 1; attempt <= LIMITS.upstreamStandAttemptsMax && !stop.signal.aborted; attempt++) {
      const post = legacyGet(this.lastEventId, this.#line, this.#caller);
      const answer = await this.#carrier(post, stop.signal).catch(() => undefined);
      if (answer?.status === CONFLICT) {
        await pause(LIMITS.upstreamStandPauseMs);
        continue;
      }
      if (answer?.status === 200) {
        this.#read = this.#reading(answer, stop);
        return 'open';
      }
      if (answer?.status === METHOD_NOT_ALLOWED) return 'refused';
      this.#forget(stop);
      return answer?.status === NOT_FOUND ? 'lost' : 'not now';
    }
    this.#forget(stop);
    return 'not now';
  }

  async #reading({ body }: Answer, stop: AbortController): Promise<void> {
    try {
      for await (const { data, id, retryMs } of decodeSse(body)) {
        if (stop.signal.aborted) return;
        if (id !== undefined) this.lastEventId = id;
        if (retryMs !== undefined) this.#retryMs = Math.min(retryMs, LIMITS.upstreamRetryMsMax);
        const message = data === '' ? undefined : parsedJson(data);
        if (isMessage(message)) this.#hear(message, stop);
      }
    } catch {
      // It broke: whoever needs it next opens it again.
    }
    this.#forget(stop);
  }

  #hear(message: Message, stop: AbortController): void {
    if (isNotification(message) && isChange(message)) {
      for (const follower of this.#followers) follower.onChange(message);
      return;
    }
    for (const listener of this.#listeners) if (listener(message)) return;
    if (isRequest(message)) this.#decline(message, stop);
  }

  /**
   * A question that no call of this process waits for. Where calls can be resumed it may be one of a call that goes on elsewhere:
   * the stream is let go for a while, so that the other process, which knows an earlier position, is told the question.
   */
  #decline({ id, method }: RpcRequest, stop: AbortController): void {
    const reply = (response: RpcResponse): void => {
      const patience = AbortSignal.timeout(LIMITS.upstreamProbeMs);
      tell(this.#carrier, response, this.#line, this.#caller, patience).catch(() => undefined);
    };
    if (method === 'ping') reply({ jsonrpc: '2.0', id, result: {} });
    else if (this.lastEventId === undefined) {
      const message = `The client cannot be asked for ${method} now: no call is open.`;
      reply({ jsonrpc: '2.0', id, error: { code: -32601, message } });
    } else if (this.#current?.stop === stop) {
      this.#isYielding = true;
      this.#cut();
    }
  }

  #forget(stop: AbortController): void {
    if (this.#current?.stop === stop) this.#current = undefined;
  }
}

const isChange = ({ method }: RpcNotification): boolean =>
  /^notifications\/(?:(?:tools|prompts|resources)\/list_changed|resources\/updated)$/.test(method);

const NOT_FOUND = 404;
const METHOD_NOT_ALLOWED = 405;
