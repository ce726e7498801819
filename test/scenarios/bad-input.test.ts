/**
 * Bad input of clients, end to end over HTTP against the product as it is composed: a clear error with the right status and code
 * to whom it concerns, and whoever behaves notices nothing.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { newApiKey } from '../../core/http/api-keys.ts';
import type { RpcRequest } from '../../core/protocol/messages.ts';
import { isObject, isRequest } from '../../core/protocol/messages.ts';
import type { WireEvent } from '../support/clients/wire.ts';
import { eventsIn, JSON_AND_STREAM, messagesIn, textIn, WireClient } from '../support/clients/wire.ts';
import type { TestDeployment } from '../support/deployment.ts';
import { deployed } from '../support/deployment.ts';

const PROGRAM = fileURLToPath(new URL('../support/servers/v1-await.ts', import.meta.url));
const ADA = newApiKey('ada');
const BOB = newApiKey('bob');
const bearer = ({ key }: { key: string }) => ({ authorization: `Bearer ${key}` });

let deployment: TestDeployment;
let ada: WireClient;
let bob: WireClient;

beforeAll(async () => {
  const data = mkdtempSync(join(tmpdir(), 'fermata-bad-input-'));
  const env = { FERMATA_API_KEYS: `${ADA.line},${BOB.line}` };
  deployment = await deployed(['--program', PROGRAM, '--data', data], env);
  ada = await WireClient.open(deployment.url, { headers: bearer(ADA) });
  bob = await WireClient.open(deployment.url, { headers: bearer(BOB) });
});

afterAll(async () => {
  expect(await fine(ada)).toBe('Hello, Ada!');
  expect(deployment.observed.filter(({ level }) => level === 'error')).toEqual([]);
  await deployment[Symbol.asyncDispose]();
});

/** Whoever behaves notices nothing. */
const fine = async (client: WireClient): Promise<string> =>
  textIn((await messagesIn(await client.post(client.tool('greet', { name: 'Ada' })))).at(-1));

/** Status, JSON-RPC code and our own code of an answer. */
async function refusal(response: Response): Promise<readonly unknown[]> {
  const body: unknown = await response.json();
  const error = isObject(body) && isObject(body.error) ? body.error : {};
  return [response.status, error.code, isObject(error.data) ? error.data.code : undefined];
}

/** A request without anything that the client adds by itself. */
const bare = (init: RequestInit): Promise<Response> => fetch(deployment.url, init);
const posted = (body: BodyInit, headers: Record<string, string> = {}): Promise<Response> =>
  bare({
    method: 'POST',
    body,
    headers: { ...JSON_AND_STREAM, ...bearer(ADA), 'mcp-session-id': String(ada.sessionId), ...headers },
  });

/** Begins a call that asks and gives its stream up to the first question. */
async function asking(client: WireClient, tool = 'introduce') {
  const request = client.tool(tool);
  const events = eventsIn(await client.post(request));
  const seen: WireEvent[] = [];
  const next = async (): Promise<WireEvent | undefined> => {
    const { value, done } = await events.next();
    if (done) return undefined;
    seen.push(value);
    return value;
  };
  const question = async (): Promise<RpcRequest> => {
    for (let event = await next(); event !== undefined; event = await next()) {
      if (isRequest(event.message)) return event.message;
    }
    throw new Error(`No question came: ${JSON.stringify(seen)}`);
  };
  const rest = async (): Promise<readonly WireEvent[]> => {
    while ((await next()) !== undefined);
    return seen;
  };
  return { request, question, rest, seen };
}

const introduce = { name: 'introduce', arguments: {} };

/** A request of the modern era, with the headers that belong to it. */
function modern(
  method: string,
  params: Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<Response> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
  };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { _meta, ...params } });
  const standard = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method };
  const named = typeof params.name === 'string' ? { 'mcp-name': params.name } : {};
  return bare({
    method: 'POST',
    body,
    headers: { ...JSON_AND_STREAM, ...bearer(ADA), ...standard, ...named, ...headers },
  });
}

/** What a modern round asks for, with the state to send back. */
async function round(response: Response): Promise<{ requestState: string; key: string }> {
  const body: unknown = await response.json();
  const result = isObject(body) && isObject(body.result) ? body.result : {};
  const key = Object.keys(isObject(result.inputRequests) ? result.inputRequests : {})[0];
  if (key === undefined) throw new Error(`Nothing was asked: ${JSON.stringify(body)}`);
  return { requestState: String(result.requestState), key };
}

const name = (value: unknown) => ({ action: 'accept', content: { name: value } });

