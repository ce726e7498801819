/**
 * Programs that do not want their clients to hold on: `closeSSEStream` of the SDKs ends a connection, and the client comes back for
 * the rest (SEP-1699). With a real client, whose coming back is what the program waits for.
 */
import { McpServer as V1Server } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpServer as V2Server } from '@modelcontextprotocol/server';
import { expect, it } from 'vitest';
import { httpServer } from '../../core/adapters/http/server.ts';
import { nodeEnvironment } from '../../core/adapters/node/environment.ts';
import type { ServerFactory } from '../../core/adapters/sdk/built-server.ts';
import { sdkServer } from '../../core/adapters/sdk/program-server.ts';
import { httpApp } from '../../core/http/app.ts';
import { anonymous } from '../../core/http/authenticator.ts';
import { statelessApp } from '../../core/http/stateless-app.ts';
import { runner } from '../../core/runner/runner.ts';
import { SDK_CLIENTS } from '../support/clients/sdk.ts';
import { textIn, WireClient } from '../support/clients/wire.ts';
import { WireCall } from '../support/clients/wire-call.ts';
import { Latch } from '../support/latch.ts';
import { SEAL } from '../support/programs/calling.ts';
import { proxyUnderTest } from '../support/proxies.ts';
import { served } from '../support/served.ts';

interface Closing {
  readonly call: (() => void) | undefined;
  readonly standalone: (() => void) | undefined;
}
/** What a handler does with what it is given to close, and says in the end. */
type Work = (closing: Closing) => Promise<string>;

const INFO = { name: 'polling', version: '1.0.0' };
const said = (text: string) => ({ content: [{ type: 'text' as const, text }] });

const PROGRAMS: Record<string, (work: Work) => ServerFactory> = {
  'SDK v1': work => () => {
    const server = new V1Server(INFO);
    server.registerTool('work', {}, async ({ closeSSEStream: call, closeStandaloneSSEStream: standalone }) =>
      said(await work({ call, standalone })),
    );
    return server;
  },
  'SDK v2': work => () => {
    const server = new V2Server(INFO);
    server.registerTool('work', {}, async ({ http }) =>
      said(await work({ call: http?.closeSSE, standalone: http?.closeStandaloneSSE })),
    );
    return server;
  },
};
const OF_V1 = PROGRAMS['SDK v1'] as (work: Work) => ServerFactory;

/** The product over a program, at a URL; `elsewhere` puts the runner behind a server of its own. Notes with what clients resume. */
async function polled(factory: ServerFactory, { elsewhere = false } = {}) {
  const environment = nodeEnvironment();
  const observer = (): void => {};
  const upstream = sdkServer({
    factory,
    runner: program => runner({ program, seal: SEAL, environment, observer, owner: 'test', retryLost: 'idempotent' }),
  });
  const authenticate = anonymous();
  const behind = elsewhere ? await served(statelessApp({ upstream, authenticate, observer })) : undefined;
  const { server } = proxyUnderTest(behind === undefined ? upstream : httpServer({ url: behind.url, observer }));
  const resumed = new Latch();
  const app = httpApp({ server, authenticate, observer });
  const at = await served({
    fetch(request) {
      if (request.method === 'GET' && request.headers.has('last-event-id')) resumed.resolve();
      return app.fetch(request);
    },
  });
  return {
    url: at.url,
    resumed: resumed.promise,
    async [Symbol.asyncDispose]() {
      await at[Symbol.asyncDispose]();
      await server.close();
      await behind?.[Symbol.asyncDispose]();
    },
  };
}

it.concurrent.each([
  ['SDK v1', false],
  ['SDK v2', false],
  ['SDK v1', true],
])('a program of %s ends the connection of its call, and the client comes back for the result; behind HTTP: %s', async (name, elsewhere) => {
  const comesBack = new Latch();
  const program = PROGRAMS[name]?.(async ({ call }) => {
    call?.();
    await comesBack.promise;
    return 'worked';
  });
  await using product = await polled(program as ServerFactory, { elsewhere });
  void product.resumed.then(comesBack.resolve);
  const client = await SDK_CLIENTS['SDK v1'](product.url, {});
  expect((await client.call('work')).content).toEqual(said('worked').content);
  await client.close();
});

it.concurrent('a program ends the standalone stream of its session, and that of nobody else', async () => {
  const program = OF_V1(async ({ standalone }) => {
    standalone?.();
    return 'worked';
  });
  await using product = await polled(program);
  const [one, other] = [await WireClient.open(product.url), await WireClient.open(product.url)];
  const [ended, kept] = [await WireCall.listening(one), await WireCall.listening(other)];
  for (const stream of [ended, kept]) while (stream.seen.every(({ id }) => id === undefined)) await stream.next();
  const call = await WireCall.of(one, one.tool('work'));
  expect(textIn(await call.response())).toBe('worked');
  expect((await ended.rest()).some(({ retry }) => retry === 1000)).toBe(true);
  const next = kept.next().catch(() => 'left');
  kept.leave();
  expect(await next).toBe('left');
});

it.concurrent.each([
  '2025-06-18',
  '2025-03-26',
])('a client of %s would not come back, and nothing is offered', async revision => {
  const program = OF_V1(async closing => `${typeof closing.call} ${typeof closing.standalone}`);
  await using product = await polled(program);
  const client = await WireClient.open(product.url, { revision });
  const call = await WireCall.of(client, client.tool('work'));
  expect(textIn(await call.response())).toBe('undefined undefined');
});

it.concurrent('nor is it to a client of 2026-07-28, whose call is its connection', async () => {
  const program = OF_V1(async closing => `${typeof closing.call} ${typeof closing.standalone}`);
  await using product = await polled(program);
  const client = await SDK_CLIENTS['SDK v2 auto'](product.url, {});
  expect((await client.call('work')).content).toEqual(said('undefined undefined').content);
  await client.close();
});
