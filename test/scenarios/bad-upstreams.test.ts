/**
 * Upstreams of both eras that break the protocol, behind the product as it is composed: clients of both eras get the
 * `upstream_*` error in their own form, and the log says which rule was broken.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LIMITS } from '../../core/base/limits.ts';
import { isObject } from '../../core/protocol/messages.ts';
import type { Side } from '../support/clients/sdk.ts';
import { SDK_CLIENT_NAMES, SDK_CLIENTS } from '../support/clients/sdk.ts';
import { isStream, messagesIn, WireClient } from '../support/clients/wire.ts';
import { deployed } from '../support/deployment.ts';
import { postModern } from '../support/raw-http.ts';
import type { Handler } from '../support/upstreams/raw.ts';
import { json, sse, upstream } from '../support/upstreams/raw.ts';

afterEach(() => void vi.useRealTimers());

const WILLING: Side = { elicit: () => ({ action: 'accept', content: {} }), roots: ['file:///a'] };

/** Answers a tool call by breaking the protocol. */
type Breach = (id: unknown) => Handler;
type Breaking = (breach: Breach) => Handler;

/** Discovered as a server of 2026, with a list of no tools; every call of one is the breach. */
const modern: Breaking = breach => (request, response, body) => {
  const { id, method } = JSON.parse(body);
  const caching = { ttlMs: 0, cacheScope: 'private' };
  const said: Record<string, object> = {
    'server/discover': { supportedVersions: ['2026-07-28'], capabilities: { tools: {}, prompts: {} }, ...caching },
    'tools/list': { tools: [], ...caching },
  };
  const result = said[method];
  if (result === undefined) breach(id)(request, response, body);
  else json(response, { jsonrpc: '2.0', id, result: { resultType: 'complete', ...result } });
};

/** Shakes hands as a server of 2025 without sessions; every call of a tool is the breach. */
const legacy: Breaking = breach => (request, response, body) => {
  const { id, method } = body === '' ? {} : JSON.parse(body);
  const hello = { capabilities: { tools: {}, prompts: {} }, serverInfo: { name: 'bad', version: '1' } };
  if (method === 'initialize')
    return void json(response, { jsonrpc: '2.0', id, result: { protocolVersion: '2025-11-25', ...hello } });
  if (method === 'server/discover')
    return void json(response, { jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } });
  if (id === undefined && request.headers['last-event-id'] === undefined)
    return void response.writeHead(request.method === 'POST' ? 202 : 405).end();
  breach(id)(request, response, body);
};

const answer = (id: unknown, result: object) => ({ jsonrpc: '2.0', id, result });
const event = (message: object): string => `data: ${JSON.stringify(message)}\n\n`;
const asking =
  (result: object): Breach =>
  id =>
  (_, response) =>
    json(response, answer(id, { resultType: 'input_required', ...result }));
