/**
 * URL mode: pages that people are sent to, with real clients of both eras and on the wire, from programs, servers of 2026 and servers
 * of 2025, at two instances of the whole product.
 */
import { fileURLToPath } from 'node:url';
import { Client as V2Client, StreamableHTTPClientTransport as V2Transport } from '@modelcontextprotocol/client';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as V1Transport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitationCompleteNotificationSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModernRequest } from '../../core/protocol/envelope.ts';
import { isObject, isRequest } from '../../core/protocol/messages.ts';
import { answered, answering, modern } from '../support/clients/modern-wire.ts';
import { textIn, WireClient } from '../support/clients/wire.ts';
import { WireCall } from '../support/clients/wire-call.ts';
import type { TestDeployment } from '../support/deployment.ts';
import { deployed, deployedTwice } from '../support/deployment.ts';
import v1Library from '../support/servers/v1-library.ts';
import { serverOf2025 } from '../support/upstreams/of-2025.ts';
import { scriptedOverHttp, text } from '../support/upstreams/scripted.ts';

const PROGRAM = fileURLToPath(new URL('../support/servers/v1-library.ts', import.meta.url));
const INFO = { name: 'scenario', version: '1.0.0' };
const URLS = { elicitation: { form: {}, url: {} } };
const PAGE = { mode: 'url', message: 'Sign in first', url: 'https://example.com/sign-in' };
const ACCEPT = { action: 'accept' };

