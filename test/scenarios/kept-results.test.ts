/** Lists between two eras, for two principals: cursors belong to whoever got them, and results are kept only as their server allows. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuthorizationServer } from '../support/authorization-server.ts';
import { messagesIn, WireClient } from '../support/clients/wire.ts';
import { deployed } from '../support/deployment.ts';
import { postModernAs } from '../support/raw-http.ts';
import { json, sse, upstream } from '../support/upstreams/raw.ts';

const AUDIENCE = 'https://mcp.example/mcp';
let issuer: AuthorizationServer;
beforeAll(async () => {
  issuer = await AuthorizationServer.start(AUDIENCE);
});
afterAll(() => issuer[Symbol.asyncDispose]());

interface Scope {
  ttlMs: number;
  cacheScope: 'public' | 'private';
}

/** A server of 2026 that counts what it is asked, tells a change on demand, and pages its tools. */
async function paging(scope: Scope) {
  const asked: string[] = [];
  let change = (): void => {};
  const there = await upstream((_, response, body) => {
    const { id, method, params } = JSON.parse(body);
    asked.push(`${method} ${params.cursor ?? ''}`.trim());
    const capabilities = { tools: { listChanged: true }, resources: {} };
    const results: Record<string, object> = {
      'server/discover': { supportedVersions: ['2026-07-28'], capabilities },
      'tools/list': params.cursor === undefined ? { tools: [], nextCursor: 'page 2' } : { tools: [] },
      'resources/read': { contents: [{ uri: params.uri, text: String(asked.length) }] },
    };
    if (method !== 'subscriptions/listen')
      return void json(response, {
        jsonrpc: '2.0',
        id,
        result: { resultType: 'complete', ...results[method], ...scope },
      });
    const told = (what: string, more: object) =>
      `data: ${JSON.stringify({ jsonrpc: '2.0', method: `notifications/${what}`, params: more })}\n\n`;
    const stream = sse(response, told('subscriptions/acknowledged', { notifications: { toolsListChanged: true } }));
    change = () => void stream.write(told('tools/list_changed', {}));
  });
  const settings = { FERMATA_JWT_ISSUER: issuer.issuer, FERMATA_JWT_AUDIENCE: AUDIENCE };
  const fermata = await deployed(['--upstream', there.url], settings);
  return {
    asked,
    url: fermata.url,
    change: () => change(),
    async [Symbol.asyncDispose]() {
      await fermata[Symbol.asyncDispose]();
      await there[Symbol.asyncDispose]();
    },
  };
}

const headersOf = async (subject: string) => ({ authorization: `Bearer ${await issuer.token(subject)}` });

type Lists = (cursor?: unknown) => Promise<{ result?: Record<string, unknown>; error?: Record<string, unknown> }>;

async function legacy(url: string, subject: string): Promise<Lists> {
  const client = await WireClient.open(url, { headers: await headersOf(subject) });
  return async cursor => {
    const response = await client.post(client.request('tools/list', cursor === undefined ? {} : { cursor }));
    return (await messagesIn(response)).at(-1) as Awaited<ReturnType<Lists>>;
  };
}

async function modern(url: string, subject: string): Promise<Lists> {
  const headers = await headersOf(subject);
  return async cursor =>
    (await postModernAs(url, headers, 'tools/list', cursor === undefined ? {} : { cursor })).json();
}

describe.each([
  ['2025', legacy],
  ['2026', modern],
])('a cursor given to a client of %s', (_, open) => {
  it('works for its principal, and for nobody else', async () => {
    await using there = await paging({ ttlMs: 0, cacheScope: 'private' });
    const alice = await open(there.url, 'alice');
    const mallory = await open(there.url, 'mallory');
    const cursor = (await alice()).result?.nextCursor;
    expect(cursor).not.toContain('page 2');
    expect((await alice(cursor)).result?.tools).toEqual([]);
    expect(there.asked.at(-1)).toBe('tools/list page 2');
    const before = there.asked.length;
    for (const wrong of [
      () => mallory(cursor),
      () => alice('page 2'),
      () => alice(`${String(cursor)}x`),
      () => alice(7),
    ])
      expect((await wrong()).error).toMatchObject({ code: -32602, data: { code: 'invalid_params' } });
    expect(there.asked).toHaveLength(before);
  });
});

describe('a result that may be kept', () => {
  const lists = ({ asked }: { asked: readonly string[] }) => asked.filter(what => what === 'tools/list').length;

  it('is given again to its own principal only where it is private [R65]', async () => {
    await using there = await paging({ ttlMs: 60_000, cacheScope: 'private' });
    const [alice, mallory] = [await legacy(there.url, 'alice'), await legacy(there.url, 'mallory')];
    await alice();
    await alice();
    expect(lists(there)).toBe(1);
    await mallory();
    expect(lists(there)).toBe(2);
    const { result } = await (await modern(there.url, 'alice'))();
    expect(result).toMatchObject({ cacheScope: 'private', ttlMs: expect.any(Number) });
  });

  it('is given to anyone where it is public, until the server says that it has changed', async () => {
    await using there = await paging({ ttlMs: 60_000, cacheScope: 'public' });
    const [alice, mallory] = [await legacy(there.url, 'alice'), await legacy(there.url, 'mallory')];
    await alice();
    await mallory();
    expect(lists(there)).toBe(1);
    const client = await WireClient.open(there.url, { headers: await headersOf('alice') });
    const get = await client.listen();
    there.change();
    const reader = get.body?.getReader();
    const decoder = new TextDecoder();
    for (let text = ''; !text.includes('list_changed'); ) text += decoder.decode((await reader?.read())?.value);
    await reader?.cancel();
    await mallory();
    expect(lists(there)).toBe(2);
  });

  it('is not kept where it lives for no time, nor where it answers a retry [R65]', async () => {
    await using there = await paging({ ttlMs: 0, cacheScope: 'public' });
    const alice = await legacy(there.url, 'alice');
    await alice();
    await alice();
    expect(lists(there)).toBe(2);
    await using keeping = await paging({ ttlMs: 60_000, cacheScope: 'public' });
    const headers = await headersOf('alice');
    for (let n = 0; n < 2; n++)
      await postModernAs(keeping.url, headers, 'resources/read', { uri: 'a:', requestState: 's', inputResponses: {} });
    expect(keeping.asked.filter(what => what === 'resources/read')).toHaveLength(2);
  });
});
