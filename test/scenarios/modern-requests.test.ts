/** Requests of 2026-07-28 on the wire, one at a time, against the whole product: envelope, headers, results and errors. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { META } from '../../core/protocol/envelope.ts';
import { isObject } from '../../core/protocol/messages.ts';
import { answered, modern, modernRequest, refused, sent } from '../support/clients/modern-wire.ts';
import { eventsIn, textIn } from '../support/clients/wire.ts';
import type { TestDeployment } from '../support/deployment.ts';
import { deployed } from '../support/deployment.ts';
import { progress, scriptedOverHttp, text } from '../support/upstreams/scripted.ts';

const PROGRAM = fileURLToPath(new URL('../support/servers/v1-library.ts', import.meta.url));
const happened = { name: 'happened', arguments: {} };

let library: TestDeployment;
let upstream: Awaited<ReturnType<typeof scriptedOverHttp>>;
let mirroring: TestDeployment;
beforeAll(async () => {
  library = await deployed(['--program', PROGRAM]);
  const inputSchema = {
    type: 'object',
    properties: { region: { type: 'string', 'x-mcp-header': 'Region' }, size: { type: 'integer' } },
  };
  const tool = { name: 'place', inputSchema };
  upstream = await scriptedOverHttp(
    {
      async *place({ params }) {
        return text(JSON.stringify(params.arguments));
      },
      async *talk(request) {
        yield progress(request, 1);
        return text('talked');
      },
    },
    {
      async *'tools/list'() {
        return { tools: [tool], ttlMs: 0, cacheScope: 'private' };
      },
    },
  );
  mirroring = await deployed(['--upstream', upstream.url]);
});
afterAll(async () => {
  await library[Symbol.asyncDispose]();
  await mirroring[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

const list = (headers: Record<string, string>) => refused(modern(library.url, 'tools/list', {}, { id: 'x', headers }));
const call = (headers: Record<string, string>) =>
  refused(modern(library.url, 'tools/call', happened, { id: 'x', headers }));

describe('the envelope of a request', () => {
  it('must be there, with version and capabilities; the error tells the request’s id [R54]', async () => {
    const whole = modernRequest('tools/list').params._meta;
    const { [META.protocolVersion]: _, ...versionless } = whole;
    const { [META.clientCapabilities]: __, ...incapable } = whole;
    for (const params of [{}, { _meta: {} }, { _meta: versionless }, { _meta: incapable }]) {
      const body = { jsonrpc: '2.0', id: 'e', method: 'tools/list', params };
      expect(await refused(sent(library.url, body))).toEqual([400, -32602, 'e']);
    }
  });

  it('need not say who the client is [R55]', async () => {
    const { [META.clientInfo]: _, ..._meta } = modernRequest('tools/list').params._meta;
    const { result } = await answered(
      sent(library.url, { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta } }),
    );
    expect(result.tools).toHaveLength(10);
  });

  it('says the same revision as the header, and one that is supported [R56]', async () => {
    expect(await list({ 'mcp-protocol-version': '2025-11-25' })).toEqual([400, -32020, 'x']);
    const meta = { [META.protocolVersion]: '2099-01-01' };
    const headers = { 'mcp-protocol-version': '2099-01-01' };
    const response = await modern(library.url, 'tools/list', {}, { meta, headers });
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error: { code: -32022, data: { supported: ['2026-07-28'], requested: '2099-01-01' } } },
    ]);
  });
});

describe('the headers of a request', () => {
  it('name its method and its tool, in any case of the name and exactly in the value [R57]', async () => {
    expect(await list({ 'mcp-method': '' })).toEqual([400, -32020, 'x']);
    expect(await list({ 'mcp-method': 'Tools/List' })).toEqual([400, -32020, 'x']);
    expect(await call({ 'mcp-name': '' })).toEqual([400, -32020, 'x']);
    expect(await call({ 'mcp-name': 'Happened' })).toEqual([400, -32020, 'x']);
    const odd = { 'mcp-method': '', 'MCP-METHOD': ' tools/call\t', 'mcp-name': '', 'Mcp-NAME': '\thappened ' };
    expect((await modern(library.url, 'tools/call', happened, { headers: odd })).status).toBe(200);
  });

  it('may be base64, if it is good [R58]', async () => {
    const encoded = `=?base64?${Buffer.from('happened').toString('base64')}?=`;
    expect((await modern(library.url, 'tools/call', happened, { headers: { 'mcp-name': encoded } })).status).toBe(200);
    expect(await call({ 'mcp-name': '=?base64?ha*pened?=' })).toEqual([400, -32020, 'x']);
    expect(await call({ 'mcp-name': '=?base64?aGFwcGVuZW?=x' })).toEqual([400, -32020, 'x']);
  });

  it('mirror the arguments that their tool says, and none that is not there [R59]', async () => {
    const place = (args: Record<string, unknown>, headers: Record<string, string>) =>
      modern(mirroring.url, 'tools/call', { name: 'place', arguments: args }, { id: 'p', headers });
    const north = { region: 'north', size: 1 };
    for (const headers of [{}, { 'mcp-param-region': 'south' }, { 'mcp-param-region': '=?base64?n*rth?=' }] as const)
      expect(await refused(place(north, headers))).toEqual([400, -32020, 'p']);
    const said = async (response: Promise<Response>) => textIn((await answered(response)).messages.at(-1));
    expect(await said(place(north, { 'mcp-param-region': 'north' }))).toBe('{"region":"north","size":1}');
    expect(await said(place({ region: null }, {}))).toBe('{"region":null}');
    expect(await said(place({}, {}))).toBe('{}');
  });
});

describe('a method', () => {
  it.each([
    'initialize',
    'ping',
    'logging/setLevel',
    'resources/subscribe',
    'resources/unsubscribe',
    'books/burn',
  ])('that is none of 2026 is not found: %s [R60]', async method => {
    const params = {
      uri: 'test://book',
      level: 'info',
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: {},
    };
    expect(await refused(modern(library.url, method, params, { id: 'm' }))).toEqual([404, -32601, 'm']);
  });

  it('may be a response of the client’s in nobody’s eyes [R84]', async () => {
    const headers = { 'mcp-method': 'tools/call' };
    const response = await sent(library.url, { jsonrpc: '2.0', id: 1, result: {} }, { headers });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
  });
});

describe('a result', () => {
  it('of discovery names the revisions, what there is, and for how long that holds [R61] [R62]', async () => {
    const { result } = await answered(modern(library.url, 'server/discover'));
    expect(result).toMatchObject({
      resultType: 'complete',
      supportedVersions: ['2026-07-28'],
      instructions: 'Be quiet.',
      capabilities: { tools: {}, prompts: {}, resources: {}, completions: {}, logging: {} },
      cacheScope: 'private',
      _meta: { [META.serverInfo]: { name: 'v1-library', version: '1.0.0', title: 'A library' } },
    });
    expect(result.ttlMs).toBeGreaterThanOrEqual(0);
  });

  it.each([
    ['server/discover', {}, true],
    ['tools/list', {}, true],
    ['prompts/list', {}, true],
    ['resources/list', {}, true],
    ['resources/templates/list', {}, true],
    ['resources/read', { uri: 'test://book' }, true],
    ['tools/call', happened, false],
    [
      'completion/complete',
      { ref: { type: 'ref/resource', uri: 'test://chapter/{title}' }, argument: { name: 'title', value: 'Ad' } },
      false,
    ],
    ['prompts/get', { name: 'review' }, false],
  ])('of %s says what it is and whose, and how long it may be kept [R62] [R63] [R64]', async (method, params, cacheable) => {
    const { result } = await answered(modern(library.url, method, params));
    expect(result.resultType).toBe(method === 'prompts/get' ? 'input_required' : 'complete');
    expect(result._meta).toMatchObject({ [META.serverInfo]: { name: 'v1-library' } });
    expect([Number.isInteger(result.ttlMs), result.cacheScope]).toEqual(
      cacheable ? [true, 'private'] : [false, undefined],
    );
  });

  it('that asks is one of the three that may [R67]', async () => {
    const kinds = async (method: string, params: Record<string, unknown>) =>
      (await answered(modern(library.url, method, params))).result.resultType;
    expect(await kinds('resources/read', { uri: 'test://diary' })).toBe('input_required');
    expect(await kinds('prompts/get', { name: 'review' })).toBe('input_required');
    expect(await kinds('tools/call', { name: 'stages', arguments: {} })).toBe('input_required');
    const ref = { type: 'ref/resource', uri: 'test://chapter/{title}' };
    const nosy = await answered(
      modern(library.url, 'completion/complete', { ref, argument: { name: 'title', value: '?' } }),
    );
    expect(nosy.result).toMatchObject({ resultType: 'complete', completion: { values: ['nobody was asked'] } });
  });
});

describe('an error', () => {
  it('has a code that 2026 knows: of a missing resource with its URI, and of a page to visit none [R88] [R89]', async () => {
    const missing = await answered(modern(library.url, 'resources/read', { uri: 'test://gone' }));
    expect(missing.error).toMatchObject({ code: -32602, data: { uri: 'test://gone' } });
    expect(missing.result).toEqual({});
    const url = { elicitation: { url: {} } };
    const account = { name: 'account', arguments: { name: 'codes', looks: 1 } };
    expect((await answered(modern(library.url, 'tools/call', account, { capabilities: url }))).result).toMatchObject({
      resultType: 'input_required',
    });
    const thrown = async (code: string) =>
      (await answered(modern(library.url, 'prompts/get', { name: 'broken', arguments: { code } }))).error;
    expect(await thrown('-32050')).toMatchObject({ code: -32603, data: { originalCode: -32050 } });
    expect(await thrown('-32042')).toMatchObject({ code: -32603, data: { originalCode: -32042 } });
    expect(await thrown('-32002')).toMatchObject({ code: -32602 });
    expect(await thrown('-32010')).toMatchObject({ code: -32010 });
  });

  it('of what is behind has a body that says so, and a status that is no era’s [R92]', async () => {
    const there = await scriptedOverHttp({});
    await using deployment = await deployed(['--upstream', there.url]);
    await there[Symbol.asyncDispose]();
    const response = await modern(deployment.url, 'tools/call', { name: 'any', arguments: {} }, { id: 'down' });
    expect(response.status).toBeGreaterThanOrEqual(500);
    const body: unknown = await response.json();
    expect(body).toMatchObject({
      jsonrpc: '2.0',
      id: 'down',
      error: { code: -32603, data: { code: 'upstream_unreachable' } },
    });
  });
});

describe('a stream', () => {
  it('has no event ids, and no session, whatever the client sends [R82]', async () => {
    const headers = { 'mcp-session-id': 'made-up', 'last-event-id': 'n1.0' };
    const options = { headers, meta: { progressToken: 't' } };
    const response = await modern(mirroring.url, 'tools/call', { name: 'talk', arguments: {} }, options);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(response.headers.get('mcp-session-id')).toBeNull();
    const events = [];
    for await (const event of eventsIn(response)) events.push(event);
    expect(events.map(({ id, message }) => [id, isObject(message) && 'method' in message])).toEqual([
      [undefined, true],
      [undefined, false],
    ]);
  });

  it('is never opened or ended by GET or DELETE [R83]', async () => {
    const headers = { accept: 'text/event-stream', 'mcp-protocol-version': '2026-07-28' };
    for (const method of ['GET', 'DELETE']) {
      const response = await fetch(library.url, { method, headers });
      expect([response.status, await response.json()]).toMatchObject([405, { error: { code: -32000 } }]);
    }
    expect((await fetch(library.url, { headers: { accept: 'text/event-stream' } })).status).toBe(405);
  });
});
