/**
 * What a call reports to clients of 2025, and how it is stopped: progress over rounds, log levels, completion and cancellation, at
 * two instances of the whole product over one store.
 */
import { fileURLToPath } from 'node:url';
import { Client as V2Client, StreamableHTTPClientTransport as V2Transport } from '@modelcontextprotocol/client';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as V1Transport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema, LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ModernRequest } from '../../core/protocol/envelope.ts';
import type { RpcRequest } from '../../core/protocol/messages.ts';
import { isResponse } from '../../core/protocol/messages.ts';
import { answered, modern } from '../support/clients/modern-wire.ts';
import { messagesIn, textIn, WireClient } from '../support/clients/wire.ts';
import { progressIn, WireCall } from '../support/clients/wire-call.ts';
import type { TestDeployment } from '../support/deployment.ts';
import { deployed, deployedTwice } from '../support/deployment.ts';
import { Latch } from '../support/latch.ts';
import { progress, question, scriptedOverHttp, text } from '../support/upstreams/scripted.ts';

const PROGRAM = fileURLToPath(new URL('../support/servers/v1-library.ts', import.meta.url));
const INFO = { name: 'scenario', version: '1.0.0' };
const CONTENT: Readonly<Record<string, Record<string, string>>> = {
  'What is your name?': { name: 'Ada' },
  'Which colour do you like?': { colour: 'green' },
};
const answerTo = ({ params }: RpcRequest) => ({ action: 'accept', content: CONTENT[String(params?.message)] ?? {} });
const named = (name: string) => ({ name, arguments: {} });

let one: TestDeployment;
let other: TestDeployment;
beforeAll(async () => {
  [one, other] = await deployedTwice(['--program', PROGRAM]);
});
afterAll(async () => {
  await one[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

const happened = async (): Promise<string> =>
  textIn((await answered(modern(one.url, 'tools/call', named('happened')))).messages.at(-1));

async function v1(url: string): Promise<V1Client> {
  const client = new V1Client(INFO, { capabilities: { elicitation: {} } });
  const content = (message: string) => CONTENT[message] ?? {};
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => ({
    action: 'accept',
    content: content(params.message),
  }));
  // The transport's types are not exact about optional properties.
  await client.connect(new V1Transport(new URL(url)) as Parameters<typeof client.connect>[0]);
  return client;
}

async function v2(url: string): Promise<V2Client> {
  const client = new V2Client(INFO, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  await client.connect(new V2Transport(new URL(url)));
  return client;
}

describe('progress', () => {
  it('is of the token that was given, and rises over all rounds, whoever runs them [R29]', async () => {
    await using upstream = await scriptedOverHttp({
      // Counts from one in every round, as a handler of 2026 does, and reports to a token that nobody gave.
      async *rounds(request: ModernRequest) {
        const asked = Number(request.params.requestState ?? 0);
        yield progress(request, 1, 2);
        yield { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 'foreign', progress: 9 } };
        yield progress(request, 2, 2);
        if (asked === 2) return text('done');
        return {
          resultType: 'input_required',
          inputRequests: { q: question('Go on?') },
          requestState: String(asked + 1),
        };
      },
    });
    const both = await deployedTwice(['--upstream', upstream.url]);
    const client = await WireClient.open(both[0].url);
    const call = await WireCall.of(client, client.tool('rounds', {}, { progressToken: 'mine' }));
    for (const { url } of [both[1], both[0]]) {
      const { id } = await call.question();
      await client.at(url).answer(id, { action: 'accept', content: {} });
    }
    await call.rest();
    expect(isResponse(call.messages.at(-1))).toBe(true);
    const seen = progressIn(call);
    expect(seen.map(([token]) => token)).toEqual(Array.from({ length: 6 }, () => 'mine'));
    for (const [at, [, value]] of seen.entries()) expect(value).toBeGreaterThan(seen[at - 1]?.[1] ?? 0);
    for (const deployment of both) await deployment[Symbol.asyncDispose]();
  });

  it('of a program that is run again for every answer is told once', async () => {
    const client = await v1(one.url);
    const values: number[] = [];
    const onprogress = ({ progress }: { progress: number }) => void values.push(progress);
    expect(textIn({ result: await client.callTool(named('stages'), undefined, { onprogress }) })).toBe('Done, Ada.');
    expect(values).toEqual([1, 2, 3, 4]);
    await client.close();
  });
});

describe('log messages', () => {
  const ALL = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];

  it('come from the level that the session has set, at any instance, and a level must be one [R42]', async () => {
    const client = await WireClient.open(one.url);
    const logged = async (at: WireClient) =>
      (await messagesIn(await at.post(at.tool('log')))).flatMap(message =>
        'method' in message && message.method === 'notifications/message' ? [message.params?.level] : [],
      );
    for (const [level, from] of [
      ['error', 4],
      ['debug', 0],
      ['emergency', 7],
    ] as const) {
      expect(await (await client.post(client.request('logging/setLevel', { level }))).json()).toMatchObject({
        result: {},
      });
      const elsewhere = Object.assign(client.at(other.url), { request: client.request.bind(client) });
      expect(await logged(client)).toEqual(ALL.slice(from));
      expect(await logged(elsewhere)).toEqual(ALL.slice(from));
    }
    const loud = await client.post(client.request('logging/setLevel', { level: 'loud' }));
    expect([loud.status, await loud.json()]).toMatchObject([200, { error: { code: -32602 } }]);
  });

  it('reach clients of both eras by the level each of them names', async () => {
    const old = await v1(one.url);
    const heard: unknown[] = [];
    old.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void heard.push(params.level));
    await old.setLoggingLevel('alert');
    await old.callTool(named('log'));
    await vi.waitFor(() => expect(heard).toEqual(['alert', 'emergency']));
    await old.close();

    const young = await v2(one.url);
    const told: unknown[] = [];
    young.setNotificationHandler('notifications/message', ({ params }) => void told.push(params.level));
    const _meta = { 'io.modelcontextprotocol/logLevel': 'critical' };
    await young.callTool({ ...named('log'), _meta });
    await young.callTool(named('log'));
    expect(told).toEqual(['critical', 'alert', 'emergency']);
    await young.close();
  });
});

