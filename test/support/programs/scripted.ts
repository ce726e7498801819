/**
 * A small await-style MCP server over bare JSON-RPC, in this process: tools are async functions that ask, report and return.
 *
 * It is a real program, with no SDK in between, so that tests of the runner see every message and every end.
 */
import type { Program, ProgramInstance, ProgramListener } from '../../../core/ports/program.ts';
import type { Message, Outcome, RequestId, RpcError, RpcRequest } from '../../../core/protocol/messages.ts';
import { isRequest, isResponse, outcomeOf, responseOf } from '../../../core/protocol/messages.ts';

type Json = Record<string, unknown>;

/** What a tool can do. */
export interface Scene {
  readonly args: Json;
  /** The request as the program got it. */
  readonly request: RpcRequest;
  /** What `initialize` said about the client. */
  readonly introduced: Json;
  /** Asks; resolves with whatever the client's response says. */
  ask(method: string, params?: Json): Promise<Outcome>;
  /** Asks with a form of one text field; resolves with the text, or with the action if it was not accepted. */
  text(message: string, meta?: Json): Promise<string>;
  /** Takes the latest question back. */
  withdraw(): void;
  notify(method: string, params: Json): void;
  progress(progress: number): void;
  log(data: unknown, level?: string): void;
  /** Aborted when the client cancels the request. */
  readonly signal: AbortSignal;
  /** Makes the program exit. */
  exit(message: string, detail?: string): void;
  /** Writes something that is no message. */
  garbage(text: string): void;
}

export type Script = (scene: Scene) => Promise<Json> | Json;

export interface ScriptedOptions {
  readonly tools?: Record<string, Script>;
  readonly annotations?: Record<string, Json>;
  /** Handlers of other methods, by method. */
  readonly methods?: Record<string, Script>;
  readonly capabilities?: Json;
  readonly settleMs?: number;
  /** What it does when it is told `notifications/initialized`. */
  readonly onInitialized?: (scene: Scene) => void;
  readonly start?: () => Promise<void>;
  /** Leave `initialize` unanswered. */
  readonly isMute?: boolean;
}

export interface ScriptedProgram extends Program {
  /** Every message the program got, over all its instances. */
  readonly received: Message[];
  /** How often a request other than the handshake's was begun. */
  executions: number;
  /** How each instance was ended. */
  readonly ends: ('park' | 'stop')[];
}

export const text = (value: string, fields: Json = {}): Json => ({
  content: [{ type: 'text', text: value }],
  ...fields,
});

export function scripted(options: ScriptedOptions): ScriptedProgram {
  const program: ScriptedProgram = {
    name: 'scripted',
    settleMs: options.settleMs ?? 0,
    attributes: false,
    received: [],
    executions: 0,
    ends: [],
    start: async listener => {
      await options.start?.();
      return new Instance(program, options, listener);
    },
  };
  return program;
}

class Instance implements ProgramInstance {
  readonly #program: ScriptedProgram;
  readonly #options: ScriptedOptions;
  readonly #listener: ProgramListener;
  readonly #asked = new Map<RequestId, (outcome: Outcome) => void>();
  readonly #cancels = new Map<RequestId, AbortController>();
  #introduced: Json = {};
  #nextId = 0;
  #isEnded = false;

  constructor(program: ScriptedProgram, options: ScriptedOptions, listener: ProgramListener) {
    this.#program = program;
    this.#options = options;
    this.#listener = listener;
  }

