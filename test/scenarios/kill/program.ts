/**
 * The program of the kill test, an ordinary await-style server of SDK v1: a booking with two questions in sequence, work in
 * between that reports progress, and a note on disk of every stage it enters, so that executions can be counted.
 *
 * `book` must not be repeated, `book_again` says that it may. `stdio-program.mjs` does the same over stdio.
 */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { ServerNotification, ServerRequest } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';

const INPUT = { trial: z.string(), workMs: z.number(), quiet: z.boolean(), notes: z.string() };

interface Booking {
  readonly trial: string;
  /** How long its work takes in all. */
  readonly workMs: number;
  /** Whether the first thing it says is its question. */
  readonly quiet: boolean;
  /** The file of the notes. */
  readonly notes: string;
}

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

export default function booking(): McpServer {
  const mcp = new McpServer({ name: 'booking', version: '1.0.0' });

  const ask = async (message: string, field: string): Promise<unknown> => {
    const properties = { [field]: { type: 'string' as const } };
    const answer = await mcp.server.elicitInput({
      message,
      requestedSchema: { type: 'object', properties, required: [field] },
    });
    return answer.content?.[field];
  };

  const book = async ({ trial, workMs, quiet, notes }: Booking, { _meta, sendNotification }: Extra) => {
    const note = (stage: string): void => appendFileSync(notes, `${trial} ${stage}\n`);
    let progress = 0;
    const report = (message: string): Promise<void> =>
      sendNotification({
        method: 'notifications/progress',
        params: { progressToken: _meta?.progressToken ?? 0, progress: ++progress, message },
      });
    note('begun');
    if (!quiet) await report('begun');
    const seat = await ask(`Seat for ${trial}?`, 'seat');
    note('seated');
    for (let step = 0; step < 3; step++) {
      await report('seating');
      await sleep(workMs / 3);
    }
    await report('asking');
    const meal = await ask(`Meal for ${trial}?`, 'meal');
    note('final');
    await report('booking');
    await sleep(workMs / 3);
    await report('done');
    return { content: [{ type: 'text' as const, text: `${trial}: ${String(seat)}, ${String(meal)}` }] };
  };

  mcp.registerTool('book', { description: 'Books once', inputSchema: INPUT }, book);
  const annotations = { idempotentHint: true };
  mcp.registerTool('book_again', { description: 'May be repeated', inputSchema: INPUT, annotations }, book);
  return mcp;
}
