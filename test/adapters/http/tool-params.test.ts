/** Tools that mirror arguments in headers: when the adapter looks them up, and what it does when it was wrong. */
import { describe, expect, it } from 'vitest';
import { httpServer } from '../../../core/adapters/http/server.ts';
import type { Observation } from '../../../core/ports/observer.ts';
import { heard, modernRequest } from '../../contracts/stateless-server.contract.ts';
import { json, upstream } from '../../support/upstreams/raw.ts';

const observer = () => undefined;

describe('tools that mirror arguments in headers', () => {
  const tool = (name: string, header?: string) => ({
    name,
    inputSchema: {
      type: 'object',
      properties: { region: { type: 'string', ...(header && { 'x-mcp-header': header }) } },
    },
  });
  const done = { resultType: 'complete', content: [] };

  /** An upstream whose tools change after a while, and which insists on the headers of today's. */
  async function insisting(pages: () => readonly (readonly unknown[])[], header: () => string | undefined) {
    const asked: string[] = [];
    const there = await upstream((request, response, body) => {
      const { id, method, params } = JSON.parse(body);
      const sent = Object.keys(request.headers).filter(name => name.startsWith('mcp-param-'));
      asked.push([method, ...sent.map(name => `${name}=${request.headers[name]}`)].join(' '));
      if (method === 'tools/list') {
        const page = Number(params.cursor ?? 0);
        const more = page + 1 < pages().length ? { nextCursor: String(page + 1) } : {};
        return json(response, {
          jsonrpc: '2.0',
          id,
          result: { resultType: 'complete', tools: pages()[page], ...more },
        });
      }
      const wanted = header();
      if (wanted !== undefined && request.headers[wanted] === undefined) {
        return json(response, { jsonrpc: '2.0', id, error: { code: -32020, message: 'Header mismatch' } }, 400);
      }
      json(response, { jsonrpc: '2.0', id, result: done });
    });
    return { ...there, asked };
  }
  const call = modernRequest('tools/call', { name: 'deploy', arguments: { region: 'Zürich' } });
  const answer = [{ jsonrpc: '2.0', id: 1, result: done }];

  it('are looked up once, on all pages, before the first call', async () => {
    await using there = await insisting(
      () => [[tool('other')], [tool('deploy', 'Region')]],
      () => 'mcp-param-region',
    );
    const server = httpServer({ url: there.url, observer });
    expect(await heard(server, call)).toEqual(answer);
    expect(await heard(server, call)).toEqual(answer);
    const mirrored = 'tools/call mcp-param-region==?base64?WsO8cmljaA==?=';
    expect(there.asked).toEqual(['tools/list', 'tools/list', mirrored, mirrored]);
  });

  it('are looked up again when the upstream says that headers do not match, and the call is made once more', async () => {
    let header: string | undefined;
    await using there = await insisting(
      () => [[tool('deploy', header)]],
      () => header && `mcp-param-${header}`,
    );
    const server = httpServer({ url: there.url, observer });
    expect(await heard(server, call)).toEqual(answer);
    header = 'zone';
    expect(await heard(server, call)).toEqual(answer);
    expect(there.asked).toEqual([
      'tools/list',
      'tools/call',
      'tools/call',
      'tools/list',
      'tools/call mcp-param-zone==?base64?WsO8cmljaA==?=',
    ]);
  });

  it('are not tried for ever: a mismatch that a new list does not explain is the answer', async () => {
    await using there = await insisting(
      () => [[tool('deploy')]],
      () => 'mcp-param-secret',
    );
    expect(await heard(httpServer({ url: there.url, observer }), call)).toMatchObject([
      { id: 1, error: { code: -32020 } },
    ]);
    expect(there.asked).toEqual(['tools/list', 'tools/call', 'tools/list']);
  });

  it('are learned from lists that pass by', async () => {
    let header: string | undefined;
    await using there = await insisting(
      () => [[tool('deploy', header)]],
      () => undefined,
    );
    const server = httpServer({ url: there.url, observer });
    await heard(server, call);
    header = 'Zone';
    await heard(server, modernRequest('tools/list'));
    await heard(server, call);
    expect(there.asked.at(-1)).toBe('tools/call mcp-param-zone==?base64?WsO8cmljaA==?=');
  });

  it('do not keep calls from being made when the list cannot be had', async () => {
    const seen: Observation[] = [];
    await using there = await upstream((_, response, body) => {
      const { id, method } = JSON.parse(body);
      if (method === 'tools/list') response.writeHead(500).end();
      else json(response, { jsonrpc: '2.0', id, result: done });
    });
    const server = httpServer({ url: there.url, observer: observation => void seen.push(observation) });
    expect(await heard(server, call)).toEqual(answer);
    expect(seen).toMatchObject([{ event: 'upstream.unlisted', level: 'warning', code: 'upstream_unreachable' }]);
  });

  it('are left out of the list where their annotations are not valid, and they alone', async () => {
    const seen: Observation[] = [];
    await using there = await insisting(
      () => [[tool('deploy', 'Region'), tool('broken', 'no token'), tool('plain')]],
      () => undefined,
    );
    const server = httpServer({ url: there.url, observer: observation => void seen.push(observation) });
    expect(await heard(server, modernRequest('tools/list'))).toMatchObject([
      { result: { tools: [{ name: 'deploy' }, { name: 'plain' }] } },
    ]);
    expect(seen).toMatchObject([{ event: 'upstream.tools_invalid', level: 'warning' }]);
  });

  it('do not hold up a call that is given up meanwhile', async () => {
    let listing: () => void = () => undefined;
    const started = new Promise<void>(resolve => {
      listing = resolve;
    });
    await using there = await upstream(() => listing());
    const caller = new AbortController();
    const said = heard(httpServer({ url: there.url, observer }), call, caller.signal);
    await started;
    caller.abort();
    expect(await said).toEqual([]);
  });
});
