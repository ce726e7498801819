/** A server of SDK v1 as it was put on Lambda in 2025: stateless, on Express, a new transport for each request; in JSON or in events. */
import type { IncomingMessage } from 'node:http';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import express from 'express';
import serverless from 'serverless-http';
import v1Await from '../../servers/v1-await.ts';

function handlerFor(enableJsonResponse: boolean, wantsHandshake = false) {
  const app = express().use(express.json());
  let isIntroduced = !wantsHandshake;
  app.post('/mcp', async (request, response) => {
    const method = String(request.body.method);
    if (method === 'initialize') isIntroduced = true;
    else if (!isIntroduced) {
      const error = { code: -32002, message: 'Server not initialized' };
      response.json({ jsonrpc: '2.0', id: request.body.id ?? null, error });
      return;
    } else if (!method.startsWith('notifications/')) isIntroduced = !wantsHandshake;
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse });
    await v1Await().connect(transport as Parameters<McpServer['connect']>[0]);
    await transport.handleRequest(request, response, request.body);
  });
  // The requests that `serverless-http` makes have no raw headers, and those are what the MCP SDK reads on Node.
  const request = (made: IncomingMessage): void => {
    made.rawHeaders = Object.entries(made.headers).flatMap(([name, value]) => [name, String(value)]);
  };
  return serverless(app, { request });
}

export const json = handlerFor(true);
export const events = handlerFor(false);
/** Wants a handshake before each call. */
export const formal = handlerFor(true, true);
