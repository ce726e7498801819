/** The legacy face on a real socket: how replies become HTTP, and what a client that leaves means. */
import { describe, expect, it } from 'vitest';
import { Fault } from '../../core/base/errors.ts';
import { httpApp } from '../../core/http/app.ts';
import { anonymous } from '../../core/http/authenticator.ts';
import type { Observation } from '../../core/ports/observer.ts';
import type { LegacyCall, StreamEvent } from '../../core/ports/stateful-server.ts';
import { eventsOf, postLegacy } from '../support/raw-http.ts';
import type { Script } from '../support/scripted-stateful.ts';
import { scriptedStateful } from '../support/scripted-stateful.ts';
import { served } from '../support/served.ts';

const CALL = { jsonrpc: '2.0', id: 5, method: 'tools/call', params: { name: 'add' } };
const RESULT = { jsonrpc: '2.0', id: 5, result: { content: [] } } as const;
const PROGRESS = {
  jsonrpc: '2.0',
  method: 'notifications/progress',
  params: { progressToken: 1, progress: 1 },
} as const;

async function face(script: Script) {
  const seen: Observation[] = [];
  const observer = (observation: Observation) => void seen.push(observation);
  const app = await served(httpApp({ server: scriptedStateful(script), authenticate: anonymous(), observer }));
  return { url: app.url, seen, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
}

async function* streamOf(...events: StreamEvent[]) {
  yield* events;
}

const abortOf = (signal: AbortSignal) =>
  new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()));

describe('a POST of a legacy client', () => {
  it('brings body, session and revision to the server, and the session id back', async () => {
    const calls: { body: unknown; sessionId: string | undefined; revision: string | undefined }[] = [];
    await using app = await face({
      receive: (body, { sessionId, revision }) => {
        calls.push({ body, sessionId, revision });
        return { kind: 'json', body: RESULT, sessionId: 'a-session' };
      },
    });
    const headers = { 'mcp-session-id': 'stale', 'mcp-protocol-version': '2025-06-18' };
    const response = await postLegacy(app.url, CALL, headers);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(response.headers.get('mcp-session-id')).toBe('a-session');
    expect(await response.json()).toEqual(RESULT);
    expect(calls).toEqual([{ body: CALL, sessionId: 'stale', revision: '2025-06-18' }]);
  });

  it('that is accepted is answered 202 without a body', async () => {
    await using app = await face({ receive: () => ({ kind: 'accepted' }) });
    const response = await postLegacy(app.url, { jsonrpc: '2.0', method: 'notifications/initialized' });
    expect([response.status, await response.text(), response.headers.get('content-type')]).toEqual([202, '', null]);
  });

  it('may be a batch, answered as one', async () => {
    await using app = await face({
      receive: body => ({ kind: 'json', body: Array.isArray(body) ? [RESULT, RESULT] : RESULT }),
    });
    expect(await (await postLegacy(app.url, [CALL, CALL])).json()).toEqual([RESULT, RESULT]);
  });

  it('is answered by a stream that is written to the byte as pinned', async () => {
    const events = streamOf(
      { id: 'n5.0', retry: 1000 },
      { id: 'n5.1', message: PROGRESS },
      { message: PROGRESS },
      { retry: 500 },
      { id: 'n5.2', message: RESULT },
    );
    await using app = await face({ receive: () => ({ kind: 'stream', events }) });
    const response = await postLegacy(app.url, CALL);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    const progress =
      'data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}\n\n';
    expect(await response.text()).toBe(
      `id: n5.0\nretry: 1000\ndata: \n\nid: n5.1\n${progress}${progress}retry: 500\n\nid: n5.2\ndata: {"jsonrpc":"2.0","id":5,"result":{"content":[]}}\n\n`,
    );
  });

  it.each([
    ['session_unknown', 404, -32001],
    ['session_required', 400, -32000],
    ['method_unknown', 200, -32601],
    ['invalid_params', 200, -32602],
    ['upstream_timeout', 504, -32603],
    ['store_unavailable', 503, -32603],
  ] as const)('that fails with %s is answered %i, with the id it came with', async (code, status, rpc) => {
    await using app = await face({
      receive: () => {
        throw new Fault(code, 'What to do.', { data: { more: 1 }, detail: 'secret' });
      },
    });
    const response = await postLegacy(app.url, CALL);
    expect(response.status).toBe(status);
    expect(response.headers.get('retry-after')).toBe(code === 'store_unavailable' ? '1' : null);
    expect(await response.json()).toEqual({
      jsonrpc: '2.0',
      id: 5,
      error: { code: rpc, message: 'What to do.', data: { more: 1, code } },
    });
    expect(app.seen).toMatchObject([{ code, detail: 'secret' }]);
  });
});

