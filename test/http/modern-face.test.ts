/** The modern face on a real socket: JSON or stream, statuses, and that leaving is cancelling. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../core/base/errors.ts';
import { httpApp } from '../../core/http/app.ts';
import { anonymous } from '../../core/http/authenticator.ts';
import { statelessApp } from '../../core/http/stateless-app.ts';
import type { Observation } from '../../core/ports/observer.ts';
import type { StatelessServer } from '../../core/ports/stateless-server.ts';
import { eventsOf, postLegacy, postModern } from '../support/raw-http.ts';
import { scriptedStateful } from '../support/scripted-stateful.ts';
import { served } from '../support/served.ts';
import { progress, scriptedUpstream, text } from '../support/upstreams/scripted.ts';

const NOTE = { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'hi' } } as const;
const done = { jsonrpc: '2.0', id: 1, result: { resultType: 'complete', done: true } } as const;

const answering = (...said: (typeof NOTE | typeof done)[]): StatelessServer =>
  async function* () {
    yield* said;
  };

/** Both apps serve the modern era by the same face: everything here holds for both. */
const APPS = {
  'the proxy’s app': (server: StatelessServer, observer: (seen: Observation) => void) =>
    httpApp({ server: scriptedStateful({ modern: server }), authenticate: anonymous(), observer }),
  'the app of a stateless server': (server: StatelessServer, observer: (seen: Observation) => void) =>
    statelessApp({ upstream: server, authenticate: anonymous(), observer }),
};

