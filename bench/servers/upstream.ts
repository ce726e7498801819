/**
 * A stateless server of either era that answers at once, in JSON: `2026` as a server of 2026-07-28, `2025` as one of 2025-11-25
 * that opens no sessions. It does next to nothing, so that what stands before it shows.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { listensAt } from './child.ts';
import { listening } from './listening.ts';
import { resultsOf } from './results.ts';

type Json = Readonly<Record<string, unknown>>;

const isModern = process.argv[2] === '2026';
const results = resultsOf(isModern ? '2026' : '2025');

function answer(outgoing: ServerResponse, status: number, message: Json): void {
  const body = JSON.stringify({ jsonrpc: '2.0', ...message });
  outgoing
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    .end(body);
}

async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  if (incoming.method !== 'POST') return void outgoing.writeHead(405).end();
  let body = '';
  for await (const chunk of incoming) body += String(chunk);
  const { id, method } = JSON.parse(body) as { id?: unknown; method: string };
  if (id === undefined) return void outgoing.writeHead(202).end();
  const result = results[method];
  if (result !== undefined) answer(outgoing, 200, { id, result });
  else answer(outgoing, isModern ? 404 : 200, { id, error: { code: -32601, message: 'Method not found' } });
}

const server = createServer((incoming, outgoing) => void serve(incoming, outgoing));
listensAt(`${await listening(server)}/mcp`);
