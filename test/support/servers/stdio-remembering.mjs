/** A stdio server of SDK v1 that keeps a count in its memory, says which process it is, and asks. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

let count = 0;
const said = text => ({ content: [{ type: 'text', text: String(text) }] });
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
await mcp.connect(new StdioServerTransport());
