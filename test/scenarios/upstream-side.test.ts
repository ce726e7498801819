/** What Fermata does towards servers elsewhere, seen from there: over HTTP, against the whole product with clients of both eras. */
import { describe, expect, it, vi } from 'vitest';
import { newApiKey } from '../../core/http/api-keys.ts';
import type { ModernRequest } from '../../core/protocol/envelope.ts';
import { META } from '../../core/protocol/envelope.ts';
import { isObject } from '../../core/protocol/messages.ts';
import { answered, modern } from '../support/clients/modern-wire.ts';
import { messagesIn, textIn, WireClient } from '../support/clients/wire.ts';
import { WireCall } from '../support/clients/wire-call.ts';
import { deployed, deployedTwice } from '../support/deployment.ts';
import { Latch } from '../support/latch.ts';
import { served } from '../support/served.ts';
import type { Handler } from '../support/upstreams/raw.ts';
import { json, upstream } from '../support/upstreams/raw.ts';
import { question, scriptedOverHttp, text } from '../support/upstreams/scripted.ts';

vi.setConfig({ testTimeout: 20_000 });

const asking = (state: string | undefined) =>
  async function* ({ params }: ModernRequest) {
    if (params.inputResponses !== undefined) return text(String(params.requestState));
    const requestState = state === undefined ? {} : { requestState: `${state}-${String(Object(params.arguments).n)}` };
    return { resultType: 'input_required', inputRequests: { q: question('?') }, ...requestState };
  };

describe('a request to a server of 2026', () => {
  it('has all that belongs to one, and gives each call its own state back as it came [R95]', async () => {
    const state = 'ü "{}" \\ =?base64?x?= ';
    await using there = await scriptedOverHttp({ stateful: asking(state), stateless: asking(undefined) });
    await using deployment = await deployed(['--upstream', there.url]);
    const client = await WireClient.open(deployment.url);
    const calls = await Promise.all([1, 2].map(n => WireCall.of(client, client.tool('stateful', { n }))));
    for (const call of [...calls].reverse()) await client.answer((await call.question()).id, { action: 'decline' });
    const texts = await Promise.all(calls.map(async call => textIn(await call.response())));
    expect(texts).toEqual([`${state}-1`, `${state}-2`]);
    const plain = await WireCall.of(client, client.tool('stateless'));
    await client.answer((await plain.question()).id, { action: 'decline' });
    expect(textIn(await plain.response())).toBe('undefined');
    expect(there.calls().at(-1)?.params).not.toHaveProperty('requestState');

    const ids = there.requests.map(({ id }) => id);
    const retries = there.calls().map(({ id }) => id);
    expect(new Set(retries).size).toBe(6);
    expect(ids.length).toBe(there.headers.length);
    for (const [at, request] of there.requests.entries()) {
      expect(there.headers[at]).toMatchObject({
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': request.method,
        accept: expect.stringContaining('text/event-stream'),
        ...(request.method === 'tools/call' ? { 'mcp-name': request.params.name } : {}),
      });
      expect(request.params._meta).toMatchObject({
        [META.protocolVersion]: '2026-07-28',
        [META.clientCapabilities]: expect.any(Object),
        [META.clientInfo]: { name: expect.any(String) },
      });
    }
  });

  it('is made for each principal: what is private is not given to another, and no answer of a round twice [R65]', async () => {
    let copies = 0;
    await using there = await scriptedOverHttp(
      { ask: asking('s') },
      {
        async *'resources/read'() {
          return { contents: [{ uri: 'x:', text: `copy ${++copies}` }], ttlMs: 60_000, cacheScope: 'private' };
        },
      },
    );
    const [ada, bob] = [newApiKey('ada'), newApiKey('bob')];
    await using deployment = await deployed(['--upstream', there.url], { FERMATA_API_KEYS: `${ada.line},${bob.line}` });
    const read = async ({ key }: { key: string }) => {
      const headers = { authorization: `Bearer ${key}` };
      const { result } = await answered(modern(deployment.url, 'resources/read', { uri: 'x:' }, { headers }));
      return Object(Object(result.contents)[0]).text;
    };
    const hers = await read(ada);
    expect(await read(bob)).not.toBe(hers);
    const headers = { authorization: `Bearer ${ada.key}` };
    const params = {
      name: 'ask',
      arguments: { n: 1 },
      requestState: 's-1',
      inputResponses: { q: { action: 'decline' } },
    };
    for (let n = 1; n <= 2; n++) {
      expect((await answered(modern(deployment.url, 'tools/call', params, { headers }))).result.resultType).toBe(
        'complete',
      );
      expect(there.calls()).toHaveLength(n);
    }
  });
});

