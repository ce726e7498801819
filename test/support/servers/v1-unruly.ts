/** A server of SDK v1 that misbehaves on request, as a factory: what it does happens in the process of whoever runs it. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import { said } from './texts.ts';

export default function v1Unruly(): McpServer {
  const mcp = new McpServer({ name: 'v1-unruly', version: '1.0.0' });
  const tool = (name: string, run: () => Promise<ReturnType<typeof said>>): void => {
    mcp.registerTool(name, { description: name }, run);
  };

  tool('fine', async () => said('fine'));

  tool('throws', async () => {
    throw new Error('I will not.');
  });

  tool('rejects_later', async () => {
    setTimeout(() => void Promise.reject(new Error('Nobody looks after this promise.')), 5);
    return said('rejects later');
  });

  tool('throws_later', async () => {
    setTimeout(() => {
      throw new Error('Nobody is there to catch this.');
    }, 5);
    return said('throws later');
  });

  const nonsense = { description: 'nonsense', outputSchema: { sum: z.number() } };
  mcp.registerTool('gives_nonsense', nonsense, async () => ({ content: [], structuredContent: { sum: 'many' } }));

  return mcp;
}
