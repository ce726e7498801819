/**
 * Real SDK clients with access tokens against the whole product and a real authorization server: they find it by themselves,
 * and nothing of theirs goes on to an upstream.
 */
import { fileURLToPath } from 'node:url';
import {
  Client as V2Client,
  ClientCredentialsProvider as V2Credentials,
  StreamableHTTPClientTransport as V2Transport,
} from '@modelcontextprotocol/client';
import { ClientCredentialsProvider as V1Credentials } from '@modelcontextprotocol/sdk/client/auth-extensions.js';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as V1Transport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { anonymous } from '../../core/http/authenticator.ts';
import { statelessApp } from '../../core/http/stateless-app.ts';
import { AuthorizationServer, CLIENT } from '../support/authorization-server.ts';
import type { Side } from '../support/clients/sdk.ts';
import { SDK_CLIENT_NAMES, SDK_CLIENTS } from '../support/clients/sdk.ts';
import { deployed } from '../support/deployment.ts';
import { lastingPort } from '../support/product.ts';
import { served } from '../support/served.ts';
import { scriptedUpstream, text } from '../support/upstreams/scripted.ts';

const PROGRAM = ['--program', fileURLToPath(new URL('../support/servers/v1-await.ts', import.meta.url))];
const ANSWERS: Readonly<Record<string, Record<string, string | boolean>>> = {
  'What is your name?': { name: 'Ada' },
  'Which colour do you like?': { colour: 'green' },
  'May I say so?': { yes: true },
};
const SIDE: Side = {
  elicit: ({ message }) => ({ action: 'accept', content: { ...ANSWERS[String(message)] } }),
};
const SCOPE = 'mcp:tools';
const ADA_LIKES_GREEN = [{ type: 'text', text: 'Ada likes green.' }];

let port: string[];
let resource: string;
let issuer: AuthorizationServer;
let env: Record<string, string>;

beforeAll(async () => {
  const number = String(await lastingPort());
  port = ['--port', number];
  resource = `http://127.0.0.1:${number}/mcp`;
  issuer = await AuthorizationServer.start(resource);
  env = { FERMATA_JWT_ISSUER: issuer.issuer, FERMATA_JWT_AUDIENCE: resource, FERMATA_JWT_SCOPES: SCOPE };
});
afterAll(() => issuer[Symbol.asyncDispose]());
beforeEach(() => {
  issuer.asked.length = 0;
});

describe('a client with a token', () => {
  it.each(SDK_CLIENT_NAMES)('%s is asked and answers as anywhere', async name => {
    await using deployment = await deployed([...port, ...PROGRAM], env);
    const token = await issuer.token('ada', { claims: { scope: SCOPE } });
    const client = await SDK_CLIENTS[name](deployment.url, SIDE, { authorization: `Bearer ${token}` });
    expect((await client.call('introduce')).content).toEqual(ADA_LIKES_GREEN);
    await client.close();
    expect(JSON.stringify(deployment.observed)).not.toContain(token);
  });

  it.each(SDK_CLIENT_NAMES)('%s does not get in with one that has expired', async name => {
    await using deployment = await deployed([...port, ...PROGRAM], env);
    const token = await issuer.token('ada', { claims: { scope: SCOPE }, expiresIn: -60 });
    const connecting = SDK_CLIENTS[name](deployment.url, SIDE, { authorization: `Bearer ${token}` });
    await expect(connecting).rejects.toThrow(/401|expired/);
  });
});

describe('a client without one', () => {
  const FOUND = ['/.well-known/oauth-authorization-server', '/token', '/keys'];

  it('of SDK v1 finds the authorization server and gets in [R102]', async () => {
    await using _ = await deployed([...port, ...PROGRAM], env);
    const client = new V1Client({ name: 'robot', version: '1' });
    const authProvider = new V1Credentials({ ...CLIENT, expectedIssuer: issuer.issuer, scope: SCOPE });
    const transport = new V1Transport(new URL(resource), { authProvider });
    await client.connect(transport as Parameters<typeof client.connect>[0]);
    expect((await client.listTools()).tools.map(tool => tool.name)).toContain('greet');
    await client.close();
    expect(new Set(issuer.asked)).toEqual(new Set(FOUND));
  });

  it('of SDK v2 does so as well, and asks for the scopes of the challenge', async () => {
    await using _ = await deployed([...port, ...PROGRAM], env);
    const client = new V2Client({ name: 'robot', version: '1' }, { versionNegotiation: { mode: 'auto' } });
    const authProvider = new V2Credentials({ ...CLIENT, expectedIssuer: issuer.issuer });
    await client.connect(new V2Transport(new URL(resource), { authProvider }));
    expect((await client.listTools()).tools.map(tool => tool.name)).toContain('greet');
    await client.close();
    expect(new Set(issuer.asked)).toEqual(new Set(FOUND));
  });
});

describe('an upstream', () => {
  it.each(
    SDK_CLIENT_NAMES,
  )('of %s gets the proxy’s own credentials, and nothing of the client’s [R102]', async name => {
    const upstream = scriptedUpstream({
      async *greet() {
        return text('Hello!');
      },
    });
    const app = statelessApp({ upstream: upstream.server, authenticate: anonymous(), observer: () => {} });
    const received: Record<string, string>[] = [];
    await using there = await served({
      fetch: request => {
        received.push(Object.fromEntries(request.headers));
        return app.fetch(request);
      },
    });
    const secrets = { FERMATA_UPSTREAM_HEADERS: 'Authorization: Bearer of-the-proxy\nX-Team: blue' };
    await using deployment = await deployed([...port, '--upstream', there.url], { ...env, ...secrets });
    const token = await issuer.token('ada', { claims: { scope: SCOPE } });
    const own = {
      authorization: `Bearer ${token}`,
      cookie: 'session=of-the-client',
      'x-team': 'red',
      'x-forwarded-for': '::7',
    };
    const client = await SDK_CLIENTS[name](deployment.url, SIDE, own);
    expect((await client.call('greet')).content).toEqual([{ type: 'text', text: 'Hello!' }]);
    await client.close();
    expect(upstream.requests.map(({ method }) => method)).toContain('tools/call');
    expect(received.length).toBe(upstream.requests.length);
    for (const headers of received) {
      expect(headers).toMatchObject({ authorization: 'Bearer of-the-proxy', 'x-team': 'blue' });
      expect(headers).not.toHaveProperty('cookie');
      expect(headers).not.toHaveProperty('x-forwarded-for');
    }
    const everything = JSON.stringify([received, upstream.requests]);
    for (const part of token.split('.')) expect(everything).not.toContain(part);
    expect(JSON.stringify(deployment.observed)).not.toContain('of-the-proxy');
  });

  it('that asks for other credentials is told to the operator, without those that were given', async () => {
    await using there = await served({ fetch: () => new Response(null, { status: 401 }) });
    const starting = deployed([...port, '--upstream', there.url], {
      FERMATA_UPSTREAM_HEADERS: 'Authorization: Bearer of-the-proxy',
    });
    await expect(starting).rejects.toThrow(
      `${there.url} asks for credentials (HTTP 401). Give them with --upstream-header or FERMATA_UPSTREAM_HEADERS.`,
    );
  });
});