const page: Handler = (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>');

/** A body without an end in sight: writes on until whoever reads has had enough. */
const endless =
  (contentType: string, first: string): Handler =>
  (_, response) => {
    response.writeHead(200, { 'content-type': contentType }).write(first);
    const more = 'x'.repeat(1024 * 1024);
    const next = (): void => {
      while (!response.destroyed && response.write(more));
      if (!response.destroyed) response.once('drain', next);
    };
    next();
  };

const request = { jsonrpc: '2.0', id: 7, method: 'roots/list' };
const BROKE = 'The upstream broke the protocol: ';
const ASKED = "The server's input_required result breaks the protocol: ";

const OF_2026: [string, string, string, Breach][] = [
  [
    'gives its result an unknown type [R96]',
    'upstream_invalid',
    `${BROKE}its result has the unknown type "later".`,
    id => (_, r) => json(r, answer(id, { resultType: 'later' })),
  ],
  [
    'asks for what the client did not declare [R68]',
    'upstream_invalid',
    `${ASKED}it asks for sampling/createMessage, but the client did not declare {"sampling":{`,
    asking({
      inputRequests: { q: { method: 'sampling/createMessage', params: { messages: [], maxTokens: 1, tools: [] } } },
    }),
  ],
  [
    'asks with an unknown method',
    'upstream_invalid',
    `${ASKED}question "q" has no known method.`,
    asking({ inputRequests: { q: { method: 'tools/list' } } }),
  ],
  [
    'asks nothing and keeps no state [R66]',
    'upstream_invalid',
    `${ASKED}it has neither inputRequests nor requestState.`,
    asking({}),
  ],
  [
    'sends a request on its stream [R78]',
    'upstream_invalid',
    `${BROKE}it sent a request (roots/list), which a modern server never does.`,
    () => (_, r) => void sse(r, event(request)),
  ],
  [
    'ends its stream without a response',
    'upstream_invalid',
    `${BROKE}its stream ended without a response.`,
    () => (_, r) => void sse(r, ': bye\n\n').end(),
  ],
  [
    'answers without an end',
    'upstream_invalid',
    `${BROKE}its answer is longer than 67108864 bytes.`,
    () => endless('application/json', '{"jsonrpc":"2.0","result":{"text":"'),
  ],
];

const OF_2025: [string, string, string, Breach][] = [
  [
    'asks where no answer can reach it',
    'upstream_invalid',
    'The upstream asked roots/list within a call, but keeps no session, so that no answer can reach it.',
    () => (_, r) => void sse(r, event(request)),
  ],
  [
    'ends its stream without a response',
    'upstream_lost',
    'The upstream ended its stream before the response, and cannot be asked to go on.',
    () => (_, r) => void sse(r, ': bye\n\n').end(),
  ],
  [
    'never comes to an end, however often it is resumed [R99]',
    'upstream_lost',
    'The upstream ended its stream before the response, and cannot be asked to go on.',
    () => (_, r) => void sse(r, 'id: 1\nretry: 0\ndata:\n\n').end(),
  ],
];

/** What is wrong in either era, with what is said of it in the one and in the other. */
const OF_BOTH = (era: 'modern' | 'legacy'): [string, string, string, Breach][] => [
  [
    'sends events that are no messages',
    'upstream_invalid',
    BROKE + (era === 'modern' ? 'an event of its stream is no JSON-RPC message.' : 'it sent something that is no'),
    () => (_, r) => void sse(r, 'data: {nonsense\n\n').end(),
  ],
  ['answers with a page', 'upstream_invalid', `${BROKE}it answered with text/html.`, () => page],
  [
    'answers with nothing',
    'upstream_invalid',
    `${BROKE}it answered with no content type.`,
    () => (_, r) => void r.writeHead(202).end(),
  ],
  [
    'answers another request',
    'upstream_invalid',
    BROKE + (era === 'modern' ? 'its response has the id of another request.' : 'its answer is none to the request.'),
    () => (_, r) => json(r, answer('another', { resultType: 'complete', content: [] })),
  ],
  [
    'sends an event without an end',
    'upstream_invalid',
    'An event of the stream is longer than 16777216 characters.',
    () => endless('text/event-stream', 'data: '),
  ],
  [
    'answers in no HTTP',
    'upstream_invalid',
    `${BROKE}its answer is no HTTP.`,
    () =>
      ({ socket }) =>
        void socket.end('HTTP/1.1 200 OK\r\nno header\r\n\r\n'),
  ],
  [
    'hangs up before it answers',
    'upstream_lost',
    'The upstream closed the connection before it answered.',
    () =>
      ({ socket }) =>
        void socket.destroy(),
  ],
  [
    'hangs up in the middle',
    'upstream_lost',
    'The connection to the upstream broke before its response.',
    () =>
      ({ socket }, r) =>
        void sse(r).write(': a\n\n', () => void socket.destroy()),
  ],
  [
    'is in trouble',
    'upstream_unreachable',
    'The upstream refused the request with HTTP status 500.',
    () => (_, r) => void r.writeHead(500).end(),
  ],
];

const STATUS: Readonly<Record<string, number>> = {
  upstream_invalid: 502,
  upstream_lost: 502,
  upstream_unreachable: 502,
  upstream_timeout: 504,
};

/** The code of a JSON-RPC error and its message. */
function errorIn(message: unknown) {
  const error = isObject(message) && isObject(message.error) ? message.error : {};
  return { rpc: error.code, code: isObject(error.data) ? error.data.code : undefined, message: String(error.message) };
}

/** All that a client's error says: its SDK puts what the server said into the message or beside it. */
const failureOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'no failure',
    (error: Error) => `${error.message} ${JSON.stringify(error)}`.replaceAll('\\"', '"'),
  );

describe.each<[string, Breaking, [string, string, string, Breach][]]>([
  ['2026', modern, [...OF_2026, ...OF_BOTH('modern')]],
  ['2025', legacy, [...OF_2025, ...OF_BOTH('legacy')]],
])('a server of %s that breaks the protocol', (_, breaking, breaches) => {
  it.each(
    breaches,
  )('because it %s is told so to clients of both eras, and named in the log [R92]', async (_, code, says, breach) => {
    await using there = await upstream(breaking(breach));
    await using fermata = await deployed(['--upstream', there.url]);

    const client = await WireClient.open(fermata.url, { capabilities: {} });
    for (const response of [
      await client.post(client.tool('anything')),
      await postModern(fermata.url, 'tools/call', { name: 'anything', arguments: {} }),
    ]) {
      // A stream was begun where the upstream took its time.
      expect(response.status).toBe(isStream(response) ? 200 : STATUS[code]);
      const error = errorIn((await messagesIn(response)).at(-1));
      expect(error).toEqual({ rpc: -32603, code, message: expect.stringContaining(says) });
    }

    const logged = fermata.observed.filter(({ message }) => String(message).startsWith(says));
    expect(logged.map(observation => observation.code)).toEqual([code, code]);
  });
});

