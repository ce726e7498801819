/** Servers of 2025 behind `--upstream`: every client gets what the server can do, and a killed Fermata loses no call. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Side } from '../support/clients/sdk.ts';
import { SDK_CLIENT_NAMES, SDK_CLIENTS } from '../support/clients/sdk.ts';
import { deployed } from '../support/deployment.ts';
import { Latch } from '../support/latch.ts';
import { lastingPort, startProduct } from '../support/product.ts';
import { fastMcp } from '../support/upstreams/fastmcp.ts';
import { serverOf2025 } from '../support/upstreams/of-2025.ts';
import type { Handler } from '../support/upstreams/raw.ts';
import { json, sse, upstream } from '../support/upstreams/raw.ts';

const ANSWERS: Readonly<Record<string, Record<string, string | boolean>>> = {
  'What is your name?': { name: 'Ada' },
  'Which colour do you like?': { colour: 'green' },
  'May I say so?': { yes: true },
};
const WILLING: Side = {
  elicit: ({ message }) => ({ action: 'accept', content: ANSWERS[String(message)] ?? {} }),
  sample: () => 'It is short.',
  roots: ['file:///a', 'file:///b'],
};
const text = (said: string) => [{ type: 'text', text: said }];

describe.each(SDK_CLIENT_NAMES)('the client %s', name => {
  it('gets questions, models and roots of a server with sessions', async () => {
    await using there = await serverOf2025({ sessions: true, events: true });
    await using fermata = await deployed(['--upstream', there.url]);
    const client = await SDK_CLIENTS[name](fermata.url, WILLING);
    expect((await client.call('introduce')).content).toEqual(text('Ada likes green.'));
    expect((await client.call('summarize', { text: 'long' })).content).toEqual(text('Summary: It is short.'));
    expect((await client.call('list_roots')).content).toEqual(text('Roots: file:///a, file:///b'));
    expect((await client.call('count', { to: 3 })).content).toEqual(text('Counted to 3.'));
    await client.close();
  });

  it('calls FastMCP as it is served without state', async () => {
    await using there = await fastMcp();
    await using fermata = await deployed(['--upstream', there.url]);
    const client = await SDK_CLIENTS[name](fermata.url, WILLING);
    const { content, isError } = await client.call('add', { a: 2, b: 3 });
    expect({ content, isError }).toEqual({ content: text('5'), isError: false });
    await client.close();
  });
});

describe('a killed Fermata', () => {
  it('goes on with calls that wait at a server of 2025', async () => {
    await using there = await serverOf2025({ sessions: true, events: true });
    const data = mkdtempSync(join(tmpdir(), 'fermata-upstream-'));
    const options = { data, port: await lastingPort(), serve: ['--upstream', there.url] };
    const first = await startProduct(options);
    const back = new Latch();
    const calls = SDK_CLIENT_NAMES.map(name => {
      const asked = new Latch();
      const elicit: Side['elicit'] = async params => {
        if (params.message === 'Which colour do you like?') {
          asked.resolve();
          await back.promise;
        }
        return WILLING.elicit(params);
      };
      const result = (async () => {
        const client = await SDK_CLIENTS[name](first.url, { ...WILLING, elicit });
        const { content } = await client.call('introduce');
        await client.close();
        return content;
      })();
      return { asked: asked.promise, result };
    });
    await Promise.all(calls.map(({ asked }) => asked));
    await first.kill();
    const second = await startProduct(options);
    back.resolve();
    expect(await Promise.all(calls.map(({ result }) => result))).toEqual(
      SDK_CLIENT_NAMES.map(() => text('Ada likes green.')),
    );
    expect(there.came.filter(({ rpc }) => rpc === 'tools/call')).toHaveLength(SDK_CLIENT_NAMES.length);
    expect(await second.stop()).toBe(0);
  });
});

describe.each(
  SDK_CLIENT_NAMES,
)('the client %s calls a server of 2025 that refuses what has no handshake before it', name => {
  it.each([
    ['before each call', { handshake: 'for each call' }],
    ['before each call, answered in JSON', { handshake: 'for each call', json: true }],
    ['on each connection', { handshake: 'for each connection' }],
    [
      'since it was started anew, in the words of the SDK',
      { sessions: true, unknownSession: 'Bad Request: Server not initialized' },
    ],
    [
      'since it was started anew, in the words of the SDK’s examples',
      { sessions: true, unknownSession: 'Bad Request: No valid session ID provided' },
    ],
  ] as const)('%s', async (_, options) => {
    await using there = await serverOf2025(options);
    await using fermata = await deployed(['--upstream', there.url]);
    const client = await SDK_CLIENTS[name](fermata.url, WILLING);
    for (const who of ['Ada', 'Bea']) {
      there.forget();
      expect((await client.call('greet', { name: who })).content).toEqual(text(`Hello, ${who}!`));
    }
    expect((await client.listTools()).map(tool => tool.name)).toContain('greet');
    await client.close();
  });
});

describe('a server of 2025 whose call goes wrong in the words of a refusal', () => {
  it('is not called again', async () => {
    let calls = 0;
    const failing = breaking(id => (_, response) => {
      calls++;
      json(response, { jsonrpc: '2.0', id, error: { code: -32603, message: 'Server not initialized' } });
    });
    await using there = await upstream(failing);
    await using fermata = await deployed(['--upstream', there.url]);
    const client = await SDK_CLIENTS['SDK v1'](fermata.url, WILLING);
    expect(await failureOf(client.call('anything'))).toContain('Server not initialized');
    expect(calls).toBe(1);
    await client.close();
  });
});

/** Shakes hands, and breaks the protocol in every call. */
const breaking =
  (call: (id: unknown) => Handler): Handler =>
  (request, response, body) => {
    const { id, method } = body === '' ? {} : JSON.parse(body);
    if (method === 'tools/call') return call(id)(request, response, body);
    if (method === 'initialize') {
      const result = {
        protocolVersion: '2025-11-25',
        capabilities: { tools: {} },
        serverInfo: { name: 'b', version: '1' },
      };
      return void json(response, { jsonrpc: '2.0', id, result });
    }
    if (id === undefined) return void response.writeHead(request.method === 'POST' ? 202 : 405).end();
    json(response, { jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } });
  };

