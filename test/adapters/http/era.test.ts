/** Which era an upstream is of: found out by asking, believed for a while, and never concluded from trouble. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { newKeyRing } from '../../../core/adapters/crypto/key-ring.ts';
import { aesSeal } from '../../../core/adapters/crypto/seal.ts';
import { httpServer } from '../../../core/adapters/http/server.ts';
import { heard, modernRequest } from '../../contracts/stateless-server.contract.ts';
import type { Handler } from '../../support/upstreams/raw.ts';
import { json, upstream } from '../../support/upstreams/raw.ts';

const MINUTE_MS = 60_000;

const modern: Handler = (_, response, body) => {
  const { id, method } = JSON.parse(body);
  const result =
    method === 'server/discover' ? { supportedVersions: ['2026-07-28'], capabilities: {} } : { prompts: [] };
  json(response, { jsonrpc: '2.0', id, result: { resultType: 'complete', ...result } });
};

const legacy: Handler = (_, response, body) => {
  const { id, method } = JSON.parse(body);
  const capabilities = { prompts: {} };
  const hello = { protocolVersion: '2025-06-18', capabilities, serverInfo: { name: 'old', version: '1' } };
  if (method === 'initialize') json(response, { jsonrpc: '2.0', id, result: hello });
  else if (method === 'prompts/list') json(response, { jsonrpc: '2.0', id, result: { prompts: [] } });
  else json(response, { jsonrpc: '2.0', id: null, error: { code: -32000, message: 'Bad Request' } }, 400);
};

/** An upstream that may change, a clock, and what came in. */
async function changing(first: Handler) {
  let current = first;
  let nowMs = 1_000_000;
  const methods: string[] = [];
  const there = await upstream((request, response, body) => {
    methods.push(JSON.parse(body).method);
    current(request, response, body);
  });
  const environment = { now: () => nowMs, newId: () => randomUUID() };
  const parts = { seal: aesSeal({ keys: newKeyRing() }), environment };
  const server = httpServer({ url: there.url, observer: () => undefined, legacy: parts });
  return {
    methods,
    list: () => heard(server, modernRequest('prompts/list')),
    become: (handler: Handler) => {
      current = handler;
      methods.length = 0;
    },
    pass: (ms: number) => {
      nowMs += ms;
    },
    [Symbol.asyncDispose]: () => there[Symbol.asyncDispose](),
  };
}

const LISTED = [{ result: { resultType: 'complete', prompts: [] } }];

describe('the era of an upstream', () => {
  it('is asked once', async () => {
    await using there = await changing(modern);
    expect(await there.list()).toMatchObject(LISTED);
    expect(await there.list()).toMatchObject(LISTED);
    expect(there.methods).toEqual(['server/discover', 'prompts/list', 'prompts/list']);
  });

  it.each([401, 403, 408, 429, 500, 503])('is not concluded from %i, not even with a JSON-RPC error', async status => {
    const body = { jsonrpc: '2.0', id: null, error: { code: -32601, message: 'Method not found' } };
    await using there = await changing((_, response) => json(response, body, status));
    expect(await there.list()).toMatchObject([{ error: { data: { code: 'upstream_unreachable', status } } }]);
    expect(there.methods).toEqual(['server/discover']);
    there.become(modern);
    expect(await there.list()).toMatchObject(LISTED);
  });

  it('is not concluded from a connection that breaks', async () => {
    await using there = await changing(({ socket }) => void socket.destroy());
    expect(await there.list()).toMatchObject([{ error: { data: { code: 'upstream_lost' } } }]);
    expect(there.methods).toEqual(['server/discover']);
    there.become(modern);
    expect(await there.list()).toMatchObject(LISTED);
  });

  it('is not concluded from silence, once patience has ended', async () => {
    const patience = new AbortController();
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(patience.signal);
    await using there = await changing(() => patience.abort(new DOMException('Time is up.', 'TimeoutError')));
    expect(await there.list()).toMatchObject([{ error: { data: { code: 'upstream_timeout' } } }]);
    expect(timeout).toHaveBeenCalledWith(30_000);
    expect(there.methods).toEqual(['server/discover']);
    timeout.mockRestore();
    there.become(modern);
    expect(await there.list()).toMatchObject(LISTED);
    expect(there.methods).toEqual(['server/discover', 'prompts/list']);
  });

  it('is asked again after a while, so that a server of 2025 may become one of 2026', async () => {
    await using there = await changing(legacy);
    expect(await there.list()).toMatchObject(LISTED);
    there.become(modern);
    there.pass(11 * MINUTE_MS);
    expect(await there.list()).toMatchObject(LISTED);
    expect(there.methods).toEqual(['server/discover', 'prompts/list']);
  });

  it('is asked again at once when the server answers as one of the other era', async () => {
    await using there = await changing(modern);
    await there.list();
    there.become((_, response) => response.writeHead(400).end());
    expect(await there.list()).toMatchObject([{ error: { data: { status: 400 } } }]);
    there.become(legacy);
    expect(await there.list()).toMatchObject(LISTED);
    expect(there.methods.slice(0, 2)).toEqual(['server/discover', 'initialize']);
  });

  it('stays modern for a server that only knows a later revision', async () => {
    const error = { code: -32022, message: 'Unsupported protocol version', data: { supported: ['2030-01-01'] } };
    await using there = await changing((_, response, body) =>
      json(response, { jsonrpc: '2.0', id: JSON.parse(body).id, error }, 400),
    );
    expect(await there.list()).toMatchObject([{ error: { data: { code: 'upstream_invalid' } } }]);
    expect(there.methods).toEqual(['server/discover']);
  });

  it('is asked once more of a server that refuses a revision it says it supports', async () => {
    const error = { code: -32022, message: 'Unsupported protocol version', data: { supported: ['2026-07-28'] } };
    let refusals = 1;
    await using there = await changing((request, response, body) => {
      if (refusals-- > 0) json(response, { jsonrpc: '2.0', id: JSON.parse(body).id, error }, 400);
      else modern(request, response, body);
    });
    expect(await there.list()).toMatchObject(LISTED);
    refusals = 1;
    expect(await there.list()).toMatchObject(LISTED);
    expect(there.methods).toEqual([
      'server/discover',
      'server/discover',
      'prompts/list',
      'prompts/list',
      'prompts/list',
    ]);
    refusals = 2;
    expect(await there.list()).toMatchObject([{ error: { code: -32022 } }]);
  });
});
