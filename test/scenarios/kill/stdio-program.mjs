/**
 * The program of the kill test as a stdio command, written by hand in plain JavaScript: it starts in some fifty milliseconds,
 * and shows that no SDK is needed on that side. It does what `program.ts` does, and ends when its stdin does.
 */
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const waiting = new Map();
let lastId = 0;

const send = message => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);

function elicit(message, field) {
  const requestedSchema = { type: 'object', properties: { [field]: { type: 'string' } }, required: [field] };
  const id = ++lastId;
  send({ id, method: 'elicitation/create', params: { message, requestedSchema } });
  return new Promise(resolve => waiting.set(id, result => resolve(result.content?.[field])));
}

async function book({ trial, workMs, quiet, notes }, progressToken) {
  const note = stage => appendFileSync(notes, `${trial} ${stage}\n`);
  let progress = 0;
  const report = message => {
    progress++;
    send({ method: 'notifications/progress', params: { progressToken, progress, message } });
  };
  note('begun');
  if (!quiet) report('begun');
  const seat = await elicit(`Seat for ${trial}?`, 'seat');
  note('seated');
  for (let step = 0; step < 3; step++) {
    report('seating');
    await sleep(workMs / 3);
  }
  report('asking');
  const meal = await elicit(`Meal for ${trial}?`, 'meal');
  note('final');
  report('booking');
  await sleep(workMs / 3);
  report('done');
  return { content: [{ type: 'text', text: `${trial}: ${seat}, ${meal}` }] };
}

const inputSchema = {
  type: 'object',
  properties: {
    trial: { type: 'string' },
    workMs: { type: 'number' },
    quiet: { type: 'boolean' },
    notes: { type: 'string' },
  },
};
const TOOLS = [
  { name: 'book', description: 'Books once', inputSchema },
  { name: 'book_again', description: 'May be repeated', inputSchema, annotations: { idempotentHint: true } },
];

async function resultOf({ method, params }) {
  if (method === 'initialize') {
    const serverInfo = { name: 'stdio-booking', version: '1.0.0' };
    return { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo };
  }
  if (method === 'tools/list') return { tools: TOOLS };
  if (method === 'tools/call') return book(params.arguments, params._meta?.progressToken);
  return {};
}

createInterface({ input: process.stdin })
  .on('line', async line => {
    const message = JSON.parse(line);
    if (message.method === undefined) waiting.get(message.id)?.(message.result);
    else if (message.id !== undefined) send({ id: message.id, result: await resultOf(message) });
  })
  .on('close', () => process.exit());
