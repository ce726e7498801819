/**
 * One client of the load: a session of its own on keep-alive connections of its own, with one call in flight.
 *
 * It speaks the wire by node:http. An SDK client would cost more than any of the servers, and the difference between them
 * would drown in it.
 */
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:http';

export type Json = Readonly<Record<string, unknown>>;

const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const OPENING = {
  protocolVersion: '2025-11-25',
  capabilities: { elicitation: {} },
  clientInfo: { name: 'bench', version: '1.0.0' },
};

export class Lane {
  readonly #url: URL;
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 4 });
  readonly #headers: Readonly<Record<string, string>>;
  #lastId = 0;

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.#url = new URL(url);
    this.#headers = { ...HEADERS, ...headers };
  }

  /** A lane with a legacy session. */
  static async open(url: string): Promise<Lane> {
    const opening = await new Lane(url).send({ id: 0, method: 'initialize', params: OPENING });
    await textOf(opening);
    const sessionId = opening.headers['mcp-session-id'];
    if (typeof sessionId !== 'string') throw new Error(`${url} opened no session: ${opening.statusCode}`);
    const lane = new Lane(url, { 'mcp-session-id': sessionId, 'mcp-protocol-version': '2025-11-25' });
    await textOf(await lane.send({ method: 'notifications/initialized' }));
    return lane;
  }

  /** The same session, where its server was started again. */
  at(url: string): Lane {
    this.close();
    return new Lane(url, this.#headers);
  }

  nextId(): number {
    return ++this.#lastId;
  }

  /** The response to a posted message, its body unread. */
  send(message: Json): Promise<IncomingMessage> {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    const headers = { ...this.#headers, 'content-length': Buffer.byteLength(body) };
    return new Promise((resolve, reject) => {
      request(this.#url, { method: 'POST', agent: this.#agent, headers }, resolve).on('error', reject).end(body);
    });
  }

  /** A GET that takes a stream up again. */
  resume(lastEventId: string): Promise<IncomingMessage> {
    const headers = { ...this.#headers, 'last-event-id': lastEventId };
    return new Promise((resolve, reject) => {
      request(this.#url, { agent: this.#agent, headers }, resolve).on('error', reject).end();
    });
  }

  /** Cuts its connections. */
  close(): void {
    this.#agent.destroy();
  }
}

/** The whole body. */
export function textOf(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', chunk => {
      text += String(chunk);
    });
    response.on('end', () => resolve(text));
    response.on('error', reject);
  });
}

export interface StreamEvent {
  readonly id: string | undefined;
  readonly message: { readonly id?: unknown; readonly method?: string; readonly [key: string]: unknown } | undefined;
}

/** The events of a stream, as each comes; the iteration is over when the body is. */
export async function* eventsOf(response: IncomingMessage): AsyncGenerator<StreamEvent> {
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) {
    text += String(chunk);
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      yield eventOf(text.slice(0, end));
      text = text.slice(end + 2);
    }
  }
}

function eventOf(block: string): StreamEvent {
  const data = /^data: ?(\S.*)$/m.exec(block)?.[1];
  return { id: /^id: ?(.+)$/m.exec(block)?.[1], message: data === undefined ? undefined : JSON.parse(data) };
}
