/** A stateless server of 2026-07-28, as SDK v2 serves it: the upstream in front of which Fermata is put. */
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { listensAt } from './child.ts';
import { listening } from './listening.ts';

function upstream(): McpServer {
  const server = new McpServer({ name: 'bench', version: '1.0.0' });
  server.registerTool(
    'add',
    { description: 'Adds two numbers', inputSchema: z.object({ a: z.number(), b: z.number() }) },
    ({ a, b }) => ({ content: [{ type: 'text', text: `total ${a + b}` }] }),
  );
  return server;
}

const handler = createMcpHandler(upstream, { legacy: 'reject' });
const listener = getRequestListener(request => handler.fetch(request));
const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
listensAt(`${await listening(server)}/mcp`);
