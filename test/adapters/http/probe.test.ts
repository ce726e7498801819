/** What an operator is told of an upstream before anything is built on it. */
import { describe, expect, it } from 'vitest';
import { probe } from '../../../core/adapters/http/probe.ts';
import { httpApp } from '../../../core/http/app.ts';
import { anonymous } from '../../../core/http/authenticator.ts';
import { statelessApp } from '../../../core/http/stateless-app.ts';
import { scriptedStateful } from '../../support/scripted-stateful.ts';
import { served } from '../../support/served.ts';
import { scriptedUpstream } from '../../support/upstreams/scripted.ts';

const answering = (status: number, body = '', type = 'text/plain') =>
  served({ fetch: async () => new Response(body, { status, headers: { 'content-type': type } }) });

describe('probing an upstream', () => {
  it('tells of which era it is, and all it says of itself', async () => {
    const { server } = scriptedUpstream({});
    await using app = await served(
      statelessApp({ upstream: server, authenticate: anonymous(), observer: () => undefined }),
    );
    const { era, result } = await probe({ url: app.url });
    expect(era).toBe('modern');
    expect(result.supportedVersions).toEqual(['2026-07-28']);
    expect(result.capabilities).toEqual({ tools: { listChanged: true }, logging: {} });
  });

  it.each(['localhost:3000/mcp', 'ftp://localhost/mcp', 'nonsense'])('says that %s is no URL', async url => {
    await expect(probe({ url })).rejects.toMatchObject({
      code: 'setting_invalid',
      message: expect.stringContaining('no http or https URL'),
    });
  });

  it('says where nobody answers', async () => {
    const gone = await answering(200);
    await gone[Symbol.asyncDispose]();
    await expect(probe({ url: gone.url })).rejects.toMatchObject({
      code: 'upstream_unreachable',
      message: expect.stringMatching(/^No MCP server answers at http:\/\/127\.0\.0\.1:[0-9]+\/mcp: .*ECONNREFUSED/),
    });
  });

  it.each([401, 403])('says that credentials are missing at %i', async status => {
    await using there = await answering(status);
    await expect(probe({ url: there.url })).rejects.toMatchObject({
      code: 'upstream_unreachable',
      message: `${there.url} asks for credentials (HTTP ${status}). Give them with --upstream-header or FERMATA_UPSTREAM_HEADERS.`,
    });
  });

  it.each([500, 503])('says that the server is in trouble at %i', async status => {
    await using there = await answering(status);
    await expect(probe({ url: there.url })).rejects.toMatchObject({
      code: 'upstream_unreachable',
      message: expect.stringContaining(`HTTP ${status}`),
    });
  });

  it.each([
    ['a page', () => answering(200, '<p>', 'text/html')],
    ['a path that is none', () => answering(404)],
    [
      'a server that takes no handshake',
      () =>
        answering(
          400,
          JSON.stringify({
            jsonrpc: '2.0',
            id: null,
            error: { code: -32000, message: 'Bad Request: Server not initialized' },
          }),
          'application/json',
        ),
    ],
    [
      'a server without discovery',
      () =>
        answering(
          200,
          JSON.stringify({ jsonrpc: '2.0', id: 'fermata-probe', error: { code: -32601, message: 'Method not found' } }),
          'application/json',
        ),
    ],
    [
      'a server of a later time',
      () =>
        answering(
          200,
          JSON.stringify({
            jsonrpc: '2.0',
            id: 'fermata-probe',
            result: { resultType: 'complete', supportedVersions: ['2030-01-01'] },
          }),
          'application/json',
        ),
    ],
    [
      'a proxy without its modern face',
      () =>
        served(
          httpApp({
            server: scriptedStateful({ modern: async function* () {} }),
            authenticate: anonymous(),
            observer: () => undefined,
            path: '/other',
          }),
        ),
    ],
  ])('says of %s that it speaks no revision', async (_, open) => {
    await using there = await open();
    await expect(probe({ url: there.url })).rejects.toMatchObject({
      code: 'upstream_invalid',
      message: expect.stringMatching(/speaks neither MCP 2026-07-28 nor an earlier revision/),
    });
  });
});
