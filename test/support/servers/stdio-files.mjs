/**
 * A stdio server without any package, that does to files, memory and environment what it is asked to. Its one tool `run` takes
 * JavaScript, which finds `fs`, `memory` (an object that lives as long as the process) and `ask` (a form; resolves with its answer).
 */

import * as fs from 'node:fs';
import { createInterface } from 'node:readline';

const memory = {};
const asked = new Map();
let questions = 0;
const say = message => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const ask = message =>
  new Promise(resolve => {
    const id = `q${++questions}`;
    asked.set(id, resolve);
    const requestedSchema = { type: 'object', properties: { value: { type: 'string' } } };
    say({ id, method: 'elicitation/create', params: { message, requestedSchema } });
  });

async function run(code) {
  try {
    const value = await new Function('fs', 'memory', 'ask', `return (async () => { ${code} })()`)(fs, memory, ask);
    return { content: [{ type: 'text', text: JSON.stringify(value ?? null) }] };
  } catch (error) {
    return { content: [{ type: 'text', text: String(error) }], isError: true };
  }
}

const inputSchema = { type: 'object', properties: { code: { type: 'string' } } };
createInterface({ input: process.stdin }).on('line', async line => {
  const { id, method, params, result } = JSON.parse(line);
  if (method === undefined) asked.get(id)?.(result);
  else if (method === 'initialize') {
    const serverInfo = { name: 'files', version: '1.0.0' };
    say({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo } });
  } else if (method === 'tools/list') say({ id, result: { tools: [{ name: 'run', inputSchema }] } });
  else if (method === 'tools/call') say({ id, result: await run(params.arguments.code) });
  else if (id !== undefined) say({ id, result: {} });
});