describe('a body that is no message', () => {
  it.each([
    ['malformed JSON', '{"jsonrpc":', 400, -32700, 'parse_error'],
    ['nothing', '', 400, -32700, 'parse_error'],
    ['a number', '42', 400, -32600, 'invalid_request'],
    ['null', 'null', 400, -32600, 'invalid_request'],
    ['an empty array', '[]', 400, -32600, 'invalid_request'],
    [
      'a batch, which this revision has not',
      '[{"jsonrpc":"2.0","id":1,"method":"ping"}]',
      400,
      -32600,
      'invalid_request',
    ],
    ['JSON-RPC 1.0', '{"jsonrpc":"1.0","id":1,"method":"ping"}', 400, -32600, 'invalid_request'],
    ['a method that is no text', '{"jsonrpc":"2.0","id":1,"method":7}', 400, -32600, 'invalid_request'],
    [
      'params that are an array',
      '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}',
      400,
      -32600,
      'invalid_request',
    ],
    ['an id that is null', '{"jsonrpc":"2.0","id":null,"method":"ping"}', 400, -32600, 'invalid_request'],
    ['an id that is no integer', '{"jsonrpc":"2.0","id":1.5,"method":"ping"}', 400, -32600, 'invalid_request'],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"ping"}', 400, -32600, 'invalid_request'],
    ['an endless id', `{"jsonrpc":"2.0","id":"${'x'.repeat(257)}","method":"ping"}`, 400, -32600, 'invalid_request'],
    ['a deep nest', `${'['.repeat(5_000)}${']'.repeat(5_000)}`, 400, -32600, 'invalid_request'],
    ['more than 4 MiB', `"${'x'.repeat(4 * 1024 * 1024)}"`, 413, -32600, 'body_too_large'],
  ])('is refused: %s', async (_, body, status, rpc, code) => {
    expect(await refusal(await posted(body))).toEqual([status, rpc, code]);
  });

  it('is refused when it does not say how long it is, and is longer than 4 MiB', async () => {
    const chunk = new TextEncoder().encode('x'.repeat(1024 * 1024));
    const body = new ReadableStream<Uint8Array>({
      pull: controller => controller.enqueue(chunk),
    });
    const headers = { ...JSON_AND_STREAM, ...bearer(ADA) };
    const init = { method: 'POST', body, headers, duplex: 'half' };
    expect(await refusal(await bare(init))).toEqual([413, -32600, 'body_too_large']);
  });
});

describe('a request to the wrong place, or of the wrong kind', () => {
  const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  it.each([
    ['another media type', () => posted(ping, { 'content-type': 'text/plain' }), 415, -32600],
    ['one that takes no stream', () => posted(ping, { accept: 'application/json' }), 406, -32600],
    ['one that shows no key', () => posted(ping, { authorization: '' }), 401, -32000],
    ['one that shows a wrong key', () => posted(ping, { authorization: `Bearer ${ADA.key}x` }), 401, -32000],
    ['one from a foreign page', () => posted(ping, { origin: 'https://evil.example' }), 403, -32000],
    ['a PUT', () => bare({ method: 'PUT', headers: bearer(ADA), body: ping }), 405, -32000],
    [
      'a GET that resumes nothing',
      () => bare({ headers: { ...bearer(ADA), accept: 'text/event-stream' } }),
      405,
      -32000,
    ],
    ['another path', () => fetch(new URL('/other', deployment.url), { headers: bearer(ADA) }), 404, -32000],
    ['an unknown revision', () => posted(ping, { 'mcp-protocol-version': '1999-01-01' }), 400, -32022],
  ])('is refused: %s', async (_, send, status, rpc) => {
    expect((await refusal(await send())).slice(0, 2)).toEqual([status, rpc]);
  });

  it('keeps its status apart from the error of a method: that is an answer', async () => {
    const unknown = await ada.post(ada.request('tools/steal'));
    expect(await refusal(unknown)).toEqual([200, -32601, undefined]);
    const level = await ada.post(ada.request('logging/setLevel', { level: 'loud' }));
    expect(await refusal(level)).toEqual([200, -32602, 'invalid_params']);
  });
});

