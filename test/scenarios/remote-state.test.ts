/** State of the session behind a runner elsewhere: found by the next call, at another instance of proxy and runner, and bounded. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { expect, it } from 'vitest';
import { memoryStores } from '../../core/adapters/memory/stores.ts';
import { sdkProgram } from '../../core/adapters/sdk/program.ts';
import { LIMITS } from '../../core/base/limits.ts';
import { anonymous } from '../../core/http/authenticator.ts';
import { statelessApp } from '../../core/http/stateless-app.ts';
import type { StatelessServer } from '../../core/ports/stateless-server.ts';
import type { Message } from '../../core/protocol/messages.ts';
import { isRequest } from '../../core/protocol/messages.ts';
import { newKeyText, session, step } from '../../index.ts';
import { eventsIn, messagesIn, textIn, WireClient } from '../support/clients/wire.ts';
import { deployed } from '../support/deployment.ts';
import { callerOf } from '../support/programs/calling.ts';
import { served } from '../support/served.ts';

const done: string[] = [];

const program = sdkProgram(() => {
  const server = new McpServer({ name: 'keeping', version: '1.0.0' });
  const tool = (name: string, handler: () => Promise<unknown>) =>
    server.registerTool(name, {}, async () => ({ content: [{ type: 'text', text: String(await handler()) }] }));
  const requestedSchema = { type: 'object' as const, properties: { value: { type: 'string' as const } } };
  tool('visit', () => session.update<number>('visits', (visits = 0) => visits + 1));
  tool('visits', () => session.get('visits'));
  tool('fill', () => session.set('visits', 'x'.repeat(LIMITS.stateValueBytesMax)));
  tool('order', async () => {
    const number = await step('reserve', () => done.push('reserved'));
    await session.set('order', number);
    await server.server.elicitInput({ message: 'Sure?', requestedSchema });
    return `${number} ${await session.get('order')} ${await session.get('visits')}`;
  });
  return server;
});

/** Two proxies that share a store, each before a runner of its own elsewhere; the runners share another. */
async function instances() {
  const [front, back] = [memoryStores(), memoryStores()];
  const keys = { FERMATA_KEYS: newKeyText() };
  const make = async () => {
    const runner = callerOf(program, { state: back.state, guard: back.rounds });
    const app = await served(statelessApp({ upstream: runner.server, authenticate: anonymous(), observer: () => {} }));
    const proxy = await deployed(['--upstream', app.url], keys, () => ({ ...front, close: async () => {} }));
    return { url: proxy.url, end: async () => [await proxy[Symbol.asyncDispose](), await app[Symbol.asyncDispose]()] };
  };
  const [one, other] = [await make(), await make()];
  return { one, other, [Symbol.asyncDispose]: async () => void (await Promise.all([one.end(), other.end()])) };
}

const call = async (client: WireClient, name: string): Promise<Message | undefined> =>
  (await messagesIn(await client.post(client.tool(name)))).at(-1);

it('is told how long its session stays awake, which the runner keeps its memory for', async () => {
  const heard: unknown[] = [];
  const runner = callerOf(program);
  const upstream: StatelessServer = (request, call) => {
    heard.push(call.session?.idleMs);
    return runner.server(request, call);
  };
  await using app = await served(statelessApp({ upstream, authenticate: anonymous(), observer: () => {} }));
  await using proxy = await deployed(['--upstream', app.url, '--idle-timeout', '2m']);
  await call(await WireClient.open(proxy.url), 'visits');
  expect(heard.at(-1)).toBe(120_000);
});

it('is there for the next call at another instance, for its session only, and over its bound nothing changes', async () => {
  await using both = await instances();
  const here = await WireClient.open(both.one.url);
  const there = here.at(both.other.url);
  expect([textIn(await call(here, 'visit')), textIn(await call(there, 'visit'))]).toEqual(['1', '2']);
  expect(JSON.stringify(await call(there, 'fill'))).toContain('65536 are allowed for one. Nothing was changed');
  expect(textIn(await call(here, 'visits'))).toBe('2');
  const stranger = await WireClient.open(both.other.url);
  expect(textIn(await call(stranger, 'visits'))).toBe('undefined');
});

it('and its steps are those of the run that first came by, wherever the answer goes', async () => {
  await using both = await instances();
  const here = await WireClient.open(both.one.url);
  const there = here.at(both.other.url);
  await call(here, 'visit');
  let lastEventId = '';
  for await (const { id, message } of eventsIn(await here.post(here.tool('order')))) {
    lastEventId = id ?? lastEventId;
    if (message === undefined || !isRequest(message)) continue;
    expect((await there.answer(message.id, { action: 'accept', content: { value: 'yes' } })).status).toBe(202);
    break;
  }
  expect(textIn((await messagesIn(await there.resume(lastEventId))).at(-1))).toBe('1 1 1');
  expect(done).toEqual(['reserved']);
});
