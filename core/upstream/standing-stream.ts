/**
 * The standalone stream of a session at a server of 2025: what it says outside the streams of calls (2025-11-25, "Listening for
 * messages from the server").
 *
 * Many servers ask their questions here, since their SDK does so unless it is told which call a question belongs to. The stream
 * is open while calls run that may ask, and let go while they wait for their client. A server without one answers 405, which is remembered. What is said while nobody is here is lost, as it is for any client.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { LIMITS } from '../base/limits.ts';
import type { CallContext } from '../ports/stateless-server.ts';
import { parsedJson } from '../protocol/json.ts';
import type { Message } from '../protocol/messages.ts';
import { isMessage } from '../protocol/messages.ts';
import { decodeSse } from '../protocol/sse-decode.ts';
import type { Answer, Carrier } from './carrier.ts';
import type { Line } from './legacy-post.ts';
import { legacyGet } from './legacy-post.ts';

/** Takes a message, or leaves it for the next listener. */
type Listener = (message: Message) => boolean;

export class StandingStream {
  readonly #carrier: Carrier;
  readonly #line: Line;
  readonly #caller: Pick<CallContext, 'principal' | 'session'>;
  readonly #listeners = new Set<Listener>();
  #open: { readonly stop: AbortController; readonly opening: Promise<void> } | undefined;
  /** Where to go on from, so that nothing said in between is missed; for a server that keeps events. */
  lastEventId: string | undefined;

  constructor(carrier: Carrier, line: Line, { principal, session }: CallContext) {
    this.#carrier = carrier;
    this.#line = line;
    this.#caller = { principal, ...(session === undefined ? {} : { session }) };
  }

  /** Resolves when the stream is open, or is known not to be had for now. */
  open(): Promise<void> {
    if (this.#open === undefined) {
      const stop = new AbortController();
      this.#open = { stop, opening: this.#opened(stop) };
    }
    return this.#open.opening;
  }

  /** The oldest listener hears first. Gives what ends it; with the last listener the stream is let go, for another process may want it. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.close();
    };
  }

  close(): void {
    this.#open?.stop.abort();
    this.#open = undefined;
  }

  /** A server allows one such stream only, and may not have noticed yet that the last one is gone. */
  async #opened(stop: AbortController): Promise<void> {
    for (let attempt = 1; attempt <= LIMITS.upstreamStandAttemptsMax && !stop.signal.aborted; attempt++) {
      const post = legacyGet(this.lastEventId, this.#line, this.#caller);
      const answer = await this.#carrier(post, stop.signal).catch(() => undefined);
      if (answer?.status === CONFLICT) {
        await pause(LIMITS.upstreamStandPauseMs);
        continue;
      }
      if (answer?.status === 200) void this.#read(answer, stop);
      else if (answer?.status !== METHOD_NOT_ALLOWED) this.#forget(stop);
      return;
    }
    this.#forget(stop);
  }

  async #read({ body }: Answer, stop: AbortController): Promise<void> {
    try {
      for await (const { data, id } of decodeSse(body)) {
        if (stop.signal.aborted) return;
        if (id !== undefined) this.lastEventId = id;
        const message = data === '' ? undefined : parsedJson(data);
        if (!isMessage(message)) continue;
        for (const listener of this.#listeners) if (listener(message)) break;
      }
    } catch {
      // It broke: whoever needs it next opens it again.
    }
    this.#forget(stop);
  }

  #forget(stop: AbortController): void {
    if (this.#open?.stop === stop) this.#open = undefined;
  }
}

const CONFLICT = 409;
const METHOD_NOT_ALLOWED = 405;