describe('a session', () => {
  const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

  it('is asked for where there is none, and unknown where it is made up, foreign or over: 400 and 404', async () => {
    const headers = { ...JSON_AND_STREAM, ...bearer(ADA) };
    const without = await bare({ method: 'POST', body: ping, headers });
    expect(await refusal(without)).toEqual([400, -32000, 'session_required']);
    const gone = [404, -32001, 'session_unknown'];
    expect(await refusal(await posted(ping, { 'mcp-session-id': 'made-up' }))).toEqual(gone);
    expect(await refusal(await posted(ping, { 'mcp-session-id': String(bob.sessionId) }))).toEqual(gone);
    const ended = await WireClient.open(deployment.url, { headers: bearer(ADA) });
    const deleting = { ...bearer(ADA), 'mcp-session-id': String(ended.sessionId) };
    expect((await bare({ method: 'DELETE', headers: deleting })).status).toBe(200);
    const over = [404, -32001, 'session_ended'];
    expect(await refusal(await ended.post(ended.request('ping')))).toEqual(over);
    expect(await refusal(await bare({ method: 'DELETE', headers: deleting }))).toEqual(over);
  });

  it('cannot be ended, read or answered by anyone else', async () => {
    const call = await asking(ada);
    const question = await call.question();
    const stranger = { ...bearer(BOB), 'mcp-session-id': String(ada.sessionId) };
    expect((await bare({ method: 'DELETE', headers: stranger })).status).toBe(404);
    const resume = { ...stranger, accept: 'text/event-stream', 'last-event-id': `n${call.request.id}.0` };
    expect((await bare({ headers: resume })).status).toBe(404);
    expect((await bob.answer(question.id, name('Mallory'))).status).toBe(202);
    expect((await ada.answer(question.id, { action: 'decline' })).status).toBe(202);
    expect(textIn((await call.rest()).at(-1)?.message)).toBe('No introduction (decline).');
  });
});

describe('a Last-Event-ID', () => {
  it('of no stream of the session is refused', async () => {
    const call = await asking(bob);
    const question = await call.question();
    const foreign = `n${call.request.id}.0`;
    const other = await WireClient.open(deployment.url, { headers: bearer(BOB) });
    for (const id of [foreign, 'n999.0', 'garbage', 'n1', 'n1.x', '.1', '../../etc', 'x'.repeat(300)]) {
      expect([id, ...(await refusal(await other.resume(id)))]).toEqual([id, 400, -32000, 'stream_unknown']);
    }
    expect((await bob.answer(question.id, { action: 'cancel' })).status).toBe(202);
    expect(textIn((await call.rest()).at(-1)?.message)).toBe('No introduction (cancel).');
  });

  it('of another stream of the session gives that stream, and nothing of any other', async () => {
    const [first, second] = [await asking(bob), await asking(bob, 'compare')];
    const [asked] = [await first.question(), await second.question()];
    expect((await bob.answer(asked.id, { action: 'cancel' })).status).toBe(202);
    const seen = await first.rest();
    const again: WireEvent[] = [];
    for await (const event of eventsIn(await bob.resume(`n${first.request.id}.0`))) again.push(event);
    const identified = (events: readonly WireEvent[]) => events.filter(({ message }) => message !== undefined);
    expect(identified(again)).toEqual(identified(seen));
  });
});

describe('an answer', () => {
  it('of the wrong shape is refused, and the question stays open', async () => {
    const call = await asking(ada);
    const question = await call.question();
    for (const result of [{}, { action: 'perhaps' }, { action: 'accept', content: 'Ada' }]) {
      expect(await refusal(await ada.answer(question.id, result))).toEqual([400, -32602, 'answer_invalid']);
    }
    expect((await ada.answer(question.id, { action: 'decline' })).status).toBe(202);
    expect(textIn((await call.rest()).at(-1)?.message)).toBe('No introduction (decline).');
  });

  it('that does not fit its form is asked for again, three times, and then the call ends', async () => {
    const call = await asking(ada);
    const messages: unknown[] = [];
    for (let attempt = 1; attempt <= 4; attempt++) {
      const question = await call.question();
      messages.push(question.params?.message);
      expect((await ada.answer(question.id, name(attempt))).status).toBe(202);
    }
    const last = (await call.rest()).at(-1)?.message;
    expect(last).toMatchObject({ error: { code: -32602, data: { code: 'answer_invalid', key: expect.any(String) } } });
    expect(new Set(messages)).toEqual(new Set(['What is your name?']));
  });

  it('to a question that is unknown, answered or settled is accepted and changes nothing', async () => {
    const call = await asking(ada);
    const question = await call.question();
    const round = String(question.id).split('/').slice(0, 2).join('/');
    for (const id of ['nothing', 7, `${round}/other`, 'n999/1/name', String(question.id).replace('/1/', '/9/')]) {
      expect((await ada.answer(id, name('Mallory'))).status).toBe(202);
    }
    expect((await ada.answer(question.id, name('Ada'))).status).toBe(202);
    expect((await ada.answer(question.id, name('Mallory'))).status).toBe(202);
    const second = await call.question();
    expect((await ada.answer(second.id, { action: 'accept', content: { colour: 'blue' } })).status).toBe(202);
    const third = await call.question();
    expect((await ada.answer(third.id, { action: 'accept', content: { yes: true } })).status).toBe(202);
    expect(textIn((await call.rest()).at(-1)?.message)).toBe('Ada likes blue.');
    expect((await ada.answer(third.id, { action: 'decline' })).status).toBe(202);
  });
});

