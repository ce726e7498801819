/**
 * The same program on the SDK's own stateful transport (v1, Streamable HTTP, everything in memory), wired as in the SDK's
 * examples but on bare node:http, without Express on top. `--json` switches its JSON answers on.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { listensAt } from './child.ts';
import { listening } from './listening.ts';
import benchProgram from './program.ts';

const enableJsonResponse = process.argv.includes('--json');
const transports = new Map<string, StreamableHTTPServerTransport>();

async function opened(): Promise<StreamableHTTPServerTransport> {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: () => randomUUID(),
    enableJsonResponse,
    onsessioninitialized: id => void transports.set(id, transport),
  });
  await benchProgram().connect(transport as Parameters<ReturnType<typeof benchProgram>['connect']>[0]);
  return transport;
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const id = request.headers['mcp-session-id'];
  const transport = (typeof id === 'string' ? transports.get(id) : undefined) ?? (await opened());
  await transport.handleRequest(request, response);
}

const server = createServer((request, response) => void serve(request, response));
listensAt(`${await listening(server)}/mcp`);