describe('completion', () => {
  it('is the same in both eras', async () => {
    const params = {
      ref: { type: 'ref/resource' as const, uri: 'test://chapter/{title}' },
      argument: { name: 'title', value: 'Ad' },
    };
    const [old, young] = [await v1(one.url), await v2(one.url)];
    expect((await old.complete(params)).completion.values).toEqual(['Adder', 'Addax']);
    expect((await young.complete(params)).completion.values).toEqual(['Adder', 'Addax']);
    await old.close();
    await young.close();
  });
});

describe('a call that is cancelled', () => {
  const cancelled = (requestId: string | number) => ({
    jsonrpc: '2.0',
    method: 'notifications/cancelled',
    params: { requestId, reason: 'enough' },
  });

  it('at another instance is stopped where it runs, and has no response [R31]', async () => {
    const client = await WireClient.open(one.url);
    const request = client.tool('wait', { name: 'elsewhere' });
    const call = await WireCall.of(client, request);
    await expect.poll(happened).toContain('elsewhere began');
    expect((await client.at(other.url).post(cancelled(request.id))).status).toBe(202);
    await call.rest();
    expect(call.messages.filter(isResponse)).toEqual([]);
    await expect.poll(happened).toContain('elsewhere was cancelled');
  });

  it('may be unknown, over, or of another session: nothing happens [R32]', async () => {
    const [client, stranger] = [await WireClient.open(one.url), await WireClient.open(one.url)];
    const request = client.tool('stages');
    const call = await WireCall.of(client, request);
    const first = await call.question();
    for (const id of [999, 'never', '', request.id]) expect((await stranger.post(cancelled(id))).status).toBe(202);
    expect((await stranger.post({ jsonrpc: '2.0', method: 'notifications/cancelled' })).status).toBe(202);
    await client.answer(first.id, answerTo(first));
    const second = await call.question();
    await client.answer(second.id, answerTo(second));
    expect(textIn(await call.response())).toBe('Done, Ada.');
    expect((await client.post(cancelled(request.id))).status).toBe(202);
  });

  it.each(['legacy', 'modern'])('by the SDK in the %s era is stopped', async era => {
    const client = era === 'legacy' ? await v1(one.url) : await v2(one.url);
    const giving = new AbortController();
    const name = `by ${era}`;
    const call = { name: 'wait', arguments: { name } };
    const options = { signal: giving.signal };
    const calling =
      client instanceof V2Client ? client.callTool(call, options) : client.callTool(call, undefined, options);
    const failed = expect(calling).rejects.toThrow();
    await expect.poll(happened).toContain(`${name} began`);
    giving.abort();
    await failed;
    await expect.poll(happened).toContain(`${name} was cancelled`);
    await client.close();
  });
});

describe('a change', () => {
  it('is told on one stream of a session only, and on none of its calls [R40]', async () => {
    const changing = fileURLToPath(new URL('../support/servers/v1-changing.ts', import.meta.url));
    await using deployment = await deployed(['--program', changing]);
    const [client, changer] = [await WireClient.open(deployment.url), await WireClient.open(deployment.url)];
    const [older, newer] = [await WireCall.listening(client), await WireCall.listening(client)];
    const told = new Latch();
    const reading = [older, newer].map(async stream => {
      for (let event = await stream.next(); event !== undefined; event = await stream.next())
        if (event.message !== undefined) told.resolve();
    });
    const changed = await WireCall.of(changer, changer.tool('change_tools', {}, { progressToken: 't' }));
    expect(textIn(await changed.response())).toBe('changed');
    expect(changed.messages).toHaveLength(1);
    await told.promise;
    await client.delete();
    await Promise.all(reading);
    const LIST_CHANGED = { jsonrpc: '2.0', method: 'notifications/tools/list_changed', params: {} };
    expect([...older.messages, ...newer.messages]).toEqual([LIST_CHANGED]);
  });
});