  send(message: Message): void {
    if (this.#isEnded) return;
    this.#program.received.push(structuredClone(message));
    queueMicrotask(() => this.#receive(message));
  }

  async end(mode: 'park' | 'stop'): Promise<void> {
    this.#isEnded = true;
    this.#program.ends.push(mode);
  }

  #say(message: Message): void {
    queueMicrotask(() => {
      if (!this.#isEnded) this.#listener.onMessage(structuredClone(message));
    });
  }

  #receive(message: Message): void {
    if (isResponse(message)) {
      if (message.id === undefined) return;
      const settle = this.#asked.get(message.id);
      this.#asked.delete(message.id);
      settle?.(outcomeOf(message));
    } else if (isRequest(message)) {
      this.#serve(message).then(
        outcome => outcome !== undefined && this.#say(responseOf(message.id, outcome)),
        (error: unknown) => this.#say(responseOf(message.id, { error: errorOf(error) })),
      );
    } else if (message.method === 'notifications/initialized') {
      this.#options.onInitialized?.(this.#scene({ jsonrpc: '2.0', id: 'none', method: 'none' }));
    } else if (message.method === 'notifications/cancelled') {
      this.#cancels.get(message.params?.requestId as RequestId)?.abort();
    }
  }

  async #serve(request: RpcRequest): Promise<Outcome | undefined> {
    const own = this.#options.methods?.[request.method];
    if (own !== undefined) return { result: await own(this.#scene(request)) };
    switch (request.method) {
      case 'initialize':
        this.#introduced = request.params ?? {};
        return this.#options.isMute ? undefined : { result: this.#initialized() };
      case 'ping':
      case 'logging/setLevel':
      case 'resources/subscribe':
        return { result: {} };
      case 'tools/list':
        return { result: { tools: this.#tools() } };
      case 'tools/call':
        return this.#call(request);
      default:
        return { error: { code: -32601, message: 'Method not found' } };
    }
  }

  async #call(request: RpcRequest): Promise<Outcome> {
    const script = this.#options.tools?.[String(request.params?.name)];
    if (script === undefined) return { error: { code: -32602, message: `Unknown tool ${request.params?.name}` } };
    this.#program.executions++;
    return { result: await script(this.#scene(request)) };
  }

  #initialized(): Json {
    return {
      protocolVersion: '2025-11-25',
      serverInfo: { name: 'scripted', version: '1.0.0' },
      capabilities: this.#options.capabilities ?? { tools: {}, logging: {} },
    };
  }

  #tools(): Json[] {
    return Object.keys(this.#options.tools ?? {}).map(name => ({
      name,
      inputSchema: { type: 'object' },
      execution: { taskSupport: 'forbidden' },
      annotations: this.#options.annotations?.[name] ?? {},
    }));
  }

  #scene(request: RpcRequest): Scene {
    const cancel = new AbortController();
    this.#cancels.set(request.id, cancel);
    const args = (request.params?.arguments ?? {}) as Json;
    const notify = (method: string, params: Json): void => this.#say({ jsonrpc: '2.0', method, params });
    const ask = (method: string, params?: Json): Promise<Outcome> => {
      const id = this.#nextId++;
      return new Promise(resolve => {
        this.#asked.set(id, resolve);
        this.#say({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) });
      });
    };
    return {
      args,
      request,
      introduced: this.#introduced,
      ask,
      text: async (message, _meta) => {
        const requestedSchema = { type: 'object', properties: { value: { type: 'string' } }, required: ['value'] };
        const params = { message, requestedSchema, ...(_meta === undefined ? {} : { _meta }) };
        const outcome = await ask('elicitation/create', params);
        if ('error' in outcome) throw new Error(outcome.error.message);
        const { action, content } = outcome.result as { action: string; content?: { value: string } };
        return content?.value ?? action;
      },
      withdraw: () => notify('notifications/cancelled', { requestId: this.#nextId - 1 }),
      notify,
      progress: progress => {
        const { progressToken } = (request.params?._meta ?? {}) as Json;
        if (progressToken !== undefined) notify('notifications/progress', { progressToken, progress });
      },
      log: (data, level = 'info') => notify('notifications/message', { level, data }),
      signal: cancel.signal,
      exit: (message, detail) => this.#listener.onExit({ message, ...(detail === undefined ? {} : { detail }) }),
      garbage: written => this.#listener.onGarbage(written),
    };
  }
}

/** A thrown error may carry a `code` and `data`, as those of the SDKs do. */
const errorOf = (thrown: unknown): RpcError => ({ code: -32603, message: String(thrown), ...(thrown as object) });
