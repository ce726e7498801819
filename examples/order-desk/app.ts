/**
 * An order desk: an ordinary stateless MCP server of 2026-07-28 on Express, written with version 2 of the MCP SDK.
 *
 * It knows nothing of Fermata and nothing of Lambda. It asks by returning its question (`inputRequired`) and is called again
 * with the answer. `functions/express.ts` puts it on Lambda as it is; `app.listen(3000)` would serve it on a port.
 */
import { getRequestListener } from '@hono/node-server';
import { createMcpHandler, inputRequired, inputResponse, McpServer } from '@modelcontextprotocol/server';
import express from 'express';
import { z } from 'zod';

const ORDERS: Readonly<Record<string, string>> = {
  'A-1001': 'packed, leaves today',
  'A-1002': 'on its way, arrives tomorrow',
};

const CONFIRMATION = {
  type: 'object' as const,
  properties: { sure: { type: 'boolean' as const, title: 'Cancel it', description: 'This cannot be undone.' } },
  required: ['sure'],
};

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] });

function orderDesk(): McpServer {
  const server = new McpServer({ name: 'order-desk', version: '1.0.0' });
  server.registerTool(
    'order_status',
    { description: 'Says where an order is.', inputSchema: z.object({ order: z.string() }) },
    async ({ order }) => text(`Order ${order}: ${ORDERS[order] ?? 'unknown'}.`),
  );
  server.registerTool(
    'cancel_order',
    {
      description: 'Cancels an order, once the person has confirmed it.',
      inputSchema: z.object({ order: z.string() }),
    },
    async ({ order }, context) => {
      const answer = inputResponse(context.mcpReq.inputResponses, 'confirm');
      if (answer.kind !== 'elicit') {
        const message = `Cancel order ${order}?`;
        return inputRequired({
          inputRequests: { confirm: inputRequired.elicit({ message, requestedSchema: CONFIRMATION }) },
        });
      }
      const cancelled = answer.action === 'accept' && answer.content?.sure === true;
      return text(cancelled ? `Order ${order} is cancelled.` : `Order ${order} stays as it is.`);
    },
  );
  return server;
}

const mcp = createMcpHandler(orderDesk);
const listener = getRequestListener(request => mcp.fetch(request), { overrideGlobalObjects: false });

const app = express();
app.get('/healthz', (_, response) => {
  response.json({ status: 'ok' });
});
app.all('/mcp', (request, response) => void listener(request, response));

export default app;
