/** What a session, and a principal, may have at a time: through HTTP, the proxy and the stores of production. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryStores } from '../../core/adapters/memory/stores.ts';
import { apiKeys, newApiKey, parseApiKeys } from '../../core/http/api-keys.ts';
import { httpApp } from '../../core/http/app.ts';
import type { Stores } from '../../core/ports/stores.ts';
import { isObject } from '../../core/protocol/messages.ts';
import { proxy } from '../../core/proxy/proxy.ts';
import type { SessionLimits } from '../../core/session/policy.ts';
import { makeOnDynamodb } from '../adapters/dynamodb/stores-on-dynamodb.ts';
import { DRIVERS, makeOnDisk } from '../adapters/sqlite/stores-on-disk.ts';
import type { StoresUnderTest } from '../contracts/stores-under-test.ts';
import { handClock } from '../contracts/stores-under-test.ts';
import { clientOf } from '../support/dynamodb/clients.ts';
import type { Emulator } from '../support/dynamodb/emulator.ts';
import { startEmulator } from '../support/dynamodb/emulator.ts';
import { eventsOf, postLegacy } from '../support/raw-http.ts';
import { served } from '../support/served.ts';
import { progress, question, scriptedUpstream, text } from '../support/upstreams/scripted.ts';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator();
});
afterAll(() => emulator.stop());

const upstream = () =>
  scriptedUpstream({
    plain: async function* () {
      return text('plain');
    },
    ask: async function* (request) {
      if (request.params.inputResponses) return text('done');
      const { questions = 1 } = isObject(request.params.arguments) ? request.params.arguments : {};
      const asked = Array.from({ length: Number(questions) }, (_, at) => [`q${at}`, question('?')]);
      return { resultType: 'input_required', inputRequests: Object.fromEntries(asked), requestState: 's' };
    },
    report: async function* (request) {
      for (let done = 1; done <= 10; done++)
        yield { ...progress(request, done), params: { ...progress(request, done).params, message: 'x'.repeat(1_000) } };
      return text('reported');
    },
  });

const { key, line } = newApiKey('ada');
const BOB = newApiKey('bob');

async function endpoint(stores: Stores, now: () => number, limits: Partial<SessionLimits>) {
  let ids = 0;
  const scripted = upstream();
  const server = proxy({
    upstream: scripted.server,
    stores,
    environment: { now, newId: () => `id-${++ids}` },
    observer: () => {},
    owner: 'here',
    settings: {
      idleTimeoutMs: 60_000,
      lifetimeMs: 120_000,
      idleAction: 'end',
      retryLost: 'never',
      drainMs: 0,
      limits: { sessions: 2 },
      classes: [
        {
          name: 'ada',
          principals: ['key:ada'],
          policy: { idleTimeoutMs: 60_000, lifetimeMs: 120_000, idleAction: 'end', limits },
        },
      ],
    },
  });
  const authenticate = apiKeys(parseApiKeys(`${line},${BOB.line}`));
  const app = await served(httpApp({ server, authenticate, observer: () => {} }));
  return { url: app.url, scripted, close: () => Promise.all([app[Symbol.asyncDispose](), server.close()]) };
}

type Endpoint = Awaited<ReturnType<typeof endpoint>>;

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: { elicitation: {} }, clientInfo: { name: 'c', version: '1' } },
};

const post = (at: Endpoint, body: unknown, session?: string, by = key) =>
  postLegacy(at.url, body, {
    authorization: `Bearer ${by}`,
    ...(session === undefined ? {} : { 'mcp-session-id': session }),
  });

async function opened(at: Endpoint): Promise<string> {
  const id = (await post(at, INITIALIZE)).headers.get('mcp-session-id');
  if (id === null) throw new Error('no session was opened');
  return id;
}

const tool = (id: number, name: string, args: Record<string, unknown> = {}) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: args, _meta: { progressToken: 'p' } },
});

/** The first message on a response's stream that a predicate wants, and the connection dropped. */
async function heard(response: Response, wanted: (message: Record<string, unknown>) => boolean) {
  for await (const { data } of eventsOf(response)) {
    const message: unknown = data === '' ? undefined : JSON.parse(data);
    if (isObject(message) && wanted(message)) return message;
  }
  throw new Error('it was not said');
}

