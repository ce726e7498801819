/**
 * The server under measure: an ordinary await-style server of SDK v1, the same file for every contestant.
 *
 * `add` is the plain call; `ask` asks one question; `ask_many` asks as many as it is told, one after the other. Questions
 * are sent on the stream of their call, which is the only place where the SDK's own transport delivers them.
 */
import type { ServerOptions } from '@modelcontextprotocol/sdk/server/index.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { ServerNotification, ServerRequest } from '@modelcontextprotocol/sdk/types.js';
import { ElicitResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

const FORM = {
  type: 'object' as const,
  properties: { amount: { type: 'number' as const, description: 'How much?' } },
  required: ['amount'],
};

async function ask(extra: Extra, message: string): Promise<number> {
  const params = { mode: 'form' as const, message, requestedSchema: FORM };
  const { content } = await extra.sendRequest({ method: 'elicitation/create', params }, ElicitResultSchema);
  return Number(content?.amount);
}

const said = (value: number) => ({ content: [{ type: 'text' as const, text: `total ${value}` }] });

/** The context that Fermata hands to a factory has none of the SDK's options in it. */
export default function benchProgram({ jsonSchemaValidator }: ServerOptions = {}): McpServer {
  const options = jsonSchemaValidator === undefined ? {} : { jsonSchemaValidator };
  const server = new McpServer({ name: 'bench', version: '1.0.0' }, options);
  server.registerTool(
    'add',
    { description: 'Adds two numbers', inputSchema: { a: z.number(), b: z.number() } },
    ({ a, b }) => said(a + b),
  );
  server.registerTool(
    'ask',
    { description: 'Asks for an amount and adds it', inputSchema: { a: z.number() } },
    async ({ a }, extra) => said(a + (await ask(extra, 'How much shall be added?'))),
  );
  server.registerTool(
    'ask_many',
    { description: 'Asks for amounts, one after the other', inputSchema: { times: z.number() } },
    async ({ times }, extra) => {
      let total = 0;
      for (let time = 1; time <= times; time++) total += await ask(extra, `Amount number ${time} of ${times}?`);
      return said(total);
    },
  );
  return server;
}
