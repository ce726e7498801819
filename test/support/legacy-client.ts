/**
 * A legacy client without HTTP: speaks to a `StatefulServer` directly, so that a test sees every event and can leave, come
 * back and answer as it likes.
 */
import type { LegacyCall, Reply, StatefulServer, StreamEvent } from '../../core/ports/stateful-server.ts';
import type { Message, RpcRequest } from '../../core/protocol/messages.ts';
import { isNotification, isRequest, isResponse } from '../../core/protocol/messages.ts';

export interface ClientOptions {
  readonly revision?: string;
  readonly principal?: string;
  readonly capabilities?: Record<string, unknown>;
}

const CAPABILITIES = { elicitation: {}, sampling: {}, roots: { listChanged: true } };

export class LegacyClient {
  readonly server: StatefulServer;
  readonly principal: string;
  sessionId: string | undefined;
  #nextId = 1;

  constructor(server: StatefulServer, principal = 'anonymous') {
    this.server = server;
    this.principal = principal;
  }

  static async open(server: StatefulServer, options: ClientOptions = {}): Promise<LegacyClient> {
    const client = new LegacyClient(server, options.principal);
    const reply = await client.post({
      jsonrpc: '2.0',
      id: 0,
      method: 'initialize',
      params: {
        protocolVersion: options.revision ?? '2025-11-25',
        capabilities: options.capabilities ?? CAPABILITIES,
        clientInfo: { name: 'test', version: '0' },
      },
    });
    if (reply.kind !== 'json' || reply.sessionId === undefined) throw new Error('initialize opened no session');
    client.sessionId = reply.sessionId;
    return client;
  }

  call(signal: AbortSignal = new AbortController().signal): LegacyCall {
    return { principal: { id: this.principal }, sessionId: this.sessionId, revision: undefined, signal };
  }

  post(body: unknown, signal?: AbortSignal): Promise<Reply> {
    return this.server.receive(body, this.call(signal));
  }

  request(method: string, params?: Record<string, unknown>): RpcRequest {
    return { jsonrpc: '2.0', id: this.#nextId++, method, ...(params === undefined ? {} : { params }) };
  }

  tool(name: string, args: Record<string, unknown> = {}, meta?: Record<string, unknown>): RpcRequest {
    return this.request('tools/call', { name, arguments: args, ...(meta === undefined ? {} : { _meta: meta }) });
  }

  async stream(body: unknown): Promise<Stream> {
    const leaving = new AbortController();
    const reply = await this.post(body, leaving.signal);
    if (reply.kind !== 'stream') throw new Error(`expected a stream, got ${JSON.stringify(reply)}`);
    return new Stream(reply.events, leaving);
  }

  async resume(lastEventId: string): Promise<Stream> {
    const leaving = new AbortController();
    const reply = await this.server.resume(lastEventId, this.call(leaving.signal));
    if (reply.kind !== 'stream') throw new Error('a resumed stream must be a stream');
    return new Stream(reply.events, leaving);
  }

  /** The standalone stream. */
  async listen(): Promise<Stream> {
    const leaving = new AbortController();
    const reply = await this.server.listen(this.call(leaving.signal));
    if (reply.kind !== 'stream') throw new Error('a standalone stream must be a stream');
    return new Stream(reply.events, leaving);
  }

  answer(question: RpcRequest, result: Record<string, unknown>): Promise<Reply> {
    return this.post({ jsonrpc: '2.0', id: question.id, result });
  }
}

/** One connection, read event by event. */
export class Stream {
  readonly #events: AsyncIterator<StreamEvent>;
  readonly #leaving: AbortController;
  readonly seen: StreamEvent[] = [];

  constructor(events: AsyncIterable<StreamEvent>, leaving: AbortController) {
    this.#events = events[Symbol.asyncIterator]();
    this.#leaving = leaving;
  }

  get lastEventId(): string {
    const id = this.seen.findLast(event => event.id !== undefined)?.id;
    if (id === undefined) throw new Error('no event with an id was seen');
    return id;
  }

  async next(): Promise<StreamEvent | undefined> {
    const result = await this.#events.next();
    if (result.done) return undefined;
    this.seen.push(result.value);
    return result.value;
  }

  async until<T extends Message>(wanted: (message: Message) => message is T): Promise<T> {
    for (let event = await this.next(); event !== undefined; event = await this.next()) {
      if (event.message !== undefined && wanted(event.message)) return event.message;
    }
    throw new Error(`the stream ended; seen: ${JSON.stringify(this.seen)}`);
  }

  notification = () => this.until(isNotification);
  question = (): Promise<RpcRequest> => this.until(isRequest);
  response = () => this.until(isResponse);

  /** Everything to the end of the connection. */
  async rest(): Promise<readonly StreamEvent[]> {
    while ((await this.next()) !== undefined);
    return this.seen;
  }

  async leave(): Promise<void> {
    this.#leaving.abort();
    await this.#events.return?.();
  }
}
