/** Each revision of 2025 and before in its own words, on the wire, against the whole product before a server of 2026. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModernRequest } from '../../core/protocol/envelope.ts';
import { META } from '../../core/protocol/envelope.ts';
import { isObject } from '../../core/protocol/messages.ts';
import { WireClient } from '../support/clients/wire.ts';
import { WireCall } from '../support/clients/wire-call.ts';
import type { TestDeployment } from '../support/deployment.ts';
import { deployed } from '../support/deployment.ts';
import { scriptedOverHttp, text } from '../support/upstreams/scripted.ts';

const CHOICE = { type: 'string', oneOf: [{ const: 'r', title: 'Red' }], default: 'r' };
const CHOICES = { type: 'array', items: { type: 'string', enum: ['a', 'b'] } };
const form = (properties: Record<string, unknown>, required: readonly string[] = []) => ({
  method: 'elicitation/create',
  params: { mode: 'form', message: 'Which?', requestedSchema: { type: 'object', properties, required } },
});
const asking = (questions: Record<string, unknown>) =>
  async function* ({ params }: ModernRequest) {
    if (params.inputResponses !== undefined) return text(JSON.stringify(params.inputResponses));
    return { resultType: 'input_required', inputRequests: questions, requestState: 's' };
  };
const page = { mode: 'url', message: 'Sign in', url: 'https://example.com/' };

let upstream: Awaited<ReturnType<typeof scriptedOverHttp>>;
let deployment: TestDeployment;
beforeAll(async () => {
  upstream = await scriptedOverHttp(
    {
      choose: asking({ q: form({ colour: CHOICE, several: CHOICES }) }),
      insist: asking({ q: form({ several: CHOICES }, ['several']) }),
      visit: asking({ q: { method: 'elicitation/create', params: page } }),
      async *number() {
        return {
          content: [],
          structuredContent: 42,
          _meta: { [META.serverInfo]: { name: 'x', version: '1' }, 'a/b': 1 },
        };
      },
      async *echo({ params }) {
        return { content: [], structuredContent: params, _meta: { 'example.com/back': [1] }, 'of-tomorrow': true };
      },
    },
    {
      async *'tools/list'() {
        const output = { type: 'integer', minimum: 1 };
        const tool = { name: 'number', inputSchema: { type: 'object' }, outputSchema: output, 'of-tomorrow': 7 };
        return { tools: [tool], nextCursor: '', ttlMs: 60_000, cacheScope: 'public' };
      },
      async *'server/discover'() {
        return {
          supportedVersions: ['2026-07-28'],
          capabilities: { tools: {}, logging: {}, experimental: { x: {} }, extensions: { 'example.com/e': { on: 1 } } },
          ttlMs: 0,
          cacheScope: 'private',
          _meta: { [META.serverInfo]: { name: 'scripted', version: '1.0.0', icons: [{ src: 'data:,' }] } },
        };
      },
    },
  );
  deployment = await deployed(['--upstream', upstream.url]);
});
afterAll(async () => {
  await deployment[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

const open = (revision: string, capabilities: Record<string, unknown> = { elicitation: { form: {}, url: {} } }) =>
  WireClient.open(deployment.url, { revision, capabilities });
const resultOf = async (client: WireClient, request: unknown): Promise<Record<string, unknown>> => {
  const response = await (await WireCall.of(client, request)).response();
  return 'result' in response ? { ...response.result } : {};
};

describe('a client of 2025-06-18', () => {
  it('is asked in plain forms, and never to visit a page [R47]', async () => {
    const client = await open('2025-06-18');
    const call = await WireCall.of(client, client.tool('choose'));
    const { params } = await call.question();
    expect(params).toEqual({
      message: 'Which?',
      requestedSchema: {
        type: 'object',
        properties: { colour: { type: 'string', enum: ['r'], enumNames: ['Red'] } },
        required: [],
      },
    });
    call.leave();
    expect(await resultOf(client, client.tool('insist'))).toMatchObject({ isError: true });
    const visit = await WireCall.of(client, client.tool('visit'));
    await visit.rest();
    expect(visit.messages).toHaveLength(1);
    expect(JSON.stringify(visit.messages)).not.toContain('https://example.com/');
    const told = upstream.calls().at(-1)?.params._meta[META.clientCapabilities];
    expect(told).toEqual({ elicitation: { form: {} } });
  });
});

describe('a client of 2025-11-25', () => {
  it('is asked in rich forms, and pages have an id of their own [R21]', async () => {
    const client = await open('2025-11-25');
    const call = await WireCall.of(client, client.tool('choose'));
    expect((await call.question()).params).toMatchObject({
      mode: 'form',
      requestedSchema: { properties: { colour: CHOICE, several: CHOICES } },
    });
    call.leave();
    const ids = new Set<unknown>();
    for (let n = 0; n < 3; n++) {
      const visit = await WireCall.of(client, client.tool('visit'));
      const { params } = await visit.question();
      expect(params).toMatchObject(page);
      expect(params?.elicitationId).toMatch(/^[\w-]{22}$/);
      ids.add(params?.elicitationId);
      visit.leave();
    }
    expect(ids.size).toBe(3);
  });
});

describe('a result', () => {
  it.each([
    '2025-11-25',
    '2025-06-18',
    '2025-03-26',
    '2024-11-05',
  ])('has nothing of 2026 in it for %s [R46]', async revision => {
    const client = await open(revision, {});
    const results = [
      await resultOf(client, client.request('tools/list')),
      await resultOf(client, client.tool('number')),
      await resultOf(client, client.tool('echo', { a: 1 })),
    ];
    for (const result of results) {
      for (const key of ['resultType', 'ttlMs', 'cacheScope']) expect(result).not.toHaveProperty(key);
      expect(
        Object.keys(isObject(result._meta) ? result._meta : {}).filter(key => key.includes('modelcontext')),
      ).toEqual([]);
    }
    // An empty cursor is one like any other. It comes sealed for its principal.
    expect(results[0]).toHaveProperty('nextCursor', expect.stringMatching(/^fermata1\./));
  });

  it('that is no object is wrapped, in the schema of its tool too, or becomes text [R48]', async () => {
    const results = async (revision: string) => {
      const client = await open(revision, {});
      const { tools } = await resultOf(client, client.request('tools/list'));
      const [tool]: unknown[] = Array.isArray(tools) ? tools : [];
      return { tool, result: await resultOf(client, client.tool('number')) };
    };
    const outputSchema = {
      type: 'object',
      properties: { result: { type: 'integer', minimum: 1 } },
      required: ['result'],
    };
    for (const revision of ['2025-11-25', '2025-06-18']) {
      const { tool, result } = await results(revision);
      expect(tool).toMatchObject({ outputSchema });
      expect(result).toEqual({ content: [], structuredContent: { result: 42 }, _meta: { 'a/b': 1 } });
    }
    const { tool, result } = await results('2025-03-26');
    expect(tool).not.toHaveProperty('outputSchema');
    expect(result).toEqual({ content: [{ type: 'text', text: '{"result":42}' }], _meta: { 'a/b': 1 } });
  });
});

describe('what nobody here knows', () => {
  it('passes in both directions: capabilities, extensions, _meta, and the trace [R97]', async () => {
    const capabilities = {
      experimental: { 'example.com/x': { deep: [1] } },
      extensions: { 'example.com/e': {} },
      'of-tomorrow': {},
    };
    const client = new WireClient(deployment.url);
    const params = { protocolVersion: '2025-11-25', capabilities, clientInfo: { name: 'a', version: '1', 'x-y': 2 } };
    const opened = await client.post(client.request('initialize', params));
    client.sessionId = opened.headers.get('mcp-session-id') ?? undefined;
    expect(await opened.json()).toMatchObject({
      result: {
        capabilities: { experimental: { x: {} }, extensions: { 'example.com/e': { on: 1 } } },
        serverInfo: { name: 'scripted', version: '1.0.0', icons: [{ src: 'data:,' }] },
      },
    });
    const meta = {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'example.com/there': { n: 1 },
    };
    const result = await resultOf(client, client.tool('echo', { a: 1 }, meta));
    expect(result).toMatchObject({ _meta: { 'example.com/back': [1] }, 'of-tomorrow': true });
    expect(upstream.calls().at(-1)?.params._meta).toMatchObject({
      ...meta,
      [META.clientCapabilities]: capabilities,
      [META.clientInfo]: { name: 'a', version: '1', 'x-y': 2 },
    });
    const tools = await resultOf(client, client.request('tools/list'));
    expect(tools.tools).toMatchObject([{ 'of-tomorrow': 7 }]);
  });
});

describe('a batch', () => {
  const batch = [
    { jsonrpc: '2.0', id: 1, method: 'ping' },
    { jsonrpc: '2.0', method: 'notifications/of_nothing' },
    { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'number' } },
  ];

  it('is answered as one in 2025-03-26, without initialize, and refused in any other revision [R45]', async () => {
    const client = await open('2025-03-26', {});
    const response = await client.post(batch);
    expect([response.status, await response.json()]).toMatchObject([
      200,
      [
        { id: 1, result: {} },
        { id: 2, result: { content: [{ text: '{"result":42}' }] } },
      ],
    ]);
    expect((await client.post([batch[1]])).status).toBe(202);
    const initialize = {
      jsonrpc: '2.0',
      id: 9,
      method: 'initialize',
      params: { protocolVersion: '2025-03-26', capabilities: {} },
    };
    for (const refused of [[batch[0], initialize], [initialize], []])
      expect((await client.post(refused)).status).toBe(400);
    for (const revision of ['2025-11-25', '2025-06-18', '2024-11-05']) {
      const answer = await (await open(revision, {})).post(batch);
      expect([answer.status, await answer.json()]).toMatchObject([400, { error: { code: -32600 } }]);
    }
  });
});