let one: TestDeployment;
let other: TestDeployment;
beforeAll(async () => {
  [one, other] = await deployedTwice(['--program', PROGRAM]);
});
afterAll(async () => {
  await one[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

const open = (url: string) => WireClient.open(url, { capabilities: URLS });
const account = (name: string, looks: number) => ({ name: 'account', arguments: { name, looks } });

async function v1(url: string) {
  const client = new V1Client(INFO, { capabilities: URLS });
  const visited: unknown[] = [];
  const completed: unknown[] = [];
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    visited.push(params.mode === 'url' ? params.elicitationId : 'a form');
    return { action: 'accept' };
  });
  client.setNotificationHandler(
    ElicitationCompleteNotificationSchema,
    ({ params }) => void completed.push(params.elicitationId),
  );
  // The transport's types are not exact about optional properties.
  await client.connect(new V1Transport(new URL(url)) as Parameters<typeof client.connect>[0]);
  return { client, visited, completed };
}

async function v2(url: string, action: 'accept' | 'decline' = 'accept') {
  const client = new V2Client(INFO, { capabilities: URLS, versionNegotiation: { mode: { pin: '2026-07-28' } } });
  const visited: unknown[] = [];
  client.setRequestHandler('elicitation/create', ({ params }) => {
    visited.push(params.mode === 'url' ? params.url : 'a form');
    return { action };
  });
  await client.connect(new V2Transport(new URL(url)));
  return { client, visited };
}

describe('a page that a call waits for', () => {
  it('is visited once, and its client hears when it is done with, in either era', async () => {
    const old = await v1(one.url);
    expect(textIn({ result: await old.client.callTool({ name: 'visit', arguments: {} }) })).toBe('The page: accept');
    expect(old.visited).toEqual([expect.stringMatching(/^[\w-]{22}$/)]);
    expect(old.completed).toEqual(old.visited);
    await old.client.close();
    const young = await v2(one.url);
    expect(textIn({ result: await young.client.callTool({ name: 'visit', arguments: {} }) })).toBe('The page: accept');
    expect(young.visited).toEqual([PAGE.url]);
    await young.client.close();
  });

  it('and that its server asks for again is not put to the client again, but waited for', async () => {
    await using upstream = await scriptedOverHttp({
      async *sign({ params }: ModernRequest) {
        const round = Number(params.requestState ?? 0) + 1;
        const asked = { method: 'elicitation/create', params: PAGE };
        if (params.inputResponses !== undefined) expect(params.inputResponses).toEqual({ page: { action: 'accept' } });
        if (round < 4)
          return { resultType: 'input_required', inputRequests: { page: asked }, requestState: String(round) };
        return text(`signed in after ${round} rounds`);
      },
      async *refuse({ params }: ModernRequest) {
        if (params.inputResponses !== undefined) return { ...text('failed'), isError: true };
        return {
          resultType: 'input_required',
          inputRequests: { page: { method: 'elicitation/create', params: PAGE } },
        };
      },
    });
    const both = await deployedTwice(['--upstream', upstream.url]);
    const client = await open(both[0].url);
    const call = await WireCall.of(client, client.tool('sign'));
    const { id, params } = await call.question();
    expect((await client.at(both[1].url).answer(id, ACCEPT)).status).toBe(202);
    expect(textIn(await call.response())).toBe('signed in after 4 rounds');
    expect(call.messages.filter(isRequest)).toHaveLength(1);
    const complete = { method: 'notifications/elicitation/complete', params: { elicitationId: params?.elicitationId } };
    expect(call.messages.at(-2)).toMatchObject(complete);
    const failing = await WireCall.of(client, client.tool('refuse'));
    await client.answer((await failing.question()).id, ACCEPT);
    await failing.rest();
    expect(JSON.stringify(failing.messages)).not.toContain('elicitation/complete');
    for (const deployment of both) await deployment[Symbol.asyncDispose]();
  });
});

describe('a page without which a program ends the call (-32042)', () => {
  it('sends a client of 2025-11-25 away by that error; the same call, made elsewhere, goes on from there [R50]', async () => {
    const client = await open(one.url);
    const elsewhere = client.at(other.url);
    const refusal = async (at: WireClient, id: string) => {
      const request = { ...client.request('tools/call', account('Ada', 2)), id };
      const response = await (await WireCall.of(at, request)).response();
      if (!('error' in response)) throw new Error(JSON.stringify(response));
      return response.error;
    };
    const first = await refusal(client, 'a');
    expect(first).toMatchObject({ code: -32042, data: { elicitations: [PAGE] } });
    const second = await refusal(elsewhere, 'b');
    expect(second).toMatchObject({ code: -32042, data: { elicitations: [PAGE] } });
    const idOf = ({ data }: { data?: unknown }) => Object(Object(data).elicitations)[0].elicitationId;
    expect(idOf(first)).toMatch(/^[\w-]{22}$/);
    const third = await WireCall.of(client, { ...client.request('tools/call', account('Ada', 2)), id: 'c' });
    expect(textIn(await third.response())).toBe('The account of Ada');
    const completed = third.messages.flatMap(message =>
      'method' in message && message.method === 'notifications/elicitation/complete'
        ? [message.params?.elicitationId]
        : [],
    );
    expect(completed).toEqual([idOf(first)]);
  });

  it('is an error to the SDK of 2025 that names it, and nothing that other clients could not do', async () => {
    const { client } = await v1(one.url);
    await expect(client.callTool(account('Bob', 1))).rejects.toMatchObject({
      code: -32042,
      elicitations: [{ ...PAGE, elicitationId: expect.any(String) }],
    });
    expect(textIn({ result: await client.callTool(account('Bob', 1)) })).toBe('The account of Bob');
    await client.close();
    const plain = await WireClient.open(one.url, { revision: '2025-06-18', capabilities: { elicitation: {} } });
    const refused = await (await WireCall.of(plain, plain.tool('account', { name: 'Eve', looks: 1 }))).response();
    expect(refused).toMatchObject({ result: { isError: true } });
  });

  it('is asked for in 2026, and visited as often as the program finds that it was not', async () => {
    const { client, visited } = await v2(one.url);
    expect(textIn({ result: await client.callTool(account('Cid', 2)) })).toBe('The account of Cid');
    expect(visited).toEqual([PAGE.url, PAGE.url]);
    await client.close();
    const unwilling = await v2(one.url, 'decline');
    expect(await unwilling.client.callTool(account('Dan', 1))).toMatchObject({ isError: true });
    await unwilling.client.close();
  });
});

describe('a page of a server of 2025 elsewhere', () => {
  it('is the same to both eras, and its state is good for its call only', async () => {
    await using there = await serverOf2025({ factory: v1Library, sessions: true, events: true });
    await using deployment = await deployed(['--upstream', there.url]);
    const client = await open(deployment.url);
    const call = async () => (await WireCall.of(client, client.request('tools/call', account('Fay', 1)))).response();
    expect(await call()).toMatchObject({ error: { code: -32042, data: { elicitations: [PAGE] } } });
    expect(textIn(await call())).toBe('The account of Fay');
    const young = await v2(deployment.url);
    expect(textIn({ result: await young.client.callTool(account('Gus', 2)) })).toBe('The account of Gus');
    expect(young.visited).toEqual([PAGE.url, PAGE.url]);
    await young.client.close();

    const tool = (params: Record<string, unknown>, capabilities: Record<string, unknown> = URLS) =>
      answered(modern(deployment.url, 'tools/call', params, { capabilities }));
    const asked = await tool(account('Hal', 1));
    expect(asked.result).toMatchObject({ resultType: 'input_required' });
    const accepted = answering(account('Hal', 1), asked.result, () => ACCEPT);
    const empty = await tool({ ...accepted, inputResponses: {} });
    expect(isObject(empty.result.inputRequests) && Object.keys(empty.result.inputRequests)).toEqual(['page-1']);
    expect((await tool({ ...accepted, ...account('Ida', 1) })).error).toMatchObject({ code: -32602 });
    expect((await tool(answering(account('Hal', 1), asked.result, () => ({ action: 'cancel' })))).result).toMatchObject(
      {
        isError: true,
      },
    );
    expect(textIn((await tool(accepted)).messages.at(-1))).toBe('The account of Hal');
    expect((await tool(account('Jon', 1), { elicitation: { form: {} } })).error).toMatchObject({ code: -32021 });
  });
});