describe('a stream of a legacy client', () => {
  it('ends quietly when its delivery fails after an id, for the client can resume', async () => {
    const events = (async function* (): AsyncGenerator<StreamEvent> {
      yield { id: 'n5.0' };
      throw new Fault('store_unavailable', 'The store does not answer.');
    })();
    await using app = await face({ receive: () => ({ kind: 'stream', events }) });
    expect(await (await postLegacy(app.url, CALL)).text()).toBe('id: n5.0\ndata: \n\n');
    expect(app.seen).toMatchObject([{ event: 'http.failed', code: 'store_unavailable' }]);
  });

  it('ends with an error when its delivery fails before any id', async () => {
    const events = (async function* (): AsyncGenerator<StreamEvent> {
      yield { message: PROGRESS };
      throw new Error('boom');
    })();
    await using app = await face({ receive: () => ({ kind: 'stream', events }) });
    const all = [];
    for await (const { data } of eventsOf(await postLegacy(app.url, CALL))) all.push(JSON.parse(data));
    expect(all).toMatchObject([PROGRESS, { id: 5, error: { code: -32603, data: { code: 'internal' } } }]);
  });

  it('is left by its client: the signal tells, and the iteration is asked to end', async () => {
    let left: (how: string) => void = () => undefined;
    const leaving = new Promise<string>(resolve => {
      left = resolve;
    });
    await using app = await face({
      receive: (_, { signal }: LegacyCall) => ({
        kind: 'stream',
        events: (async function* (): AsyncGenerator<StreamEvent> {
          try {
            yield { id: 'n5.0' };
            await abortOf(signal);
          } finally {
            left(signal.aborted ? 'signalled and ended' : 'ended');
          }
        })(),
      }),
    });
    const client = new AbortController();
    const response = await postLegacy(app.url, CALL, {}, client.signal);
    for await (const _ of eventsOf(response)) break;
    client.abort();
    expect(await leaving).toBe('signalled and ended');
    expect(app.seen).toEqual([]);
  });

  it('is not read faster than its client reads', async () => {
    let made = 0;
    const big = { ...PROGRESS, params: { ...PROGRESS.params, message: 'x'.repeat(64 * 1024) } };
    let idle: () => void = () => undefined;
    const stalled = new Promise<void>(resolve => {
      idle = resolve;
    });
    await using app = await face({
      receive: () => ({
        kind: 'stream',
        events: (async function* () {
          for (; made < 10_000; made++) {
            const quiet = setTimeout(idle, 300);
            yield { message: big };
            clearTimeout(quiet);
          }
        })(),
      }),
    });
    const response = await postLegacy(app.url, CALL);
    const reader = response.body?.getReader();
    await reader?.read();
    await stalled;
    expect(made).toBeLessThan(1_000);
    await reader?.cancel();
  });
});

describe('a GET', () => {
  it('with Last-Event-ID resumes', async () => {
    const asked: unknown[] = [];
    await using app = await face({
      resume: (lastEventId, { sessionId, revision }) => {
        asked.push({ lastEventId, sessionId, revision });
        return { kind: 'stream', events: streamOf({ id: 'n5.1', message: RESULT }) };
      },
    });
    const headers = {
      accept: 'text/event-stream',
      'last-event-id': 'n5.0',
      'mcp-session-id': 's',
      'mcp-protocol-version': '2025-11-25',
    };
    const response = await fetch(app.url, { headers });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('id: n5.1\ndata: {"jsonrpc":"2.0","id":5,"result":{"content":[]}}\n\n');
    expect(asked).toEqual([{ lastEventId: 'n5.0', sessionId: 's', revision: '2025-11-25' }]);
  });

  it('without it listens', async () => {
    await using app = await face({ listen: () => ({ kind: 'stream', events: streamOf({ id: 'standalone.1' }) }) });
    const response = await fetch(app.url, { headers: { accept: 'text/event-stream', 'mcp-session-id': 's' } });
    expect(await response.text()).toBe('id: standalone.1\ndata: \n\n');
  });

  it.each([
    ['where nothing can come', { 'mcp-session-id': 's' }],
    ['of a modern client', { 'last-event-id': 'n5.0', 'mcp-protocol-version': '2026-07-28' }],
  ])('%s is answered 405 with Allow', async (_, headers) => {
    await using app = await face({
      listen: () => {
        throw new Fault('method_not_allowed', 'Nothing can come.');
      },
    });
    const response = await fetch(app.url, { headers: { accept: 'text/event-stream', ...headers } });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST, GET, DELETE']);
    expect(await response.json()).toMatchObject({ error: { data: { code: 'method_not_allowed' } } });
  });
});

describe('a DELETE', () => {
  it('ends the session', async () => {
    const ended: unknown[] = [];
    await using app = await face({ end: ({ sessionId }) => void ended.push(sessionId) });
    const response = await fetch(app.url, { method: 'DELETE', headers: { 'mcp-session-id': 's' } });
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(ended).toEqual(['s']);
  });

  it('of a session nobody knows is answered 404', async () => {
    await using app = await face({
      end: () => {
        throw new Fault('session_unknown', 'Gone.');
      },
    });
    expect((await fetch(app.url, { method: 'DELETE', headers: { 'mcp-session-id': 's' } })).status).toBe(404);
  });
});
