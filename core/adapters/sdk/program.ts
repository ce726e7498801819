/**
 * An SDK server as a `Program`: built afresh by its factory for every run, in this process.
 *
 * Works with SDK v1 and v2, await-style. An ended instance is left alone rather than torn down: the SDKs' own close rejects every
 * open await, and a question that was started and is not awaited yet would then be an unhandled rejection, which ends the
 * process. So its awaits never settle, its timers are gone, its output is cut, and the garbage collector takes the rest. `stop`
 * also aborts the signals of its open requests and closes the server, so that a program that listens can clean up.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { Aids } from '../../ports/aids.ts';
import type { Program, ProgramInstance, ProgramListener } from '../../ports/program.ts';
import type { Message, RequestId, RpcRequest } from '../../protocol/messages.ts';
import { isRequest, isResponse } from '../../protocol/messages.ts';
import { isInputMethod } from '../../protocol/methods.ts';
import type { BuiltServer, ServerFactory } from './built-server.ts';
import { build, unstartable } from './built-server.ts';
import { noticeInputRequired } from './input-required.ts';
import { letGoOfQuestion, letGoOfRequest } from './letting-go.ts';
import { questionTimersOf } from './question-timers.ts';
import { currentRequest, within } from './run-context.ts';
import { ProgramTransport } from './transport.ts';

export interface SdkProgramOptions {
  /** For people; the factory's own name by default. */
  readonly name?: string;
  /** Answer with an error that carries it (`returnedBy`) when a handler of SDK v2 returns `inputRequired(…)`. */
  readonly noticeReturns?: boolean;
}

export function sdkProgram(factory: ServerFactory, options: SdkProgramOptions = {}): Program {
  const name = options.name ?? nameOf(factory);
  return {
    name,
    settleMs: 0,
    attributes: true,
    start: async listener => {
      const built = await build(factory, name, 'legacy');
      return SdkInstance.connected(built, name, listener, options.noticeReturns === true);
    },
  };
}

/** What to call a factory's program. */
export const nameOf = (factory: ServerFactory): string =>
  factory.name === '' || factory.name === 'default' ? 'the program' : factory.name;

class SdkInstance implements ProgramInstance {
  readonly #built: BuiltServer;
  readonly #listener: ProgramListener;
  readonly #transport: ProgramTransport;
  /** Requests to the program that it has not answered. */
  readonly #open = new Set<RequestId>();
  /** Those of them that have awaited a question; `undefined` stands for one that cannot be told. */
  readonly #asked = new Set<RequestId | undefined>();
  /** Questions that were not answered, and the request in whose course each was asked. */
  readonly #questions = new Map<RequestId, RequestId | undefined>();
  /** Requests that nobody goes on with, whose handlers may still be there. */
  readonly #forgotten = new Set<RequestId>();
  #ended = false;

