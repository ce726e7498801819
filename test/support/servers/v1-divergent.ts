/** Tools as authors should not write them, and one as they should: for `fermata check`. */
import { appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { step, uuid } from '../../../index.ts';

const NOTES = join(tmpdir(), `fermata-check-${process.pid}`);
let runs = 0;

export default function divergent(): McpServer {
  const mcp = new McpServer({ name: 'divergent', version: '1.0.0' });
  const ask = async (message: string) => {
    const { action } = await mcp.server.elicitInput({ message, requestedSchema: { type: 'object', properties: {} } });
    return { content: [{ type: 'text' as const, text: action }] };
  };
  mcp.registerTool('varying', {}, () => ask(`Is it ${++runs}?`));
  mcp.registerTool('repeating', {}, () => {
    appendFileSync(NOTES, 'paid\n');
    return ask('Paid. Go on?');
  });
  mcp.registerTool('right', {}, async () => {
    await step('pay', () => appendFileSync(NOTES, 'paid\n'));
    return ask(`Order ${uuid()}?`);
  });
  return mcp;
}