const question = { jsonrpc: '2.0', id: 'q', method: 'elicitation/create', params: { message: '?' } };

/** All that a client's error says: its SDK puts what the server said into the message or beside it. */
const failureOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'no failure',
    (error: Error) => `${error.message} ${JSON.stringify(error)}`.replaceAll('\\"', '"'),
  );

describe('a server of 2025 that breaks the protocol', () => {
  it.each<[string, string, (id: unknown) => Handler]>([
    [
      'answers with a page',
      'upstream_invalid',
      () => (_, r) => void r.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
    ],
    ['sends garbage', 'upstream_invalid', () => (_, r) => void sse(r, 'data: {nonsense\n\n').end()],
    ['answers another request', 'upstream_invalid', () => (_, r) => json(r, { jsonrpc: '2.0', id: 'x', result: {} })],
    [
      'asks without a session',
      'upstream_invalid',
      () => (_, r) => void sse(r, `data: ${JSON.stringify(question)}\n\n`),
    ],
    ['ends its stream without an answer', 'upstream_lost', () => (_, r) => void sse(r, ': nothing\n\n').end()],
    ['is in trouble', 'upstream_unreachable', () => (_, r) => void r.writeHead(500).end()],
  ])('and %s is answered with %s and named in the log, in both eras', async (_, code, call) => {
    await using there = await upstream(breaking(call));
    await using fermata = await deployed(['--upstream', there.url]);
    for (const name of SDK_CLIENT_NAMES) {
      const client = await SDK_CLIENTS[name](fermata.url, WILLING);
      expect(await failureOf(client.call('anything'))).toContain(`"code":"${code}"`);
      await client.close().catch(() => undefined);
    }
    expect(fermata.observed.filter(observation => observation.code === code).length).toBeGreaterThan(0);
  });
});
