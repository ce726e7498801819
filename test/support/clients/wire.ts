/**
 * A legacy client on the wire: Streamable HTTP by `fetch`, nothing hidden, so that a test sees every event with its id.
 *
 * It repeats nothing and forgives nothing; who wants a client that comes back takes `patient-call.ts`. Source: MCP 2025-11-25,
 * "Streamable HTTP".
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import type { Message, RequestId, RpcRequest } from '../../../core/protocol/messages.ts';
import { isMessage, isObject } from '../../../core/protocol/messages.ts';

/** An event without a message only tells its id. */
export interface WireEvent {
  readonly id?: string;
  readonly retry?: number;
  readonly message?: Message;
}

export interface WireOptions {
  readonly revision?: string;
  readonly capabilities?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

const CAPABILITIES = { elicitation: {}, sampling: {}, roots: { listChanged: true } };
export const JSON_AND_STREAM = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };

/** A server that was killed may take that long to be back, on a machine with much to do: as long as any start may take. */
const INSIST_MS = 120_000;

/**
 * Tries again when a connection breaks before the response: one that was kept alive may turn out to be a dead server's. For
 * requests that may be repeated only.
 */
export async function insisting(exchange: () => Promise<Response>): Promise<Response> {
  const untilMs = performance.now() + INSIST_MS;
  for (;;) {
    try {
      return await exchange();
    } catch (error) {
      if (!(error instanceof TypeError) || performance.now() > untilMs) throw error;
      await sleep(20);
    }
  }
}

export class WireClient {
  readonly url: string;
  readonly #headers: Record<string, string>;
  sessionId: string | undefined;
  /** Told of every response. */
  onResponse: ((response: Response) => void) | undefined;
  /** What the server said of itself, as text. */
  capabilities = '';
  #lastId = 0;

  constructor(url: string, headers: Record<string, string> = {}) {
    this.url = url;
    this.#headers = headers;
  }

  /** With a session. */
  static async open(url: string, options: WireOptions = {}): Promise<WireClient> {
    const client = new WireClient(url, options.headers);
    const params = {
      protocolVersion: options.revision ?? '2025-11-25',
      capabilities: options.capabilities ?? CAPABILITIES,
      clientInfo: { name: 'wire', version: '1.0.0' },
    };
    const initialize = { jsonrpc: '2.0', id: 0, method: 'initialize', params };
    const response = await insisting(() => client.post(initialize, options.signal));
    const body = await response.text();
    client.capabilities = body;
    client.sessionId = response.headers.get('mcp-session-id') ?? undefined;
    if (client.sessionId === undefined) throw new Error(`initialize opened no session: ${response.status} ${body}`);
    const initialized = { jsonrpc: '2.0', method: 'notifications/initialized' };
    const notified = await insisting(() => client.post(initialized, options.signal));
    await notified.body?.cancel();
    return client;
  }

  request(method: string, params: Record<string, unknown> = {}): RpcRequest {
    return { jsonrpc: '2.0', id: ++this.#lastId, method, params };
  }

  tool(name: string, args: Record<string, unknown> = {}, meta?: Record<string, unknown>): RpcRequest {
    return this.request('tools/call', { name, arguments: args, ...(meta === undefined ? {} : { _meta: meta }) });
  }

  post(body: unknown, signal: AbortSignal | null = null): Promise<Response> {
    const headers = { ...JSON_AND_STREAM, ...this.#session() };
    return this.#fetch({ method: 'POST', headers, body: JSON.stringify(body), signal });
  }

  resume(lastEventId: string, signal: AbortSignal | null = null): Promise<Response> {
    const headers = { accept: 'text/event-stream', 'last-event-id': lastEventId, ...this.#session() };
    return this.#fetch({ headers, signal });
  }

  async #fetch(init: RequestInit): Promise<Response> {
    const response = await fetch(this.url, init);
    this.onResponse?.(response);
    return response;
  }

  /** The standalone stream. */
  listen(signal: AbortSignal | null = null): Promise<Response> {
    return fetch(this.url, { headers: { accept: 'text/event-stream', ...this.#session() }, signal });
  }

  delete(): Promise<Response> {
    return fetch(this.url, { method: 'DELETE', headers: this.#session() });
  }

  /** The same session at another instance. */
  at(url: string): WireClient {
    return Object.assign(new WireClient(url, this.#headers), { sessionId: this.sessionId });
  }

  answer(id: RequestId, result: Record<string, unknown>, signal: AbortSignal | null = null): Promise<Response> {
    return this.post({ jsonrpc: '2.0', id, result }, signal);
  }

  #session(): Record<string, string> {
    return this.sessionId === undefined ? this.#headers : { ...this.#headers, 'mcp-session-id': this.sessionId };
  }
}

export const isStream = (response: Response): boolean =>
  response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;

/** The events of a response, as they come. Throws when the connection breaks. */
export async function* eventsIn(response: Response): AsyncGenerator<WireEvent, void, undefined> {
  let ready: WireEvent[] = [];
  const parser = createParser({
    onEvent: ({ id, data }) => {
      const message: unknown = data === '' ? undefined : JSON.parse(data);
      if (message !== undefined && !isMessage(message)) throw new Error(`This event is no message: ${data}`);
      ready.push({ ...(id === undefined ? {} : { id }), ...(message === undefined ? {} : { message }) });
    },
    onRetry: retry => ready.push({ retry }),
  });
  if (response.body === null) return;
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    parser.feed(chunk);
    const events = ready;
    ready = [];
    yield* events;
  }
}

/** What a response says, read to its end: the messages of a stream, or the one of a JSON body. */
export async function messagesIn(response: Response): Promise<readonly Message[]> {
  if (!isStream(response)) {
    const body: unknown = await response.json();
    if (!isMessage(body)) throw new Error(`This body is no message: ${JSON.stringify(body)}`);
    return [body];
  }
  const messages: Message[] = [];
  for await (const { message } of eventsIn(response)) if (message !== undefined) messages.push(message);
  return messages;
}

/** The texts of a tool's result; throws what else it is. */
export function textIn(message: unknown): string {
  const result = isObject(message) && isObject(message.result) ? message.result : {};
  const content: readonly unknown[] = Array.isArray(result.content) ? result.content : [];
  const texts = content.flatMap(block => (isObject(block) && typeof block.text === 'string' ? [block.text] : []));
  if (texts.length === 0) throw new Error(`This is no result with text: ${JSON.stringify(message)}`);
  return texts.join('\n');
}