  private constructor(built: BuiltServer, name: string, listener: ProgramListener) {
    this.#built = built;
    this.#listener = listener;
    const defuse = questionTimersOf(built.protocol, name);
    const observed = {
      ...listener,
      onMessage: (message: Message, about?: RequestId) => this.#received(message, about),
    };
    this.#transport = new ProgramTransport({
      listener: observed,
      defuse,
      about: currentRequest,
      onClosed: () => this.#closed(),
    });
    guardOnerror(built);
  }

  static async connected(
    built: BuiltServer,
    name: string,
    listener: ProgramListener,
    noticeReturns: boolean,
  ): Promise<SdkInstance> {
    const instance = new SdkInstance(built, name, listener);
    if (noticeReturns) noticeInputRequired(built, () => instance.#hasAsked());
    try {
      await built.outer.connect(instance.#transport);
    } catch (error) {
      instance.#finish();
      throw unstartable(name, 'could not be connected', error);
    }
    return instance;
  }

  send(message: Message): void {
    try {
      if (isRequest(message)) this.#begin(message);
      else this.#tell(message);
    } catch {
      // An `onerror` or progress callback of the program threw; the protocol object goes on.
    }
  }

  async end(mode: 'park' | 'stop'): Promise<void> {
    if (this.#ended) return;
    if (mode === 'stop') {
      for (const requestId of this.#open) this.send(cancelled(requestId));
      // The SDKs look at a notification in a later turn; the signal must be aborted before the transport is cut.
      if (this.#open.size > 0) await turn();
    }
    if (this.#ended) return;
    this.#finish();
    if (mode === 'stop') await this.#built.outer.close().catch(() => {});
  }

  forget(request: RequestId): void {
    this.#forgotten.add(request);
    this.#open.delete(request);
    for (const [question, about] of this.#questions) if (about === request) this.#letGo(question);
    letGoOfRequest(this.#built.protocol, request);
  }

  #letGo(question: RequestId): void {
    this.#questions.delete(question);
    letGoOfQuestion(this.#built.protocol, question);
  }

  #tell(message: Message): void {
    if (isResponse(message) && message.id !== undefined) this.#questions.delete(message.id);
    this.#transport.deliver(message);
  }

  #begin(request: RpcRequest): void {
    if (this.#open.size === 0) this.#asked.clear();
    this.#open.add(request.id);
    const aids = this.#listener.aids?.(request.id);
    within({ request: request.id, aids }, () => this.#transport.deliver(request, closersOf(aids)));
  }

  #received(message: Message, about: RequestId | undefined): void {
    if (isResponse(message) && message.id !== undefined) {
      this.#open.delete(message.id);
      this.#asked.delete(message.id);
      this.#forgotten.delete(message.id);
    } else if (about !== undefined && this.#forgotten.has(about)) {
      // It goes on by itself, after a time-out of its own for example: nobody hears it, and what it awaits never comes.
      if (isRequest(message)) this.#letGo(message.id);
      return;
    }
    if (isRequest(message)) this.#questions.set(message.id, about);
    if (isRequest(message) && isInputMethod(message.method)) this.#asked.add(about);
    this.#listener.onMessage(message, about);
  }

  /** Whether the handler that runs now has awaited a question. */
  #hasAsked(): boolean {
    return this.#asked.has(currentRequest()) || this.#asked.has(undefined);
  }

  /** Somebody called `close` on the server: the program itself, if we did not. What it said before comes first. */
  #closed(): void {
    queueMicrotask(() => {
      if (this.#ended) return;
      this.#finish();
      this.#listener.onExit({ message: 'The program closed its connection.' });
    });
  }

  /** Cuts the instance off and tells it that its connection is gone, as the SDK would have. */
  #finish(): void {
    this.#ended = true;
    this.#transport.cut();
    try {
      this.#built.protocol.onclose?.();
    } catch {
      // What a program does when its connection is gone concerns nobody any more.
    }
  }
}

/** What SDK v1 hands to handlers in `extra`, and SDK v2 as `closeSSE` and `closeStandaloneSSE` in `ctx.http`. */
function closersOf(aids: Aids | undefined): object | undefined {
  if (aids?.endConnection === undefined) return undefined;
  // In a microtask, as what it sends, so that the order stays.
  const closing = (stream: 'call' | 'standalone') => (): void => queueMicrotask(() => aids.endConnection?.(stream));
  return { closeSSEStream: closing('call'), closeStandaloneSSEStream: closing('standalone') };
}

const cancelled = (requestId: RequestId): Message => ({
  jsonrpc: '2.0',
  method: 'notifications/cancelled',
  params: { requestId, reason: 'The run was stopped.' },
});

/** The SDKs call `onerror` from within promise chains, where an error of the callback itself would be an unhandled rejection. */
function guardOnerror({ protocol }: BuiltServer): void {
  const authors = protocol.onerror;
  protocol.onerror = error => {
    try {
      authors?.call(protocol, error);
    } catch {
      // The author's own error handling failed; there is nobody to tell.
    }
  };
}
