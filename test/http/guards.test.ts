/** What every request must pass, in order: the answers are those of the whole app, for a server that must not be reached. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/base/limits.ts';
import { apiKeys, hashKey, parseApiKeys } from '../../core/http/api-keys.ts';
import type { HttpAppOptions } from '../../core/http/app.ts';
import { httpApp } from '../../core/http/app.ts';
import { anonymous } from '../../core/http/authenticator.ts';
import type { Observation } from '../../core/ports/observer.ts';
import { scriptedStateful } from '../support/scripted-stateful.ts';

const PING = { jsonrpc: '2.0', id: 9, method: 'ping' };
const GOOD = {
  host: 'localhost:8787',
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
};

function appWith(options: Partial<HttpAppOptions> = {}) {
  const seen: Observation[] = [];
  const server = scriptedStateful({ receive: () => ({ kind: 'json', body: { jsonrpc: '2.0', id: 9, result: {} } }) });
  const app = httpApp({
    server,
    authenticate: anonymous(),
    observer: observation => seen.push(observation),
    ...options,
  });
  return { app, seen };
}

async function send(headers: Record<string, string>, options: Partial<HttpAppOptions> = {}, init: RequestInit = {}) {
  const { app, seen } = appWith(options);
  const request = new Request('http://localhost:8787/mcp', {
    method: 'POST',
    body: JSON.stringify(PING),
    ...init,
    headers,
  });
  const response = await app.fetch(request);
  const text = await response.text();
  return { response, status: response.status, body: text === '' ? undefined : JSON.parse(text), seen };
}

describe('Host', () => {
  it.each([
    'localhost',
    'localhost:8787',
    'LOCALHOST:1',
    '127.0.0.1:8787',
    '[::1]:8787',
    '[::1]',
  ])('%s may be asked', async host => {
    expect((await send({ ...GOOD, host })).status).toBe(200);
  });

  it.each([
    'evil.example',
    'localhost.evil.example',
    'evil.example:8787',
    '127.0.0.1.evil.example',
    '[::2]',
    'localhost@evil.example',
    '',
  ])('%j is rejected with 403', async host => {
    const { status, body } = await send({ ...GOOD, host });
    expect(status).toBe(403);
    expect(body).toMatchObject({ jsonrpc: '2.0', error: { code: -32000, data: { code: 'host_rejected' } } });
  });

  it('may be any of the names given, or any at all', async () => {
    expect((await send({ ...GOOD, host: 'mcp.example:443' }, { hosts: ['mcp.example'] })).status).toBe(200);
    expect((await send({ ...GOOD, host: 'localhost' }, { hosts: ['mcp.example'] })).status).toBe(403);
    expect((await send({ ...GOOD, host: 'mcp.example' }, { hosts: 'any' })).status).toBe(200);
  });
});

describe('Origin', () => {
  it.each(['http://localhost:3000', 'http://127.0.0.1', 'https://[::1]:8443'])('%s may call', async origin => {
    const { response, status } = await send({ ...GOOD, origin });
    expect(status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBe(origin);
    expect(response.headers.get('access-control-expose-headers')).toContain('mcp-session-id');
  });

  it.each([
    'https://evil.example',
    'null',
    'http://localhost.evil.example',
    'http://localhost@evil.example',
    'file://localhost',
  ])('%s is rejected with 403, and told nothing more', async origin => {
    const { response, status, body } = await send({ ...GOOD, origin });
    expect(status).toBe(403);
    expect(body.error.data.code).toBe('origin_rejected');
    expect(response.headers.has('access-control-allow-origin')).toBe(false);
  });

  it('may be one of those given, exactly', async () => {
    const origins = ['https://app.example'];
    expect((await send({ ...GOOD, origin: 'https://app.example' }, { origins })).status).toBe(200);
    expect((await send({ ...GOOD, origin: 'https://app.example:444' }, { origins })).status).toBe(403);
  });

  it('is asked about before the principal, by a preflight that has none', async () => {
    const { app } = appWith({ authenticate: async () => ({ rejected: 'no', challenge: 'Bearer' }) });
    const headers = {
      host: 'localhost',
      origin: 'http://localhost:3000',
      'access-control-request-headers': 'mcp-param-region',
    };
    const response = await app.fetch(new Request('http://localhost/mcp', { method: 'OPTIONS', headers }));
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-headers')).toBe('mcp-param-region');
    expect(response.headers.get('access-control-allow-methods')).toBe('POST, GET, DELETE');
  });
});

describe('the principal', () => {
  const authenticate = apiKeys(parseApiKeys(`alice:${hashKey('secret')}`));

  it.each([
    ['is missing', {}, 'Bearer'],
    ['is of another scheme', { authorization: 'Basic c2VjcmV0' }, 'Bearer'],
    ['is unknown', { authorization: 'Bearer wrong' }, 'Bearer error="invalid_token"'],
  ])('is required: 401 with a challenge when the key %s', async (_, headers, challenge) => {
    const { response, status, body } = await send({ ...GOOD, ...headers }, { authenticate });
    expect(status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe(challenge);
    expect(body).toMatchObject({ jsonrpc: '2.0', error: { code: -32000, data: { code: 'principal_required' } } });
  });

  it('reaches the server', async () => {
    const principals: string[] = [];
    const server = scriptedStateful({
      receive: (_, { principal }) => {
        principals.push(principal.id);
        return { kind: 'accepted' };
      },
    });
    await send({ ...GOOD, authorization: 'Bearer secret' }, { authenticate, server });
    await send({ ...GOOD }, { server });
    expect(principals).toEqual(['key:alice', 'anonymous']);
  });
});

describe('media types', () => {
  it.each([
    'text/plain',
    'application/jsonx',
    'application/x-www-form-urlencoded',
    '',
  ])('Content-Type %j is answered 415', async type => {
    const { status, body } = await send({ ...GOOD, 'content-type': type });
    expect([status, body.error.data.code]).toEqual([415, 'media_type_unsupported']);
  });

  it.each(['application/json; charset=utf-8', 'Application/JSON'])('Content-Type %s is taken', async type => {
    expect((await send({ ...GOOD, 'content-type': type })).status).toBe(200);
  });

  it.each([
    'application/json',
    'text/event-stream',
    'text/html',
    '*/*;q=0',
  ])('Accept %s is answered 406', async accept => {
    const { status, body } = await send({ ...GOOD, accept });
    expect([status, body.error.data.code]).toEqual([406, 'not_acceptable']);
  });

  it.each([
    '*/*',
    'text/event-stream;q=0.9, application/json',
    'application/*, text/*',
    'TEXT/EVENT-STREAM, APPLICATION/JSON',
  ])('Accept %s is taken', async accept => {
    expect((await send({ ...GOOD, accept })).status).toBe(200);
  });

  it('a GET must take an event stream', async () => {
    const { status, body } = await send({ host: 'localhost', accept: 'text/html' }, {}, { method: 'GET', body: null });
    expect([status, body.error.data.code]).toEqual([406, 'not_acceptable']);
  });
});