const HEAVY = /without an end/;

describe.each(SDK_CLIENT_NAMES)('the client %s', name => {
  it.each<[string, Breaking, [string, string, string, Breach][]]>([
    ['2026', modern, [...OF_2026, ...OF_BOTH('modern')]],
    ['2025', legacy, [...OF_2025, ...OF_BOTH('legacy')]],
  ])('is told of everything that is wrong with a server of %s', async (_, breaking, all) => {
    const breaches = all.filter(([what]) => !HEAVY.test(what));
    let at = 0;
    await using there = await upstream(breaking(id => breaches[at]?.[3](id) ?? page));
    await using fermata = await deployed(['--upstream', there.url]);
    const client = await SDK_CLIENTS[name](fermata.url, WILLING);
    const told: string[] = [];
    for (at = 0; at < breaches.length; at++) {
      const failure = await failureOf(client.call('anything'));
      told.push(/"code":"(upstream_[a-z]+)"/.exec(failure)?.[1] ?? failure);
    }
    expect(told).toEqual(breaches.map(([, code]) => code));
    await client.close();
  });
});

describe('an upstream that is silent', () => {
  const HOW: [string, Handler][] = [
    ['before the head of its answer', () => undefined],
    ['in the middle of its head', ({ socket }) => void socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/')],
    ['in the middle of a stream', (_, response) => void sse(response, ': wait\n\n')],
  ];
  it.each(
    HOW.flatMap(([how, handler]) => [
      [how, '2026', modern(() => handler)] as const,
      [how, '2025', legacy(() => handler)] as const,
    ]),
  )('%s has timed out, of %s as well [R105]', async (_, __, handler) => {
    let reached = (): void => {};
    let calls = new Promise<void>(resolve => {
      reached = resolve;
    });
    await using there = await upstream((request, response, body) => {
      handler(request, response, body);
      if (body.includes('tools/call')) reached();
    });
    await using fermata = await deployed(['--upstream', there.url]);
    const client = await WireClient.open(fermata.url);
    for (const call of [
      () => client.post(client.tool('anything')),
      () => postModern(fermata.url, 'tools/call', { name: 'anything', arguments: {} }),
    ]) {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const called = call();
      await calls;
      await vi.advanceTimersByTimeAsync(LIMITS.roundMsMax);
      vi.useRealTimers();
      const heard = (await messagesIn(await called)).at(-1);
      expect(errorIn(heard)).toMatchObject({ rpc: -32603, code: 'upstream_timeout' });
      calls = new Promise(resolve => {
        reached = resolve;
      });
    }
    expect(fermata.observed.filter(({ code }) => code === 'upstream_timeout')).toHaveLength(2);
  });
});

describe('an upstream that asks', () => {
  const round = { inputRequests: { roots: { method: 'roots/list' } }, requestState: 'again' };

  it('for ever is stopped for a client of 2025; one of 2026 counts for itself [R105]', async () => {
    await using there = await upstream(modern(asking(round)));
    await using fermata = await deployed(['--upstream', there.url]);
    const told: string[] = [];
    for (const name of SDK_CLIENT_NAMES) {
      const client = await SDK_CLIENTS[name](fermata.url, WILLING);
      told.push(await failureOf(client.call('anything')));
      await client.close();
    }
    const ours = '"code":"rounds_exceeded"';
    expect(told).toEqual([
      expect.stringContaining(ours),
      expect.stringContaining(ours),
      expect.stringContaining('INPUT_REQUIRED_ROUNDS_EXCEEDED'),
    ]);
    const logged = fermata.observed.filter(({ code }) => code === 'rounds_exceeded');
    expect(logged.map(({ message }) => message)).toEqual(
      Array(2).fill('The server asked for another round after 100, which is the most allowed.'),
    );
  });

  it('where the protocol does not allow it has broken it [R67]', async () => {
    await using there = await upstream(modern(asking(round)));
    await using fermata = await deployed(['--upstream', there.url]);
    const client = await WireClient.open(fermata.url);
    for (const response of [
      await client.post(client.request('prompts/list')),
      await postModern(fermata.url, 'prompts/list'),
    ]) {
      expect(response.status).toBe(502);
      expect(errorIn(await response.json())).toEqual({
        rpc: -32603,
        code: 'upstream_invalid',
        message: `${BROKE}it asked for input in answer to prompts/list, where the protocol does not allow it.`,
      });
    }
  });
});
