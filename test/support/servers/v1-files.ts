/** A server of SDK v1 that keeps a log in the folder of its session: it writes, asks, writes again, and says what the log holds. */
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { workspace } from '../../../core/adapters/sdk/author.ts';

export default function createServer(): McpServer {
  const server = new McpServer({ name: 'v1-files', version: '1.0.0' });
  server.registerTool('log', {}, async () => {
    const log = join(await workspace(), 'log');
    appendFileSync(log, 'a');
    const requestedSchema = { type: 'object' as const, properties: {} };
    await server.server.elicitInput({ message: 'Go on?', requestedSchema });
    appendFileSync(log, 'b');
    return { content: [{ type: 'text', text: readFileSync(log, 'utf8') }] };
  });
  return server;
}
