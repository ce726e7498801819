/** A server of SDK v1 whose lists and resources change on request, as a factory. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SubscribeRequestSchema, UnsubscribeRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { said } from './texts.ts';

export default function v1Changing(): McpServer {
  const mcp = new McpServer(
    { name: 'v1-changing', version: '1.0.0' },
    { capabilities: { tools: { listChanged: true }, resources: { subscribe: true, listChanged: true } } },
  );
  mcp.server.setRequestHandler(SubscribeRequestSchema, () => ({}));
  mcp.server.setRequestHandler(UnsubscribeRequestSchema, () => ({}));
  mcp.registerResource('news', 'test://news', {}, async uri => ({ contents: [{ uri: uri.href, text: 'none' }] }));
  mcp.registerTool('change_tools', { description: 'says that tools changed' }, async () => {
    await mcp.server.sendToolListChanged();
    return said('changed');
  });
  mcp.registerTool('change_news', { description: 'says that the news changed' }, async () => {
    await mcp.server.sendResourceUpdated({ uri: 'test://news' });
    return said('changed');
  });
  return mcp;
}
