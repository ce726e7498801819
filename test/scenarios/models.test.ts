/** Sampling with tools, and roots, with real clients of both eras against the whole product. */
import { fileURLToPath } from 'node:url';
import { Client as V2Client, StreamableHTTPClientTransport as V2Transport } from '@modelcontextprotocol/client';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as V1Transport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CreateMessageRequestSchema, ListRootsRequestSchema, McpError } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textIn, WireClient } from '../support/clients/wire.ts';
import { WireCall } from '../support/clients/wire-call.ts';
import type { TestDeployment } from '../support/deployment.ts';
import { deployed } from '../support/deployment.ts';

const PROGRAM = fileURLToPath(new URL('../support/servers/v1-library.ts', import.meta.url));
const INFO = { name: 'scenario', version: '1.0.0' };
const SAMPLING = { sampling: { tools: {}, context: {} } };
const USE = { type: 'tool_use' as const, id: 'use-1', name: 'weather', input: { city: 'Oslo' } };
const research = { name: 'research', arguments: {} };
const roots = { name: 'roots', arguments: {} };

let deployment: TestDeployment;
beforeAll(async () => {
  deployment = await deployed(['--program', PROGRAM]);
});
afterAll(() => deployment[Symbol.asyncDispose]());

/** A model that uses the tool it is offered, and answers once it has its result. */
function model(asked: Record<string, unknown>[]) {
  return (params: Record<string, unknown> & { messages: readonly unknown[] }) => {
    asked.push(params);
    const isFirst = params.messages.length === 1;
    const content = isFirst ? USE : { type: 'text' as const, text: 'It is cold.' };
    return { role: 'assistant' as const, model: 'm', stopReason: isFirst ? 'toolUse' : 'endTurn', content };
  };
}

async function v1(prepare: (client: V1Client) => void, capabilities: Record<string, object> = SAMPLING) {
  const client = new V1Client(INFO, { capabilities });
  prepare(client);
  // The transport's types are not exact about optional properties.
  await client.connect(new V1Transport(new URL(deployment.url)) as Parameters<typeof client.connect>[0]);
  return client;
}

async function v2(prepare: (client: V2Client) => void, capabilities: Record<string, object> = SAMPLING) {
  const client = new V2Client(INFO, { capabilities, versionNegotiation: { mode: { pin: '2026-07-28' } } });
  prepare(client);
  await client.connect(new V2Transport(new URL(deployment.url)));
  return client;
}

describe('a model', () => {
  const OFFERED = {
    tools: [{ name: 'weather' }],
    toolChoice: { mode: 'auto' },
    includeContext: 'thisServer',
    maxTokens: 50,
  };
  const ANSWERED = {
    messages: [
      { role: 'user' },
      { role: 'assistant', content: [USE] },
      { role: 'user', content: [{ type: 'tool_result', toolUseId: 'use-1', content: [{ text: '3 °C' }] }] },
    ],
  };

  it('uses tools for clients of both eras, and is given their results and the context', async () => {
    const [old, young]: Record<string, unknown>[][] = [[], []];
    const answering = { old: model(old ?? []), young: model(young ?? []) };
    const one = await v1(client =>
      client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => answering.old({ ...params })),
    );
    expect(textIn({ result: await one.callTool(research) })).toBe('toolUse: It is cold.');
    const other = await v2(client =>
      client.setRequestHandler('sampling/createMessage', ({ params }) => answering.young({ ...params })),
    );
    expect(textIn({ result: await other.callTool(research) })).toBe('toolUse: It is cold.');
    for (const asked of [old, young]) expect(asked).toMatchObject([OFFERED, { ...OFFERED, ...ANSWERED }]);
    await one.close();
    await other.close();
  });

  it('that its user refuses (-1) ends the call: with a failed result in 2025, and by no retry in 2026', async () => {
    const refuse = () => {
      throw new McpError(-1, 'User rejected sampling request');
    };
    const one = await v1(client => client.setRequestHandler(CreateMessageRequestSchema, refuse));
    const result = await one.callTool(research);
    expect(result.isError).toBe(true);
    expect(textIn({ result })).toContain('User rejected sampling request');
    const other = await v2(client => client.setRequestHandler('sampling/createMessage', refuse));
    await expect(other.callTool(research)).rejects.toThrow(/User rejected/);
    await one.close();
    await other.close();
  });

  it('is not asked with tools where the revision has none: the call says so', async () => {
    const client = await WireClient.open(deployment.url, { revision: '2025-06-18', capabilities: SAMPLING });
    const response = await (await WireCall.of(client, client.tool('research'))).response();
    expect(response).toMatchObject({ result: { isError: true } });
  });
});

describe('roots', () => {
  it('are asked for once, and again after they changed, by clients of 2025', async () => {
    let told = 0;
    const tell = () => ({ roots: [{ uri: `file:///${++told}` }] });
    const declared = { roots: { listChanged: true } };
    const client = await v1(it => it.setRequestHandler(ListRootsRequestSchema, tell), declared);
    const called = async () => textIn({ result: await client.callTool(roots) });
    expect(await called()).toBe('file:///1 file:///1');
    expect(await called()).toBe('file:///1 file:///1');
    await client.sendRootsListChanged();
    expect(await called()).toBe('file:///2 file:///2');
    expect(told).toBe(2);
    await client.close();
  });

  it('are asked for with each call where nobody says that they change, and in 2026', async () => {
    let told = 0;
    const tell = () => ({ roots: [{ uri: `file:///${++told}` }] });
    const old = await v1(it => it.setRequestHandler(ListRootsRequestSchema, tell), { roots: {} });
    await old.callTool(roots);
    const once = told;
    expect(once).toBeGreaterThan(0);
    await old.callTool(roots);
    expect(told).toBe(2 * once);
    await old.close();
    told = 0;
    const young = await v2(it => it.setRequestHandler('roots/list', tell), { roots: {} });
    await young.callTool(roots);
    await young.callTool(roots);
    expect(told).toBe(2 * once);
    await young.close();
  });
});
