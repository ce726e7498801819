/** Talks JSON-RPC with a started program, so that tests can speak its protocol without a runner. */
import type { Program, ProgramInstance } from '../../core/ports/program.ts';
import type { Message, RequestId, RpcRequest, RpcResponse } from '../../core/protocol/messages.ts';
import { isRequest, isResponse } from '../../core/protocol/messages.ts';

export class Conversation {
  readonly received: Message[] = [];
  readonly garbage: string[] = [];
  readonly exits: { message: string; detail?: string }[] = [];
  readonly #watchers = new Set<() => void>();
  #instance: ProgramInstance | undefined;
  #lastId = 0;

  static async with(program: Program): Promise<Conversation> {
    const conversation = new Conversation();
    conversation.#instance = await program.start({
      onMessage: message => conversation.#note(() => conversation.received.push(message)),
      onGarbage: text => conversation.#note(() => conversation.garbage.push(text)),
      onExit: reason => conversation.#note(() => conversation.exits.push(reason)),
    });
    return conversation;
  }

  /** With a program that is past its handshake. */
  static async ready(program: Program): Promise<Conversation> {
    const conversation = await Conversation.with(program);
    await conversation.handshake();
    return conversation;
  }

  get instance(): ProgramInstance {
    if (this.#instance === undefined) throw new Error('The program has not been started.');
    return this.#instance;
  }

  async handshake(): Promise<RpcResponse> {
    const initialized = await this.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} },
      clientInfo: { name: 'contract', version: '1.0.0' },
    });
    this.instance.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    await this.request('ping', {});
    return initialized;
  }

  /** Sends a request; its response is awaited with `responseTo`. */
  ask(method: string, params: Record<string, unknown>): RequestId {
    const id = `r${++this.#lastId}`;
    this.instance.send({ jsonrpc: '2.0', id, method, params });
    return id;
  }

  request(method: string, params: Record<string, unknown>): Promise<RpcResponse> {
    return this.responseTo(this.ask(method, params));
  }

  callTool(name: string, args: Record<string, unknown> = {}, meta: Record<string, unknown> = {}): RequestId {
    return this.ask('tools/call', { name, arguments: args, _meta: meta });
  }

  responseTo(id: RequestId): Promise<RpcResponse> {
    return this.until(() => this.received.filter(isResponse).find(response => response.id === id));
  }

  /** The program's n-th question, counted from 1; whatever it asks on its own before a call does not count. */
  question(method: string, nth = 1): Promise<RpcRequest> {
    return this.until(() => this.received.filter(isRequest).filter(request => request.method === method)[nth - 1]);
  }

  answer(question: RpcRequest, result: Record<string, unknown>): void {
    this.instance.send({ jsonrpc: '2.0', id: question.id, result });
  }

  exit(): Promise<{ message: string; detail?: string }> {
    return this.until(() => this.exits[0]);
  }

  /** What `find` finds, as soon as it does. */
  until<T>(find: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#watchers.delete(look);
        reject(new Error(`Waited in vain. Received: ${JSON.stringify([this.received, this.garbage, this.exits])}`));
      }, 60_000);
      const look = () => {
        const found = find();
        if (found === undefined) return;
        clearTimeout(timer);
        this.#watchers.delete(look);
        resolve(found);
      };
      this.#watchers.add(look);
      look();
    });
  }

  #note(record: () => void): void {
    record();
    for (const look of [...this.#watchers]) look();
  }
}