describe('a request id', () => {
  it('that is in use for another request is refused', async () => {
    const call = await asking(ada);
    const question = await call.question();
    const other = { ...ada.tool('greet', { name: 'Ada' }), id: call.request.id };
    expect(textIn((await messagesIn(await ada.post(other))).at(-1))).toBe('Hello, Ada!');
    const slow = { ...ada.tool('compare'), id: call.request.id };
    expect(await refusal(await ada.post(slow))).toEqual([400, -32600, 'request_id_in_use']);
    expect((await ada.answer(question.id, { action: 'decline' })).status).toBe(202);
    expect(textIn((await call.rest()).at(-1)?.message)).toBe('No introduction (decline).');
  });
});

describe('a requestState', () => {
  const REJECTED = [200, -32602, 'state_rejected'];
  const withState = (state: unknown, key: string, call: Record<string, unknown> = introduce, headers = {}) =>
    modern('tools/call', { ...call, requestState: state, inputResponses: { [key]: name('Ada') } }, headers);

  afterEach(() => {
    vi.useRealTimers();
  });

  it('that is good leads to the next question', async () => {
    const { requestState, key } = await round(await modern('tools/call', introduce));
    expect((await round(await withState(requestState, key))).key).not.toBe(key);
  });

  it('that was altered anywhere, or is none at all, is rejected [R71]', async () => {
    const { requestState, key } = await round(await modern('tools/call', introduce));
    const flipped = (at: number): string => {
      const other = requestState[at] === 'A' ? 'B' : 'A';
      return requestState.slice(0, at) + other + requestState.slice(at + 1);
    };
    const places = [10, Math.floor(requestState.length / 2), requestState.length - 3];
    const states = [...places.map(flipped), requestState.slice(0, -4), 'fermata1.', `${requestState}AAAA`];
    for (const state of states) expect(await refusal(await withState(state, key))).toEqual(REJECTED);
  });

  it('of another call, or of somebody else, is rejected [R73]', async () => {
    const { requestState, key } = await round(await modern('tools/call', introduce));
    const compare = { name: 'compare', arguments: {} };
    expect(await refusal(await withState(requestState, key, compare))).toEqual(REJECTED);
    const other = { ...introduce, arguments: { x: 1 } };
    expect(await refusal(await withState(requestState, key, other))).toEqual(REJECTED);
    expect(await refusal(await withState(requestState, key, introduce, bearer(BOB)))).toEqual(REJECTED);
  });

  it('that has expired is rejected [R71]', async () => {
    const { requestState, key } = await round(await modern('tools/call', introduce));
    const days = 24 * 60 * 60_000;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 13.9 * days });
    expect((await round(await withState(requestState, key))).key).not.toBe(key);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 0.2 * days });
    expect(await refusal(await withState(requestState, key))).toEqual(REJECTED);
  });
});

describe('a modern request', () => {
  const list = (headers: Record<string, string>) => modern('tools/list', {}, headers);
  it.each([
    ['whose header names another method', () => list({ 'mcp-method': 'tools/call' }), 400, -32020],
    ['whose header names another tool', () => modern('tools/call', introduce, { 'mcp-name': 'greet' }), 400, -32020],
    ['whose header names another revision', () => list({ 'mcp-protocol-version': '2025-11-25' }), 400, -32020],
    ['of an unknown method', () => modern('tools/steal', {}), 404, -32601],
    ['of a method that only the legacy era has', () => modern('ping', {}), 404, -32601],
    ['that does not say who sends it', () => modern('tools/list', { _meta: {} }), 400, -32602],
    ['with answers that are no object', () => modern('tools/call', { ...introduce, inputResponses: [] }), 400, -32602],
    ['that asks more than the client can answer', () => modern('tools/call', { name: 'list_roots' }), 400, -32021],
  ])('is refused: %s', async (_, send, status, rpc) => {
    expect((await refusal(await send())).slice(0, 2)).toEqual([status, rpc]);
  });
});
