/** A program that charges in a step, says so, waits until it may go on, and then asks: for a process to be killed in between. */
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import { session, step } from '../../../index.ts';

export default function charging(): McpServer {
  const mcp = new McpServer({ name: 'charging', version: '1.0.0' });
  const inputSchema = { notes: z.string(), go: z.string() };
  mcp.registerTool('charge', { inputSchema }, async ({ notes, go }, { _meta, sendNotification }) => {
    appendFileSync(notes, 'begun\n');
    const receipt = await step('charge', async () => {
      appendFileSync(notes, 'charged\n');
      return 'receipt 1';
    });
    const times = await session.update<number>('charges', (count = 0) => count + 1);
    const params = { progressToken: _meta?.progressToken ?? 0, progress: 1 };
    await sendNotification({ method: 'notifications/progress', params });
    while (!existsSync(go)) await sleep(10);
    const requestedSchema = { type: 'object' as const, properties: {} };
    const { action } = await mcp.server.elicitInput({ message: 'Shall we ship?', requestedSchema });
    return { content: [{ type: 'text', text: `${receipt}, ${times} charge, ${action}` }] };
  });
  mcp.registerTool('charges', {}, async () => ({
    content: [{ type: 'text', text: String(await session.get<number>('charges')) }],
  }));
  return mcp;
}
