/**
 * A server of SDK v1 that keeps a count in its memory, says which process it is, and asks: as a factory, and run by itself as a
 * stdio server.
 */
import { fileURLToPath } from 'node:url';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

const said = text => ({ content: [{ type: 'text', text: String(text) }] });

export default function remembering() {
  let count = 0;
  const mcp = new McpServer({ name: 'remembering', version: '1.0.0' });
  mcp.registerTool('count', {}, () => {
    count += 1;
    return said(count);
  });
  mcp.registerTool('pid', {}, () => said(process.pid));
  mcp.registerTool('ask', {}, async () => {
    const requestedSchema = { type: 'object', properties: { value: { type: 'string' } } };
    const { content } = await mcp.server.elicitInput({ message: 'Who?', requestedSchema });
    return said(`${content?.value} ${count}`);
  });
  return mcp;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await remembering().connect(new StdioServerTransport());
