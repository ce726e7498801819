/**
 * The wire of FastMCP with `stateless_http=True` on the Python SDK 1.x, written after its source, not recorded: events with CRLF
 * line ends and a name, no event ids, no session ids, 400 with id `server-error` for revisions it does not know. What
 * FastMCP 4.0.10 on the SDK 2.3.0 really said is in test/recordings, replayed by recorded.ts; that has neither progress nor such a 400.
 */
import type { Handler } from './raw.ts';
import { upstream } from './raw.ts';

const KNOWN = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'];
const STREAM = {
  date: 'Sat, 21 Nov 2026 12:00:00 GMT',
  server: 'uvicorn',
  'cache-control': 'no-cache, no-transform',
  connection: 'keep-alive',
  'content-type': 'text/event-stream',
  'x-accel-buffering': 'no',
};

const event = (message: object): string => `event: message\r\ndata: ${JSON.stringify(message)}\r\n\r\n`;

const INITIALIZED = {
  protocolVersion: '2025-11-25',
  capabilities: {
    experimental: {},
    prompts: { listChanged: false },
    resources: { subscribe: false, listChanged: false },
    tools: { listChanged: false },
  },
  serverInfo: { name: 'demo', version: '1.25.0' },
};
const ADDED = {
  content: [{ type: 'text', text: '5' }],
  structuredContent: { result: 5 },
  isError: false,
};

const reply: Handler = (request, response, body) => {
  if (request.method !== 'POST') {
    response.writeHead(405, { server: 'uvicorn' }).end();
    return;
  }
  const { id, method } = JSON.parse(body);
  const revision = String(request.headers['mcp-protocol-version'] ?? KNOWN[1]);
  if (method !== 'initialize' && !KNOWN.includes(revision)) {
    const message = `Bad Request: Unsupported protocol version: ${revision}. Supported versions: ${KNOWN.join(', ')}`;
    response.writeHead(400, { server: 'uvicorn', 'content-type': 'application/json' });
    response.end(`{"jsonrpc":"2.0","id":"server-error","error":{"code":-32600,"message":${JSON.stringify(message)}}}`);
    return;
  }
  if (id === undefined) {
    response.writeHead(202, { server: 'uvicorn', 'content-type': 'application/json' }).end();
    return;
  }
  const token = JSON.parse(body).params?._meta?.progressToken;
  response.writeHead(200, STREAM);
  if (method === 'tools/call' && token !== undefined) {
    const params = { progressToken: token, progress: 1.0, total: 2.0 };
    response.write(event({ method: 'notifications/progress', params, jsonrpc: '2.0' }));
  }
  const result = method === 'initialize' ? INITIALIZED : method === 'tools/call' ? ADDED : undefined;
  const outcome =
    result === undefined ? { error: { code: -32602, message: 'Invalid request parameters', data: '' } } : { result };
  response.end(event({ jsonrpc: '2.0', id, ...outcome }));
};

export const fastMcp = () => upstream(reply);