describe('the era of a server', () => {
  it('is asked once, and not concluded from refusals and trouble [R101]', async () => {
    await using there = await scriptedOverHttp({
      async *greet() {
        return text('Hello!');
      },
    });
    let trouble: number | undefined;
    const methods: unknown[] = [];
    await using front = await served({
      async fetch(request) {
        const body = await request.text();
        methods.push(JSON.parse(body).method);
        if (trouble !== undefined) return new Response(null, { status: trouble });
        return fetch(there.url, { method: 'POST', headers: request.headers, body });
      },
    });
    await using deployment = await deployed(['--upstream', front.url]);
    const client = await WireClient.open(deployment.url);
    const greeted = async () => (await messagesIn(await client.post(client.tool('greet')))).at(-1);
    expect(textIn(await greeted())).toBe('Hello!');
    const before = methods.filter(method => method === 'server/discover').length;
    for (const status of [401, 403, 500, 503, 504]) {
      trouble = status;
      const response = await client.post(client.tool('greet'));
      expect(response.status).toBeGreaterThanOrEqual(500);
      expect(await response.json()).toMatchObject({ error: { code: -32603 } });
    }
    trouble = undefined;
    expect(textIn(await greeted())).toBe('Hello!');
    expect(methods).not.toContain('initialize');
    expect(methods.filter(method => method === 'server/discover').length).toBe(before);
  });
});

describe('a session at a server of 2025', () => {
  it('that is gone is opened once more, and the call is run once [R98]', async () => {
    const came: unknown[] = [];
    let sessions = 0;
    let runs = 0;
    let gone = '';
    const old: Handler = (request, response, body) => {
      const { id, method } = body === '' ? { id: undefined, method: request.method } : JSON.parse(body);
      came.push(method);
      const session = String(request.headers['mcp-session-id'] ?? '');
      if (method === 'initialize') {
        response.setHeader('mcp-session-id', `s${++sessions}`);
        const serverInfo = { name: 'old', version: '1' };
        const result = { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo };
        return void json(response, { jsonrpc: '2.0', id, result });
      }
      if (session !== '' && session === gone)
        return void json(
          response,
          { jsonrpc: '2.0', id: null, error: { code: -32001, message: 'Session not found' } },
          404,
        );
      if (id === undefined) return void response.writeHead(request.method === 'POST' ? 202 : 405).end();
      if (method !== 'tools/call')
        return void json(response, { jsonrpc: '2.0', id, error: { code: -32601, message: 'no' } });
      json(response, { jsonrpc: '2.0', id, result: text(`run ${++runs} in ${session}`) });
    };
    await using there = await upstream(old);
    await using deployment = await deployed(['--upstream', there.url]);
    const client = await WireClient.open(deployment.url);
    const called = async () => textIn((await messagesIn(await client.post(client.tool('any')))).at(-1));
    const first = await called();
    gone = first.replace(/.* /, '');
    const opened = sessions;
    expect(await called()).toBe(`run 2 in s${opened + 1}`);
    expect([sessions, runs]).toEqual([opened + 1, 2]);
  });
});

describe('a listening of 2026', () => {
  it('hears what another instance changed, and ends with a result of its own id [R86] [R87]', async () => {
    const listeners = new Set<() => void>();
    await using there = await scriptedOverHttp(
      {
        async *change() {
          for (const tell of listeners) tell();
          return text('changed');
        },
      },
      {
        async *'subscriptions/listen'(request, { signal }) {
          const _meta = { [META.subscriptionId]: request.id };
          const params = { notifications: { toolsListChanged: true }, _meta };
          yield { jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged', params };
          for (;;) {
            const changed = new Latch();
            listeners.add(changed.resolve);
            signal.addEventListener('abort', () => changed.resolve(), { once: true });
            await changed.promise;
            listeners.delete(changed.resolve);
            if (signal.aborted) return { _meta };
            yield { jsonrpc: '2.0', method: 'notifications/tools/list_changed', params: { _meta } };
          }
        },
      },
    );
    const [one, other] = await deployedTwice(['--upstream', there.url]);
    const notifications = { toolsListChanged: true };
    const response = await modern(one.url, 'subscriptions/listen', { notifications }, { id: 77 });
    const heard: unknown[] = [];
    const acknowledged = new Latch();
    const told = new Latch();
    const reading = (async () => {
      const reader = WireCall.over(response);
      for (let event = await reader.next(); event !== undefined; event = await reader.next()) {
        const { message } = event;
        if (message === undefined) continue;
        heard.push(message);
        if (heard.length === 1) acknowledged.resolve();
        if ('method' in message && message.method === 'notifications/tools/list_changed') told.resolve();
      }
    })();
    await acknowledged.promise;
    await answered(modern(other.url, 'tools/call', { name: 'change', arguments: {} }));
    await told.promise;
    await one[Symbol.asyncDispose]();
    await reading;
    const _meta = { [META.subscriptionId]: 77 };
    expect(heard).toMatchObject([
      { method: 'notifications/subscriptions/acknowledged', params: { _meta } },
      { method: 'notifications/tools/list_changed', params: { _meta } },
      { id: 77, result: { resultType: 'complete', _meta } },
    ]);
    expect(heard.some(message => isObject(message) && message.method === 'notifications/cancelled')).toBe(false);
    await other[Symbol.asyncDispose]();
  });
});
