/**
 * One plain object that is the transport of an SDK v1 server as well as of an SDK v2 server.
 *
 * What the program sends reaches the listener in a microtask of its own, in order, so that neither side is ever called from
 * within a call of its own. Once cut, the transport swallows everything: a program that goes on after its run ended, or sends from an
 * interval of its own, meets no error, because an error in a promise that nobody awaits would end our process.
 */
import type { ProgramListener } from '../../ports/program.ts';
import type { Message, RequestId } from '../../protocol/messages.ts';
import { isMessage, isRequest, isResponse } from '../../protocol/messages.ts';
import { plainJson } from './plain-json.ts';
import type { Defuse } from './question-timers.ts';

interface Ends {
  readonly listener: ProgramListener;
  readonly defuse: Defuse;
  /** The request in whose handling the program sends something now. */
  readonly about: () => RequestId | undefined;
  /** Called when the program closes its side, or when `close` is called on it. */
  readonly onClosed: () => void;
}

export class ProgramTransport {
  /** Set by the SDK in `connect`. */
  onmessage?: (message: unknown, extra?: unknown) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;

  readonly #ends: Ends;
  #cut = false;

  constructor(ends: Ends) {
    this.#ends = ends;
  }

  async start(): Promise<void> {}

  /** From the program. Rejects for what is no JSON, as a wire would; a *result* that is no JSON becomes an error response. */
  async send(message: unknown): Promise<void> {
    const { listener, defuse, about } = this.#ends;
    if (isRequest(message)) defuse(message.id);
    if (this.#cut) return;
    const request = about();
    const copy = isResponse(message) ? sendable(message) : plainJson(message);
    queueMicrotask(() => {
      if (this.#cut) return;
      if (isMessage(copy)) listener.onMessage(copy, request);
      else listener.onGarbage(JSON.stringify(copy) ?? String(copy));
    });
  }

  /** From the SDK, when anybody calls `close` on the server. The SDK's own clean-up, which rejects open awaits, is not run. */
  async close(): Promise<void> {
    this.#ends.onClosed();
  }

  /** To the program; `extra` is what an HTTP transport of the SDKs hands to handlers besides. */
  deliver(message: Message, extra?: object): void {
    if (!this.#cut) this.onmessage?.(plainJson(message), extra);
  }

  /** Nothing passes any more, in either direction. */
  cut(): void {
    this.#cut = true;
  }
}

function sendable(message: Message & { id?: unknown }): unknown {
  try {
    return plainJson(message);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      jsonrpc: '2.0',
      id: message.id,
      error: { code: -32603, message: `The program's answer is not JSON: ${why}` },
    };
  }
}
