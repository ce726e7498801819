/**
 * A program whose author lets no question wait for longer than a second, and has a timer of his own beside it. It notes every
 * time its handler begins, so that executions can be counted.
 */
import { appendFileSync } from 'node:fs';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';

/** Longer than a call takes to ask, shorter than any person takes to answer. */
export const PATIENCE_MS = 1_000;

export default function impatient(): McpServer {
  const mcp = new McpServer({ name: 'impatient', version: '1.0.0' });
  const asked = {
    message: 'Which size?',
    requestedSchema: { type: 'object' as const, properties: { size: { type: 'string' as const } }, required: ['size'] },
  };
  mcp.registerTool('order', { inputSchema: { notes: z.string() } }, async ({ notes }) => {
    appendFileSync(notes, 'begun\n');
    const reminder = setInterval(() => undefined, PATIENCE_MS / 10);
    try {
      const { content } = await mcp.server.elicitInput(asked, { timeout: PATIENCE_MS });
      return { content: [{ type: 'text', text: `Size ${String(content?.size)} it is.` }] };
    } finally {
      clearInterval(reminder);
    }
  });
  return mcp;
}
