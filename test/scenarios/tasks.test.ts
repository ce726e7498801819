/**
 * Tasks with the whole product, in a process that is killed: those of SDK v1 (2025-11-25, experimental) by its own client, and
 * those of the extension of 2026-07-28 by hand, since no client of it is part of SDK v2.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CallToolResultSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it } from 'vitest';
import { TASKS_DECLARED } from '../../core/protocol/tasks.ts';
import { deployed } from '../support/deployment.ts';
import { Latch } from '../support/latch.ts';
import { lastingPort, startProduct } from '../support/product.ts';

const PROGRAM = fileURLToPath(new URL('../conformance/fixture.ts', import.meta.url));
const TTL = { ttl: 60_000 };
type Json = Record<string, unknown>;
type Person = () => Promise<{ action: 'accept'; content: Record<string, boolean | string> }>;

async function v1(url: string, elicit: Person): Promise<Client> {
  const client = new Client({ name: 'tasks', version: '1.0.0' }, { capabilities: { elicitation: { form: {} } } });
  client.setRequestHandler(ElicitRequestSchema, elicit);
  const reconnectionOptions = {
    initialReconnectionDelay: 50,
    maxReconnectionDelay: 500,
    reconnectionDelayGrowFactor: 1.5,
    maxRetries: 1_000,
  };
  const transport = new StreamableHTTPClientTransport(new URL(url), { reconnectionOptions });
  // The transport's types are not exact about optional properties.
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  await client.listTools();
  return client;
}

/** What the SDK tells of a call that it makes as a task: the kinds of its messages, and the text of the result. */
async function callAsTask(client: Client, name: string, args: Json) {
  const told: string[] = [];
  const stream = client.experimental.tasks.callToolStream({ name, arguments: args }, CallToolResultSchema, {
    task: TTL,
    timeout: 50_000,
  });
  for await (const message of stream) {
    if (message.type === 'error') throw message.error;
    if (message.type === 'result') return { told, content: message.result.content };
    told.push(message.type);
  }
  throw new Error('the SDK ended without a result');
}

/** One request of 2026-07-28 whose client declares the extension. */
async function modern(url: string, method: string, params: Json): Promise<Json> {
  const name = params.name ?? params.taskId;
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'by hand', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} }, ...TASKS_DECLARED },
  };
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      'mcp-name': String(name),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } }),
  });
  const text = await response.text();
  const { result, error } = JSON.parse(text.startsWith('{') ? text : (text.split('data: ').at(-1) ?? ''));
  if (error !== undefined) throw new Error(JSON.stringify(error));
  return result;
}

/** The task once it does no work any more: when it waits for an answer, or has ended. */
async function rested(url: string, taskId: unknown): Promise<Json> {
  for (;;) {
    const task = await modern(url, 'tasks/get', { taskId });
    if (task.status !== 'working') return task;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

describe('a task', () => {
  it('is completed although the server is killed, be it while it waits for a person or while it runs', async () => {
    const options = {
      data: mkdtempSync(join(tmpdir(), 'fermata-tasks-')),
      port: await lastingPort(),
      serve: ['--program', PROGRAM],
    };
    const first = await startProduct(options);
    const [asked, back] = [new Latch(), new Latch()];
    const client = await v1(first.url, async () => {
      asked.resolve();
      await back.promise;
      return { action: 'accept', content: { confirm: true } };
    });
    const waiting = callAsTask(client, 'confirm_delete', { filename: 'old.txt' });
    const running = await modern(first.url, 'tools/call', {
      name: 'slow_compute',
      arguments: { seconds: 1.5, label: 'twice' },
    });
    const parked = await modern(first.url, 'tools/call', {
      name: 'confirm_delete',
      arguments: { filename: 'new.txt' },
    });
    await asked.promise;
    expect(await rested(first.url, parked.taskId)).toMatchObject({ status: 'input_required' });
    await first.kill();
    const second = await startProduct(options);
    back.resolve();
    await modern(second.url, 'tasks/update', {
      taskId: parked.taskId,
      inputResponses: { '1.confirm': { action: 'accept', content: { confirm: true } } },
    });
    expect([running.resultType, parked.resultType]).toEqual(['task', 'task']);
    expect((await waiting).content).toEqual([{ type: 'text', text: 'old.txt: true' }]);
    expect((await rested(second.url, running.taskId)).result).toMatchObject({
      content: [{ type: 'text', text: 'twice: computed for 1.5 s' }],
    });
    expect((await rested(second.url, parked.taskId)).result).toMatchObject({
      content: [{ type: 'text', text: 'new.txt: true' }],
    });
    await client.close();
    expect(await second.stop()).toBe(0);
  });

  it('is what the client of SDK v1 makes of any tool, of those that are tasks only too', async () => {
    await using fermata = await deployed(['--program', PROGRAM]);
    const client = await v1(fermata.url, async () => ({ action: 'accept', content: { name: 'Ada' } }));
    const named = await callAsTask(client, 'test_tool_with_task', {});
    expect(named.content).toEqual([{ type: 'text', text: 'Worked for Ada.' }]);
    expect(named.told[0]).toBe('taskCreated');
    expect((await callAsTask(client, 'greet', { name: 'Bob' })).content).toEqual([
      { type: 'text', text: 'Hello, Bob!' },
    ]);
    const plain = await client.callTool({ name: 'failing_job' });
    expect(plain).toMatchObject({ isError: true, content: [{ type: 'text', text: 'The job failed.' }] });
    await client.close();
  });
});