const isAsking = (message: Record<string, unknown>) => message.method === 'elicitation/create';

async function makeInMemory(): Promise<StoresUnderTest> {
  const clock = handClock();
  const stores = memoryStores({ now: clock.now });
  return { stores, ...clock, cleanup: () => stores.close() };
}

const MAKERS: readonly (readonly [string, () => Promise<StoresUnderTest>])[] = [
  ['memory', makeInMemory],
  ['SQLite', () => makeOnDisk(DRIVERS[0] ?? 'libsql')],
  ['DynamoDB', () => makeOnDynamodb(clientOf(emulator.endpoint), undefined, undefined, true)],
];

describe.each(MAKERS)('on %s', (_, make) => {
  async function underTest(limits: Partial<SessionLimits>) {
    const given = await make();
    const at = await endpoint(given.stores, given.now, limits);
    const others: Endpoint[] = [];
    return {
      ...at,
      given,
      /** Another process on the same stores. */
      async again() {
        const other = await endpoint(given.stores, given.now, limits);
        others.push(other);
        return other;
      },
      [Symbol.asyncDispose]: async () => {
        for (const each of [at, ...others]) await each.close();
        await given.cleanup();
      },
    };
  }

  it('a call over the limit is refused before anything of it is begun, and taken once another is over', async () => {
    await using at = await underTest({ calls: 2 });
    const session = await opened(at);
    const asked = await heard(await post(at, tool(1, 'ask'), session), isAsking);
    await heard(await post(at, tool(2, 'ask'), session), isAsking);
    const before = at.scripted.requests.length;
    const refused = await post(at, tool(3, 'plain'), session);
    expect([refused.status, await refused.json()]).toMatchObject([
      200,
      { id: 3, error: { code: -32000, data: { code: 'calls_exceeded', limit: 2, per: 'session' } } },
    ]);
    expect(at.scripted.requests).toHaveLength(before);
    const answer = { jsonrpc: '2.0', id: asked.id, result: { action: 'accept', content: { value: 'x' } } };
    expect((await post(at, answer, session)).status).toBe(202);
    await expect
      .poll(async () => (await post(at, tool(4, 'plain'), session)).json())
      .toMatchObject({ result: { content: [{ text: 'plain' }] } });
  });

  it('questions over the limit end the call that asks them, and leave the others', async () => {
    await using at = await underTest({ questions: 3 });
    const session = await opened(at);
    await heard(await post(at, tool(1, 'ask', { questions: 2 }), session), isAsking);
    const refused = await post(at, tool(2, 'ask', { questions: 2 }), session);
    expect([refused.status, await refused.json()]).toMatchObject([
      200,
      { id: 2, error: { code: -32603, data: { code: 'questions_exceeded', limit: 3, per: 'session' } } },
    ]);
    await heard(await post(at, tool(3, 'ask'), session), isAsking);
    expect(await at.given.stores.exchanges.weigh(session)).toMatchObject({ calls: 2, questions: 3 });
  });

  it('reports over the limit end the call on its stream, with what was reported before kept', async () => {
    await using at = await underTest({ eventBytes: 4_000 });
    const session = await opened(at);
    const failed = await heard(await post(at, tool(1, 'report'), session), message => 'error' in message);
    expect(failed).toMatchObject({
      id: 1,
      error: { code: -32603, data: { code: 'events_exceeded', limit: 4_000, per: 'session' } },
    });
    expect((await at.given.stores.exchanges.weigh(session)).eventBytes).toBeLessThanOrEqual(4_000);
  });

  it('calls of a principal are counted over its sessions and in every process, and no one else is refused', async () => {
    await using at = await underTest({ callsPerPrincipal: 4 });
    const other = await at.again();
    const [first, second] = [await opened(at), await opened(at)];
    for (const [process, session, id] of [
      [at, first, 1],
      [at, second, 2],
      [other, first, 3],
      [other, second, 4],
    ] as const)
      await heard(await post(process, tool(id, 'ask'), session), isAsking);
    for (const process of [at, other]) {
      const before = process.scripted.requests.length;
      const refused = await post(process, tool(5, 'plain'), second);
      expect([refused.status, await refused.json()]).toMatchObject([
        200,
        {
          id: 5,
          error: {
            code: -32000,
            message:
              'Your sessions have 4 open calls together, which is the most allowed. Answer or cancel one in any of them, or end a session with DELETE, and make the call again.',
            data: { code: 'calls_exceeded', limit: 4, per: 'principal' },
          },
        },
      ]);
      expect(process.scripted.requests).toHaveLength(before);
    }
    const bobs = (await post(at, INITIALIZE, undefined, BOB.key)).headers.get('mcp-session-id') ?? '';
    expect(await (await post(at, tool(6, 'plain'), bobs, BOB.key)).json()).toMatchObject({ id: 6, result: {} });
    const headers = { authorization: `Bearer ${key}`, 'mcp-session-id': first };
    expect((await fetch(at.url, { method: 'DELETE', headers })).status).toBe(200);
    for (const process of [at, other])
      expect(await (await post(process, tool(7, 'plain'), second)).json()).toMatchObject({ id: 7, result: {} });
  });

  it('questions of a principal over the limit end the call that asks them, whichever session it is in', async () => {
    await using at = await underTest({ questionsPerPrincipal: 3 });
    const [first, second] = [await opened(at), await opened(at)];
    await heard(await post(at, tool(1, 'ask', { questions: 2 }), first), isAsking);
    const refused = await post(at, tool(2, 'ask', { questions: 2 }), second);
    expect([refused.status, await refused.json()]).toMatchObject([
      200,
      { id: 2, error: { code: -32603, data: { code: 'questions_exceeded', limit: 3, per: 'principal' } } },
    ]);
    await heard(await post(at, tool(3, 'ask'), second), isAsking);
    expect(await at.given.stores.exchanges.weigh(second)).toMatchObject({ calls: 1, questions: 1 });
  });

  it('reports of a principal over the limit end the call, until those of earlier calls are kept no more', async () => {
    await using at = await underTest({ eventBytesPerPrincipal: 20_000 });
    const [first, second] = [await opened(at), await opened(at)];
    const isOver = (message: Record<string, unknown>) => 'error' in message || 'result' in message;
    expect(await heard(await post(at, tool(1, 'report'), first), isOver)).toMatchObject({ id: 1, result: {} });
    expect(await heard(await post(at, tool(2, 'report'), second), isOver)).toMatchObject({
      id: 2,
      error: { code: -32603, data: { code: 'events_exceeded', limit: 20_000, per: 'principal' } },
    });
    at.given.advance(3_600_001);
    const third = await opened(at);
    expect(await heard(await post(at, tool(3, 'report'), third), isOver)).toMatchObject({ id: 3, result: {} });
  });

  it('sessions over the limit are 429 with a time to wait, for that principal only, until one ends', async () => {
    await using at = await underTest({ sessions: 2 });
    const [first] = [await opened(at), await opened(at)];
    const refused = await post(at, INITIALIZE);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
    expect(await refused.json()).toMatchObject({ id: 0, error: { code: -32000, data: { code: 'sessions_exceeded' } } });
    expect((await post(at, INITIALIZE, undefined, BOB.key)).status).toBe(200);
    const headers = { authorization: `Bearer ${key}`, 'mcp-session-id': first };
    expect((await fetch(at.url, { method: 'DELETE', headers })).status).toBe(200);
    await opened(at);
    expect((await post(at, INITIALIZE)).status).toBe(429);
    at.given.advance(60_000);
    await opened(at);
  });
});