describe('the body', () => {
  it('that is larger than allowed is answered 413, whether it says so or not', async () => {
    const text = JSON.stringify({ ...PING, params: { x: 'x'.repeat(LIMITS.bodyBytesMax) } });
    const said = await send({ ...GOOD, 'content-length': String(text.length) }, {}, { body: text });
    expect([said.status, said.body.error.data.code]).toEqual([413, 'body_too_large']);
    let pulled = 0;
    const endless = new ReadableStream({
      pull(controller) {
        pulled++;
        controller.enqueue(new TextEncoder().encode(' '.repeat(64 * 1024)));
      },
    });
    const counted = await send(GOOD, {}, { body: endless, duplex: 'half' } as RequestInit);
    expect([counted.status, counted.body.error.data.code]).toEqual([413, 'body_too_large']);
    expect(pulled).toBeLessThan(70);
  });

  it.each(['', '{', '{"a":}', 'hello', '\u0000'])('%j is no JSON: 400 and -32700, without an id', async text => {
    const { status, body } = await send(GOOD, {}, { body: text });
    expect(status).toBe(400);
    expect(body).toEqual({
      jsonrpc: '2.0',
      error: { code: -32700, message: 'Parse error: the body is not JSON.', data: { code: 'parse_error' } },
    });
  });

  it('that nests too deep is refused before it is built', async () => {
    const deep = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    const { status, body } = await send(GOOD, {}, { body: deep(1_000_000) });
    expect([status, body.error.data.code]).toEqual([400, 'invalid_request']);
    expect((await send(GOOD, {}, { body: deep(199) })).status).toBe(200);
    expect((await send(GOOD, {}, { body: deep(200) })).status).toBe(400);
  });

  it('may hold any number of brackets in its texts', async () => {
    const body = JSON.stringify({
      ...PING,
      params: { x: `${'['.repeat(1000)}\\"${'{'.repeat(1000)}`, y: '\\', z: '["' },
    });
    expect((await send(GOOD, {}, { body })).status).toBe(200);
  });
});

describe('the endpoint', () => {
  it('is at one path only, and says so', async () => {
    const { app } = appWith();
    const response = await app.fetch(new Request('http://localhost/elsewhere', { method: 'POST' }));
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      jsonrpc: '2.0',
      error: {
        code: -32000,
        message: 'There is nothing at /elsewhere. The MCP endpoint is /mcp.',
        data: { code: 'path_unknown' },
      },
    });
  });

  it.each(['PUT', 'PATCH', 'HEAD', 'OPTIONS'])('knows no %s: 405 with Allow', async method => {
    const { response, status } = await send({ host: 'localhost' }, {}, { method, body: null });
    expect(status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST, GET, DELETE');
  });

  it('says that it is well, and whatever else it is told to say', async () => {
    const { app } = appWith({ health: () => ({ version: '1.2.3', store: 'memory' }) });
    const response = await app.fetch(new Request('http://10.0.0.7/healthz'));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      status: 'ok',
      uptimeSeconds: expect.any(Number),
      version: '1.2.3',
      store: 'memory',
    });
  });

  it('tells its observer of every rejection, and the peer no detail', async () => {
    const server = scriptedStateful({
      receive: () => {
        throw new Error('password=hunter2');
      },
    });
    const { status, body, seen } = await send(GOOD, { server });
    expect(status).toBe(500);
    expect(body).toEqual({
      jsonrpc: '2.0',
      id: 9,
      error: {
        code: -32603,
        message: 'Internal error. Its details are in the server log.',
        data: { code: 'internal' },
      },
    });
    expect(seen).toMatchObject([{ event: 'http.failed', level: 'error', code: 'internal', principal: 'anonymous' }]);
    expect(seen[0]?.detail).toContain('password=hunter2');
  });
});