describe.each(Object.entries(APPS))('%s', (_, appOf) => {
  async function face(server: StatelessServer) {
    const seen: Observation[] = [];
    const app = await served(appOf(server, observation => void seen.push(observation)));
    return { url: app.url, seen, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
  }

  it('answers JSON when the response comes first', async () => {
    await using app = await face(answering(done));
    const response = await postModern(app.url, 'tools/list');
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(await response.json()).toEqual(done);
    expect(response.headers.has('mcp-session-id')).toBe(false);
  });

  it('answers a stream without event ids when something is said before', async () => {
    await using app = await face(answering(NOTE, done));
    const response = await postModern(app.url, 'tools/list');
    expect([response.status, response.headers.get('content-type'), response.headers.get('x-accel-buffering')]).toEqual([
      200,
      'text/event-stream',
      'no',
    ]);
    expect(await response.text()).toBe(`data: ${JSON.stringify(NOTE)}\n\ndata: ${JSON.stringify(done)}\n\n`);
  });

  it('answers a stream when the response takes long', async () => {
    await using app = await face(async function* () {
      await new Promise(resolve => setTimeout(resolve, 350));
      yield done;
    });
    const response = await postModern(app.url, 'tools/list');
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(await response.text()).toBe(`data: ${JSON.stringify(done)}\n\n`);
  });

  it.each([
    [-32601, 404],
    [-32021, 400],
    [-32602, 200],
    [-32603, 200],
  ])('gives the error %i the status %i', async (code, status) => {
    const error = { jsonrpc: '2.0', id: 1, error: { code, message: 'No.' } } as const;
    await using app = await face(async function* () {
      yield error;
    });
    const response = await postModern(app.url, 'tools/list');
    expect([response.status, await response.json()]).toEqual([status, error]);
  });

  it.each([
    ['upstream_unreachable', 502],
    ['state_rejected', 200],
    ['run_lost', 200],
    ['store_unavailable', 503],
  ] as const)('gives the fault %s the status %i', async (code, status) => {
    await using app = await face(async function* () {
      throw new Fault(code, 'What to do.', { detail: 'secret' });
    });
    const response = await postModern(app.url, 'tools/list');
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ id: 1, error: { message: 'What to do.', data: { code } } });
    expect(app.seen).toMatchObject([{ code, detail: 'secret' }]);
  });

  it.each([
    [
      'fails',
      async function* () {
        yield NOTE;
        throw new Error('secret');
      } satisfies StatelessServer,
    ],
    ['ends without a response', answering(NOTE)],
  ])('ends the stream with an error when the server %s in the middle', async (_how, server) => {
    await using app = await face(server);
    const said = [];
    for await (const { data } of eventsOf(await postModern(app.url, 'tools/list'))) said.push(JSON.parse(data));
    expect(said).toMatchObject([NOTE, { id: 1, error: { code: -32603, data: { code: 'internal' } } }]);
    expect(JSON.stringify(said)).not.toContain('secret');
    expect(app.seen).toMatchObject([{ event: 'http.failed', method: 'tools/list', principal: 'anonymous' }]);
  });

  it.each(['before', 'after'])('cancels the call of a client that leaves %s the first event', async when => {
    let started: () => void = () => undefined;
    const start = new Promise<void>(resolve => {
      started = resolve;
    });
    let cancelled: (how: string) => void = () => undefined;
    const cancel = new Promise<string>(resolve => {
      cancelled = resolve;
    });
    await using app = await face(async function* (_request, { signal }) {
      try {
        if (when === 'after') yield NOTE;
        started();
        await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()));
      } finally {
        cancelled(signal.aborted ? 'cancelled' : 'ended');
      }
    });
    const client = new AbortController();
    const response = postModern(app.url, 'tools/list', {}, client.signal);
    const abandoned = response.catch((thrown: Error) => thrown.name);
    if (when === 'after') for await (const _event of eventsOf(await response)) break;
    await start;
    client.abort();
    expect(await cancel).toBe('cancelled');
    if (when === 'before') expect(await abandoned).toBe('AbortError');
    expect(app.seen.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('accepts a notification and drops it', async () => {
    await using app = await face(answering(done));
    const response = await postLegacy(
      app.url,
      { jsonrpc: '2.0', method: 'notifications/cancelled' },
      { 'mcp-protocol-version': '2026-07-28' },
    );
    expect([response.status, await response.text()]).toEqual([202, '']);
  });

  it('refuses a malformed envelope by the modern rules', async () => {
    await using app = await face(answering(done));
    const response = await postLegacy(
      app.url,
      { jsonrpc: '2.0', id: 1, method: 'tools/list' },
      { 'mcp-protocol-version': '2026-07-28' },
    );
    expect([response.status, await response.json()]).toEqual([
      400,
      {
        jsonrpc: '2.0',
        id: 1,
        error: {
          code: -32602,
          message: 'Invalid params: the request misses _meta (every modern request says who sends it).',
          data: { missing: ['_meta'], code: 'invalid_params' },
        },
      },
    ]);
  });

  it('serves a client of the official SDK, pinned to 2026-07-28', async () => {
    const { server } = scriptedUpstream({
      add: async function* () {
        return text('3');
      },
      größe: async function* (request) {
        yield progress(request, 1, 2);
        yield progress(request, 2, 2);
        return text('done');
      },
    });
    await using app = await face(server);
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
    await client.connect(new StreamableHTTPClientTransport(new URL(app.url)));
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['add', 'größe']);
    expect((await client.callTool({ name: 'add', arguments: {} })).content).toEqual([{ type: 'text', text: '3' }]);
    const steps: number[] = [];
    const result = await client.callTool(
      { name: 'größe', arguments: {} },
      { onprogress: ({ progress: step }) => void steps.push(step) },
    );
    expect([steps, result.content]).toEqual([[1, 2], [{ type: 'text', text: 'done' }]]);
    await expect(client.callTool({ name: 'nobody', arguments: {} })).rejects.toMatchObject({ code: -32602 });
    await client.close();
    expect(app.seen).toEqual([]);
  });
});

describe('the app of a stateless server', () => {
  const open = () =>
    served(statelessApp({ upstream: answering(done), authenticate: anonymous(), observer: () => undefined }));

  it('tells a legacy client which revisions there are', async () => {
    await using app = await open();
    const response = await postLegacy(app.url, {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25' },
    });
    expect([response.status, await response.json()]).toEqual([
      400,
      {
        jsonrpc: '2.0',
        id: 1,
        error: {
          code: -32022,
          message: 'Unsupported protocol version: this server speaks 2026-07-28.',
          data: { supported: ['2026-07-28'], requested: '2025-11-25', code: 'revision_unsupported' },
        },
      },
    ]);
  });

  it.each(['GET', 'DELETE'])('knows no %s', async method => {
    await using app = await open();
    const response = await fetch(app.url, {
      method,
      headers: { accept: 'text/event-stream', 'last-event-id': 'n1.0' },
    });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it.each([
    [[{ jsonrpc: '2.0', id: 1, method: 'ping' }]],
    [{ jsonrpc: '2.0', id: 1, result: {} }],
    ['hello'],
  ])('refuses %j', async body => {
    await using app = await open();
    const response = await postLegacy(app.url, body);
    expect([response.status, (await response.json()).error.code]).toEqual([400, -32600]);
  });
});
