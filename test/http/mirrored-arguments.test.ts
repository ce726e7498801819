/** Arguments that a tool wants mirrored in headers: refused where they are not, and how often the list of tools is asked for. */
import { describe, expect, it } from 'vitest';
import { httpApp } from '../../core/http/app.ts';
import { MirroredArguments } from '../../core/http/mirrored-arguments.ts';
import type { StatelessServer } from '../../core/ports/stateless-server.ts';
import type { ModernRequest } from '../../core/protocol/envelope.ts';
import { META } from '../../core/protocol/envelope.ts';
import { standardHeaders } from '../../core/protocol/headers.ts';
import { scriptedStateful } from '../support/scripted-stateful.ts';

type Tool = { name: string; inputSchema: Record<string, unknown> };

const tool = (name: string, header?: string): Tool => ({
  name,
  inputSchema: {
    type: 'object',
    properties: { region: { type: 'string', ...(header === undefined ? {} : { 'x-mcp-header': header }) } },
  },
});

const requestOf = (method: string, params: Record<string, unknown>): ModernRequest => ({
  jsonrpc: '2.0',
  id: 1,
  method,
  params: { ...params, _meta: { [META.protocolVersion]: '2026-07-28', [META.clientCapabilities]: {} } },
});

/** Servers with lists that may change, behind the check; `asked` are the methods that reached them, with for whom. */
function faced(toolsOf: (principal: string) => readonly (readonly Tool[])[] | undefined) {
  const asked: string[] = [];
  const clock = { ms: 0 };
  const server: StatelessServer = async function* ({ id, method, params }, { principal }) {
    const cursor = Number(params.cursor ?? 0);
    asked.push(`${method}${cursor > 0 ? ` ${cursor}` : ''} ${principal.id}`);
    const pages = toolsOf(principal.id);
    if (pages === undefined) throw new Error('It is gone.');
    const next = cursor + 1 < pages.length ? { nextCursor: String(cursor + 1) } : {};
    const listed = { tools: pages[cursor] ?? [], ttlMs: 0, cacheScope: 'private', ...next };
    yield { jsonrpc: '2.0', id, result: { resultType: 'complete', ...(method === 'tools/list' ? listed : {}) } };
  };
  const mirrored = new MirroredArguments(server, () => clock.ms);
  const contextOf = (id: string) => ({ principal: { id }, signal: new AbortController().signal });
  return {
    asked,
    clock,
    async call(name: string, headers: Record<string, string>, args: unknown = { region: 'eu' }, principal = 'alice') {
      const request = requestOf('tools/call', { name, arguments: args });
      try {
        await mirrored.check(request, contextOf(principal), new Headers(headers));
        return 'passed';
      } catch (thrown) {
        return thrown instanceof Error ? thrown.message : thrown;
      }
    },
    async list(cursor?: string, principal = 'alice') {
      const request = requestOf('tools/list', cursor === undefined ? {} : { cursor });
      for await (const _ of mirrored.serve(request, contextOf(principal)));
    },
  };
}

const MISSING = 'Header mismatch: The mcp-param-region header is missing.';
const EU = { 'Mcp-Param-Region': 'eu' };

describe('a call of a tool that mirrors an argument', () => {
  it('needs the header, which must say the same', async () => {
    const { call } = faced(() => [[tool('plain'), tool('local', 'Region')]]);
    expect(await call('local', {})).toBe(MISSING);
    expect(await call('local', { 'mcp-param-region': 'us' })).toBe(
      'Header mismatch: The mcp-param-region header does not say what the body says.',
    );
    expect(await call('local', EU)).toBe('passed');
    expect(await call('plain', {})).toBe('passed');
    expect(await call('unknown', {})).toBe('passed');
  });

  it('asks for the list once, also if many come at once, and not at all without arguments', async () => {
    const { call, asked } = faced(() => [[tool('plain')], [tool('local', 'Region')]]);
    expect(await call('local', {}, {})).toBe('passed');
    expect(await call('local', {}, null)).toBe('passed');
    expect(asked).toEqual([]);
    expect(await Promise.all(Array.from({ length: 10 }, () => call('local', EU)))).toEqual(Array(10).fill('passed'));
    expect(await call('plain', {})).toBe('passed');
    expect(asked).toEqual(['tools/list alice', 'tools/list 1 alice']);
  });

  it('asks for no list if the client did so before', async () => {
    const { call, list, asked } = faced(() => [[tool('local', 'Region')]]);
    await list();
    expect(await call('local', EU)).toBe('passed');
    expect(asked).toEqual(['tools/list alice']);
  });

  it('learns nothing from a part of a list', async () => {
    const { call, list, asked } = faced(() => [[tool('plain')], [tool('local', 'Region')]]);
    await list();
    await list('1');
    expect(await call('local', {})).toBe(MISSING);
    expect(asked).toEqual(['tools/list alice', 'tools/list 1 alice', 'tools/list alice', 'tools/list 1 alice']);
  });

  it('is held against a fresh list before it is refused', async () => {
    let today = tool('local', 'Region');
    const { call, list, asked } = faced(() => [[today]]);
    await list();
    today = tool('local');
    expect(await call('local', {})).toBe('passed');
    today = tool('local', 'Zone');
    expect(await call('local', { 'mcp-param-zone': 'eu' })).toBe('passed');
    expect(asked).toHaveLength(2);
    expect(await call('local', EU)).toBe('passed');
  });

  it('is held against a new list after ten minutes', async () => {
    let today = tool('local');
    const { call, clock } = faced(() => [[today]]);
    expect(await call('local', {})).toBe('passed');
    today = tool('local', 'Region');
    clock.ms = 10 * 60_000 - 1;
    expect(await call('local', {})).toBe('passed');
    clock.ms = 10 * 60_000;
    expect(await call('local', {})).toBe(MISSING);
  });

  it('is held against the list of its own principal', async () => {
    const { call, asked } = faced(principal => [[principal === 'alice' ? tool('local', 'Region') : tool('local')]]);
    expect(await call('local', {}, { region: 'eu' }, 'alice')).toBe(MISSING);
    expect(await call('local', {}, { region: 'eu' }, 'bob')).toBe('passed');
    expect(asked).toEqual(['tools/list alice', 'tools/list bob']);
  });

  it('passes where the list cannot be had: the call itself will tell', async () => {
    expect(await faced(() => undefined).call('local', {})).toBe('passed');
  });
});

it('the endpoint refuses with 400 and the specification’s code, before the tool is called', async () => {
  const asked: string[] = [];
  const modern: StatelessServer = async function* ({ id, method }) {
    asked.push(method);
    yield { jsonrpc: '2.0', id, result: { resultType: 'complete', tools: [tool('local', 'Region')] } };
  };
  const app = httpApp({
    server: scriptedStateful({ modern }),
    authenticate: async () => ({ principal: { id: 'alice' } }),
    observer: () => {},
  });
  const request = requestOf('tools/call', { name: 'local', arguments: { region: 'eu' } });
  const post = (headers: Record<string, string>) =>
    app.request('http://localhost/mcp', {
      method: 'POST',
      headers: { ...standardHeaders(request), ...headers },
      body: JSON.stringify(request),
    });
  const refused = await post({});
  expect(refused.status).toBe(400);
  expect(await refused.json()).toEqual({
    jsonrpc: '2.0',
    id: 1,
    error: { code: -32020, message: MISSING, data: { code: 'header_mismatch' } },
  });
  expect(asked).toEqual(['tools/list']);
  expect((await post(EU)).status).toBe(200);
  expect(asked).toEqual(['tools/list', 'tools/call']);
});
