/** Real servers of SDK v1 over HTTP, as they were deployed in 2025: with sessions and an event store, with sessions only, or stateless. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { EventStore } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import v1Await from '../servers/v1-await.ts';

export interface Of2025Options {
  readonly factory?: () => McpServer;
  /** Without, it is stateless. */
  readonly sessions?: boolean;
  /** Event ids, and what it takes to resume. */
  readonly events?: boolean;
  readonly json?: boolean;
  /** `false`: it answers a GET with 405. */
  readonly standalone?: boolean;
  /** It refuses whatever has no handshake before it: on the same connection, or just before. */
  readonly handshake?: 'for each connection' | 'for each call';
  /** Unknown sessions are refused with 400 and these words, as by the SDK's examples, instead of 404. */
  readonly unknownSession?: string;
}

/** What came in: method and path of HTTP, and the JSON-RPC method. */
export interface Came {
  readonly http: string;
  readonly rpc: string | undefined;
  readonly headers: IncomingMessage['headers'];
}

export async function serverOf2025(options: Of2025Options = {}) {
  const { factory = v1Await } = options;
  const transports = new Map<string, StreamableHTTPServerTransport>();
  const came: Came[] = [];
  const gets = new Set<ServerResponse>();
  const isIntroduced = introductions(options.handshake);

  async function transportFor(sessionId: string | undefined): Promise<StreamableHTTPServerTransport | undefined> {
    if (sessionId !== undefined) return transports.get(sessionId);
    const transport = new StreamableHTTPServerTransport({
      ...(options.sessions ? { sessionIdGenerator: () => randomUUID() } : {}),
      enableJsonResponse: options.json ?? false,
      ...(options.events ? { eventStore: memoryEvents(), retryInterval: 50 } : {}),
      onsessioninitialized: id => void transports.set(id, transport),
    });
    await factory().connect(transport as Parameters<McpServer['connect']>[0]);
    return transport;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const body = text === '' ? undefined : JSON.parse(text);
    came.push({ http: request.method ?? '', rpc: body?.method, headers: request.headers });
    if (request.method === 'POST' && !isIntroduced(request, body?.method)) {
      const error = { code: -32000, message: 'Bad Request: Server not initialized' };
      response.writeHead(400, { 'content-type': 'application/json' });
      return void response.end(JSON.stringify({ jsonrpc: '2.0', id: null, error }));
    }
    if (request.method === 'GET' && options.standalone === false) return void response.writeHead(405).end();
    if (request.method === 'GET') gets.add(response);
    const id = request.headers['mcp-session-id'];
    const transport = await transportFor(typeof id === 'string' ? id : undefined);
    if (transport === undefined) {
      const { unknownSession } = options;
      const error =
        unknownSession === undefined
          ? { code: -32001, message: 'Session not found' }
          : { code: -32000, message: unknownSession };
      response.writeHead(unknownSession === undefined ? 404 : 400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: null, error }));
      return;
    }
    await transport.handleRequest(request, response, body);
  }

  const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    came,
    /** Forgets every session, as a restart does. */
    forget: () => transports.clear(),
    /** Cuts the streams that were opened with GET. */
    cut: () => {
      for (const response of gets) response.destroy();
      gets.clear();
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

/** Whether a request has the handshake before it that the server wants. */
function introductions(wanted: Of2025Options['handshake']) {
  const introduced = new WeakSet<object>();
  const everybody = {};
  return ({ socket }: IncomingMessage, method: unknown): boolean => {
    if (wanted === undefined || String(method).startsWith('notifications/')) return true;
    const who = wanted === 'for each call' ? everybody : socket;
    if (method === 'initialize') introduced.add(who);
    else if (!introduced.has(who)) return false;
    else if (who === everybody) introduced.delete(who);
    return true;
  };
}

/** Event ids are `stream_number`, as in the SDK's own example. */
function memoryEvents(): EventStore {
  const events: { readonly id: string; readonly stream: string; readonly message: JSONRPCMessage }[] = [];
  return {
    async storeEvent(stream, message) {
      const id = `${stream}_${events.length}`;
      events.push({ id, stream, message });
      return id;
    },
    async getStreamIdForEventId(id) {
      return events.find(event => event.id === id)?.stream;
    },
    async replayEventsAfter(lastEventId, { send }) {
      const at = events.findIndex(event => event.id === lastEventId);
      const stream = events[at]?.stream ?? '';
      for (const event of events.slice(at + 1)) {
        if (event.stream === stream && Object.keys(event.message).length > 0) await send(event.id, event.message);
      }
      return stream;
    },
  };
}
