/**
 * The server that the official conformance suite is run against: an ordinary await-style MCP server on SDK v1.
 *
 * It has the tools, prompts and resources whose names and contents the suite's scenarios prescribe, and nothing of Fermata
 * in it except one string: an author names a question's key in the question's `_meta`, since the scenarios prescribe keys
 * as well. Its default export is the factory that `fermata serve --program` takes.
 */
import { InMemoryTaskMessageQueue, InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SubscribeRequestSchema, UnsubscribeRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { registerAskingTools } from './asking-tools.ts';
import { registerContentTools } from './content-tools.ts';
import { registerPrompts } from './prompts.ts';
import { registerReportingTools } from './reporting-tools.ts';
import { registerResources } from './resources.ts';
import { registerRoundTripTools } from './round-trip-tools.ts';
import { registerSchemaTools } from './schema-tools.ts';
import { registerTaskTools } from './task-tools.ts';

export default function createFixture(): McpServer {
  const server = new McpServer(
    { name: 'conformance-fixture', version: '1.0.0' },
    {
      capabilities: {
        logging: {},
        resources: { subscribe: true, listChanged: true },
        tasks: { requests: { tools: { call: {} } } },
      },
      taskStore: new InMemoryTaskStore(),
      taskMessageQueue: new InMemoryTaskMessageQueue(),
    },
  );
  registerContentTools(server);
  registerReportingTools(server);
  registerAskingTools(server);
  registerRoundTripTools(server);
  registerSchemaTools(server);
  registerTaskTools(server);
  registerPrompts(server);
  registerResources(server);
  server.server.setRequestHandler(SubscribeRequestSchema, () => ({}));
  server.server.setRequestHandler(UnsubscribeRequestSchema, () => ({}));
  return server;
}
