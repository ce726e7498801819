/** The life of a session as a client of 2025 sees it on the wire, against the whole product. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { isObject } from '../../core/protocol/messages.ts';
import { JSON_AND_STREAM, messagesIn, textIn, WireClient } from '../support/clients/wire.ts';
import { WireCall } from '../support/clients/wire-call.ts';
import type { TestDeployment } from '../support/deployment.ts';
import { deployed } from '../support/deployment.ts';
import { question, scriptedOverHttp, text } from '../support/upstreams/scripted.ts';

const HOUR_MS = 60 * 60_000;

let upstream: Awaited<ReturnType<typeof scriptedOverHttp>>;
let deployment: TestDeployment;
beforeAll(async () => {
  upstream = await scriptedOverHttp({
    async *greet() {
      return text('Hello!');
    },
    async *ask({ params }) {
      if (params.inputResponses !== undefined) return text(JSON.stringify(params.inputResponses.name));
      return { resultType: 'input_required', inputRequests: { name: question('Your name?') }, requestState: 's' };
    },
  });
  deployment = await deployed(['--upstream', upstream.url]);
});
afterAll(async () => {
  await deployment[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

const initialize = (protocolVersion: string) => ({
  jsonrpc: '2.0',
  id: 'first',
  method: 'initialize',
  params: { protocolVersion, capabilities: {}, clientInfo: { name: 'wire', version: '1.0.0' } },
});
const PING = { jsonrpc: '2.0', id: 1, method: 'ping' };

const sent = (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(deployment.url, { method: 'POST', body: JSON.stringify(body), headers: { ...JSON_AND_STREAM, ...headers } });

async function resultOf(response: Response): Promise<Record<string, unknown>> {
  const body: unknown = await response.json();
  return isObject(body) && isObject(body.result) ? body.result : {};
}

const open = (revision = '2025-11-25') => WireClient.open(deployment.url, { revision });

describe('initialize', () => {
  it.each(['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'])('echoes the revision %s [R1]', async revision => {
    const response = await sent(initialize(revision));
    expect(response.status).toBe(200);
    expect(await resultOf(response)).toMatchObject({ protocolVersion: revision, serverInfo: { name: 'scripted' } });
  });

  it('answers an unknown revision with one that is supported, and no error [R2]', async () => {
    const response = await sent(initialize('1999-01-01'));
    expect([response.status, (await resultOf(response)).protocolVersion]).toEqual([200, '2025-11-25']);
  });

  it('gives every session an id of its own that nobody guesses [R3]', async () => {
    const ids = await Promise.all(
      Array.from(
        { length: 20 },
        async () => (await sent(initialize('2025-11-25'))).headers.get('mcp-session-id') ?? '',
      ),
    );
    expect(new Set(ids).size).toBe(20);
    // 36 characters of 4 bits are 144 bits, and none of their places is always the same.
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{36}$/);
    for (let place = 0; place < 36; place++) expect(new Set(ids.map(id => id[place])).size).toBeGreaterThan(1);
  });

  it('with the id of a session that is none opens a new one [R4]', async () => {
    const response = await sent(initialize('2025-11-25'), { 'mcp-session-id': 'stale' });
    expect(response.status).toBe(200);
    expect(response.headers.get('mcp-session-id')).toMatch(/^[0-9a-f]{36}$/);
  });
});

describe('what needs no answer', () => {
  it('gets 202 without a body: a notification, a response, and one to a question nobody asked [R5] [R14] [R15]', async () => {
    const client = await open();
    const other = await open();
    const call = await WireCall.of(other, other.tool('ask'));
    const asked = await call.question();
    const bodies = [
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      { jsonrpc: '2.0', method: 'notifications/of_tomorrow' },
      { jsonrpc: '2.0', id: asked.id, result: { action: 'accept', content: { value: 'foreign' } } },
      { jsonrpc: '2.0', id: 'no question', result: {} },
      { jsonrpc: '2.0', id: 'no question', error: { code: -32603, message: 'no' } },
    ];
    for (const body of bodies) {
      const response = await client.post(body);
      expect([response.status, await response.text()]).toEqual([202, '']);
    }
    const answered = await other.answer(asked.id, { action: 'accept', content: { value: 'own' } });
    expect([answered.status, await answered.text()]).toEqual([202, '']);
    expect(textIn(await call.response())).toBe('{"action":"accept","content":{"value":"own"}}');
  });
});

describe('a request', () => {
  it('without a session is told that it needs one, with 400 [R6]', async () => {
    expect((await sent(PING)).status).toBe(400);
  });

  it('of a session that is unknown, or was deleted, gets 404, whatever its method [R7] [R9]', async () => {
    const client = await open();
    const deleted = await client.delete();
    expect([deleted.status, await deleted.text()]).toEqual([200, '']);
    const made = Object.assign(new WireClient(deployment.url), { sessionId: 'made-up' });
    for (const gone of [client, made]) {
      expect((await gone.post(PING)).status).toBe(404);
      expect((await gone.listen()).status).toBe(404);
      expect((await gone.resume('n1.0')).status).toBe(404);
      expect((await gone.delete()).status).toBe(404);
    }
  });

  it('that names a revision is served if that is one, whichever was agreed on [R10] [R12]', async () => {
    const { sessionId = '' } = await open('2025-06-18');
    const status = async (revision: string) =>
      (await sent(PING, { 'mcp-session-id': sessionId, 'mcp-protocol-version': revision })).status;
    expect(await status('2025-06-18')).toBe(200);
    expect(await status('2025-11-25')).toBe(200);
    expect(await status('2024-11-05')).toBe(200);
    expect(await status('1999-01-01')).toBe(400);
    expect(await status('nonsense')).toBe(400);
  });

  it('that names none has the revision of its session [R11]', async () => {
    const batch = [PING, { ...PING, id: 2 }];
    expect((await (await open('2025-03-26')).post(batch)).status).toBe(200);
    expect((await (await open('2025-06-18')).post(batch)).status).toBe(400);
  });

  it('from a foreign page gets 403, whatever its method [R13] [R91]', async () => {
    const { sessionId = '' } = await open();
    const headers = { 'mcp-session-id': sessionId, accept: 'text/event-stream', origin: 'https://evil.example' };
    for (const method of ['GET', 'DELETE', 'OPTIONS'])
      expect((await fetch(deployment.url, { method, headers })).status).toBe(403);
    expect((await sent(PING, headers)).status).toBe(403);
    const modern = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'server/discover', origin: headers.origin };
    expect((await sent({ ...PING, method: 'server/discover' }, modern)).status).toBe(403);
  });

  it('is answered as JSON or as an event stream [R16]', async () => {
    const client = await open();
    // What is quick is JSON, and this is always quick.
    const plain = await client.post(client.request('ping'));
    expect(plain.headers.get('content-type')).toBe('application/json');
    expect((await messagesIn(plain)).at(-1)).toMatchObject({ result: {} });
    expect(textIn((await messagesIn(await client.post(client.tool('greet')))).at(-1))).toBe('Hello!');
    const asking = await WireCall.of(client, client.tool('ask'));
    expect(asking.http.headers.get('content-type')).toBe('text/event-stream');
    asking.leave();
  });

  it('ping is answered {} without a word to the server behind [R17]', async () => {
    const client = await open();
    const before = upstream.requests.length;
    expect(await (await client.post({ ...PING, id: 'p' })).json()).toEqual({ jsonrpc: '2.0', id: 'p', result: {} });
    expect(upstream.requests.length).toBe(before);
  });

  it('of an unknown method is an error with status 200: 404 would mean that the session is gone [R18]', async () => {
    const client = await open();
    const response = await client.post(client.request('tools/steal'));
    expect([response.status, await response.json()]).toEqual([
      200,
      { jsonrpc: '2.0', id: 1, error: { code: -32601, message: 'Method not found' } },
    ]);
    expect((await client.post(PING)).status).toBe(200);
  });

  it('to listen that does not take an event stream gets 406 [R51]', async () => {
    const { sessionId = '' } = await open();
    const headers = { 'mcp-session-id': sessionId, accept: 'application/json' };
    expect((await fetch(deployment.url, { headers })).status).toBe(406);
  });
});

describe('a session that has outlived its time', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is gone with its open questions [R52]', async () => {
    const client = await open();
    const call = await WireCall.of(client, client.tool('ask'));
    const { id } = await call.question();
    const lastEventId = call.lastEventId;
    call.leave();
    const asked = upstream.calls().length;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 9 * HOUR_MS });
    expect((await client.answer(id, { action: 'accept', content: { value: 'late' } })).status).toBe(404);
    expect((await client.resume(lastEventId)).status).toBe(404);
    expect((await client.post(PING)).status).toBe(404);
    expect(upstream.calls().length).toBe(asked);
  });
});
