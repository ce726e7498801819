/** What clients of an endpoint see that asks for access tokens: challenges, metadata, and errors, to the letter. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tokenVerifier } from '../../core/adapters/oauth/token-verifier.ts';
import { accessTokens } from '../../core/http/access-tokens.ts';
import { httpApp } from '../../core/http/app.ts';
import type { Observation } from '../../core/ports/observer.ts';
import { AuthorizationServer } from '../support/authorization-server.ts';
import { scriptedStateful } from '../support/scripted-stateful.ts';

const URL_OF_RESOURCE = 'https://mcp.example/mcp';
const METADATA = 'resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp"';
const SCOPES = ['mcp:read', 'mcp:tools'];
const GOOD = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

let issuer: AuthorizationServer;
let seen: Observation[] = [];
beforeAll(async () => {
  issuer = await AuthorizationServer.start(URL_OF_RESOURCE);
});
beforeEach(() => {
  seen = [];
});
afterAll(() => issuer[Symbol.asyncDispose]());

function appOf({ scopes = [] as readonly string[], url = URL_OF_RESOURCE, path = '/mcp' } = {}) {
  const principals: string[] = [];
  const note = ({ principal }: { principal: { id: string } }) => void principals.push(principal.id);
  const server = scriptedStateful({
    receive: (_, call) => {
      note(call);
      return { kind: 'accepted' };
    },
    resume: (_, call) => {
      note(call);
      return { kind: 'accepted' };
    },
    end: note,
  });
  const observer = (observation: Observation) => void seen.push(observation);
  const verify = tokenVerifier({
    issuer: issuer.issuer,
    audience: url,
    environment: { now: Date.now },
    observer,
  });
  const authenticate = accessTokens({ resource: { url, issuer: issuer.issuer, scopes }, verify });
  return { app: httpApp({ server, authenticate, observer, path }), principals };
}

type Sent = 'POST' | 'GET' | 'DELETE' | 'PUT';

const requestOf = (method: Sent, headers: Record<string, string>, query = '') =>
  new Request(`http://localhost/mcp${query}`, {
    method,
    headers: { ...GOOD, 'last-event-id': 'n1.1', 'mcp-session-id': 'known', ...headers },
    ...(method === 'POST' ? { body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }) } : {}),
  });

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('a request', () => {
  it.each(['POST', 'GET', 'DELETE'] as const)('by %s brings a principal with a good token', async method => {
    const { app, principals } = appOf({ scopes: SCOPES });
    const token = await issuer.token('alice', { claims: { scope: 'mcp:tools other mcp:read' } });
    const response = await app.fetch(requestOf(method, bearer(token)));
    expect(response.status).toBeLessThan(300);
    expect(principals).toEqual([`jwt:${issuer.issuer}#alice`]);
  });

  it.each(['POST', 'GET', 'DELETE', 'PUT'] as const)('by %s without a token is told where to get one', async method => {
    const { app, principals } = appOf({ scopes: SCOPES });
    const response = await app.fetch(requestOf(method, {}));
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe(`Bearer ${METADATA}, scope="mcp:read mcp:tools"`);
    expect(await response.json()).toEqual({
      jsonrpc: '2.0',
      error: {
        code: -32000,
        message: `Send an access token of ${issuer.issuer}: Authorization: Bearer <token>.`,
        data: { code: 'principal_required' },
      },
    });
    expect(principals).toEqual([]);
  });

  it('with a token that is not good is told why', async () => {
    const { app } = appOf();
    const response = await app.fetch(requestOf('POST', bearer(await issuer.token('alice', { expiresIn: -60 }))));
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer error="invalid_token", error_description="The access token has expired.", ${METADATA}`,
    );
    const error = { code: -32000, message: 'The access token has expired.', data: { code: 'principal_required' } };
    expect(await response.json()).toEqual({ jsonrpc: '2.0', error });
  });

  it.each([
    '',
    'mcp:read',
    'mcp:tools',
    'mcp',
    'MCP:READ MCP:TOOLS',
    'mcp:read mcp:tools:all',
  ])('with the scopes %j only is told which it needs: 403', async scope => {
    const { app, principals } = appOf({ scopes: SCOPES });
    const response = await app.fetch(requestOf('POST', bearer(await issuer.token('alice', { claims: { scope } }))));
    expect(response.status).toBe(403);
    const message = 'The access token must grant: mcp:read mcp:tools.';
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer error="insufficient_scope", error_description="${message}", ${METADATA}, scope="mcp:read mcp:tools"`,
    );
    const error = { code: -32000, message, data: { code: 'scope_insufficient' } };
    expect(await response.json()).toEqual({ jsonrpc: '2.0', error });
    expect(principals).toEqual([]);
  });

  it.each([
    ['in the query', (token: string) => ({ query: `?access_token=${token}`, headers: {} })],
    ['in a cookie', (token: string) => ({ query: '', headers: { cookie: `access_token=${token}` } })],
    ['under another scheme', (token: string) => ({ query: '', headers: { authorization: `Token ${token}` } })],
    ['twice', (token: string) => ({ query: '', headers: { authorization: `Bearer ${token}, Bearer ${token}` } })],
  ])('with a token %s has none', async (_, put) => {
    const { app, principals } = appOf();
    const { query, headers } = put(await issuer.token('alice'));
    const response = await app.fetch(requestOf('POST', headers, query));
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe(`Bearer ${METADATA}`);
    expect(principals).toEqual([]);
  });

  it('whose token cannot be checked is told to come again, and nothing of how things are inside', async () => {
    issuer.ailment = 'refuses';
    const { app } = appOf();
    const response = await app.fetch(requestOf('POST', bearer(await issuer.token('alice'))));
    issuer.ailment = undefined;
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(response.headers.has('www-authenticate')).toBe(false);
    expect(await response.json()).toEqual({
      jsonrpc: '2.0',
      error: {
        code: -32603,
        message:
          'Access tokens cannot be checked now: the keys of the authorization server cannot be had. Try again soon.',
        data: { code: 'issuer_unavailable' },
      },
    });
    expect(seen).toMatchObject([{ event: 'http.failed', level: 'error', code: 'issuer_unavailable' }]);
    expect(seen[0]?.detail).toContain(issuer.origin);
  });

  it('leaves no trace of its token in the log', async () => {
    const { app } = appOf({ scopes: SCOPES });
    for (const options of [{}, { expiresIn: -60 }, { claims: { aud: 'https://other.example' } }]) {
      const token = await issuer.token('alice', options);
      await app.fetch(requestOf('POST', bearer(token)));
      for (const part of token.split('.')) expect(JSON.stringify(seen)).not.toContain(part);
    }
    expect(seen).toHaveLength(3);
  });
});

describe('the metadata', () => {
  const get = (app: { fetch(request: Request): Response | Promise<Response> }, path: string, init: RequestInit = {}) =>
    app.fetch(new Request(`http://10.0.0.7${path}`, init));

  it.each([
    '/.well-known/oauth-protected-resource',
    '/.well-known/oauth-protected-resource/mcp',
  ])('stands at %s, open to everyone', async path => {
    const response = await get(appOf({ scopes: SCOPES }).app, path, { headers: { origin: 'https://any.example' } });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(await response.json()).toEqual({
      resource: 'https://mcp.example/mcp',
      authorization_servers: [issuer.issuer],
      scopes_supported: ['mcp:read', 'mcp:tools'],
      bearer_methods_supported: ['header'],
    });
  });

  it('may be asked for by a page that announces itself', async () => {
    const path = '/.well-known/oauth-protected-resource/mcp';
    const headers = { origin: 'https://any.example', 'access-control-request-headers': 'mcp-protocol-version' };
    const response = await get(appOf().app, path, { method: 'OPTIONS', headers });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-headers')).toBe('*');
  });

  it('stands where the public URL has it, also if a proxy in front has another path', async () => {
    const { app } = appOf({ url: 'https://mcp.example/team/mcp', path: '/mcp' });
    const response = await app.fetch(requestOf('POST', {}));
    expect(response.headers.get('www-authenticate')).toBe(
      'Bearer resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/team/mcp"',
    );
    expect((await get(app, '/.well-known/oauth-protected-resource/team/mcp')).status).toBe(200);
    expect((await get(app, '/.well-known/oauth-protected-resource/mcp')).status).toBe(200);
    expect((await get(app, '/.well-known/oauth-protected-resource/other')).status).toBe(404);
  });

  it('of a whole host has no path', async () => {
    const { app } = appOf({ url: 'https://mcp.example' });
    const response = await app.fetch(requestOf('POST', {}));
    expect(response.headers.get('www-authenticate')).toBe(
      'Bearer resource_metadata="https://mcp.example/.well-known/oauth-protected-resource"',
    );
    expect(await (await get(app, '/.well-known/oauth-protected-resource')).json()).toMatchObject({
      resource: 'https://mcp.example',
    });
  });

  it('does not exist where no tokens are asked for', async () => {
    const app = httpApp({
      server: scriptedStateful({}),
      authenticate: async () => ({ principal: { id: 'anyone' } }),
      observer: () => {},
    });
    expect((await get(app, '/.well-known/oauth-protected-resource')).status).toBe(404);
  });
});
