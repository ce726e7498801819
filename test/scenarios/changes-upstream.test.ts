/**
 * What changes at an upstream of either era reaches clients of both, at whichever instance they listen; and nothing is promised
 * where nothing can come.
 */

import { McpServer as V1Server } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SubscribeRequestSchema, UnsubscribeRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { createMcpHandler, McpServer as V2Server } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { LISTENERS } from '../support/clients/listener.ts';
import { WireClient } from '../support/clients/wire.ts';
import { deployed, deployedTwice } from '../support/deployment.ts';
import { served } from '../support/served.ts';
import type { Of2025Options } from '../support/upstreams/of-2025.ts';
import { serverOf2025 } from '../support/upstreams/of-2025.ts';

const CAPABILITIES = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
};
const NEWS = 'test://news';
const ALL = ['prompts', 'resources', NEWS, 'tools'];

interface Changing extends AsyncDisposable {
  readonly url: string;
  tell(): Promise<void>;
}

/** Tells in every session it has. */
async function changingOf2025(options: Of2025Options) {
  const servers = new Set<V1Server>();
  const there = await serverOf2025({
    ...options,
    factory: () => {
      const mcp = new V1Server({ name: 'changing', version: '1.0.0' }, { capabilities: CAPABILITIES });
      mcp.server.setRequestHandler(SubscribeRequestSchema, () => ({}));
      mcp.server.setRequestHandler(UnsubscribeRequestSchema, () => ({}));
      mcp.registerTool('nothing', {}, () => ({ content: [] }));
      servers.add(mcp);
      return mcp;
    },
  });
  return Object.assign(there, {
    servers,
    async tell() {
      for (const { server } of servers) {
        if (server.transport === undefined) continue;
        await server.sendToolListChanged();
        await server.sendPromptListChanged();
        await server.sendResourceListChanged();
        await server.sendResourceUpdated({ uri: NEWS });
      }
    },
  });
}

async function changingOf2026(): Promise<Changing> {
  const handler = createMcpHandler(
    () => {
      const mcp = new V2Server({ name: 'changing', version: '1.0.0' }, { capabilities: CAPABILITIES });
      mcp.registerTool('nothing', {}, () => ({ content: [] }));
      return mcp;
    },
    { legacy: 'reject' },
  );
  const app = await served(handler);
  const { notify } = handler;
  return {
    url: app.url,
    async tell() {
      notify.toolsChanged();
      notify.promptsChanged();
      notify.resourcesChanged();
      notify.resourceUpdated(NEWS);
    },
    async [Symbol.asyncDispose]() {
      await handler.close();
      await app[Symbol.asyncDispose]();
    },
  };
}

const UPSTREAMS: Record<string, () => Promise<Changing>> = {
  '2025 with sessions and events': () => changingOf2025({ sessions: true, events: true }),
  '2025 with sessions': () => changingOf2025({ sessions: true }),
  '2026': changingOf2026,
};

describe.each(Object.keys(UPSTREAMS))('an upstream of %s', name => {
  it('is heard by clients of both eras, at two instances [R43] [R87]', async () => {
    await using there = await (UPSTREAMS[name] ?? changingOf2026)();
    const instances = await deployedTwice(['--upstream', there.url]);
    const listeners = await Promise.all(
      instances.flatMap(({ url }) => Object.values(LISTENERS).map(listener => listener(url, [NEWS]))),
    );
    expect(listeners.map(({ capabilities }) => capabilities)).toEqual(
      Array(4).fill(expect.objectContaining(CAPABILITIES)),
    );
    await there.tell();
    await Promise.all(listeners.flatMap(({ hears }) => ALL.map(what => hears(what))));
    for (const { heard } of listeners) expect([...heard].sort()).toEqual(ALL);
    await Promise.all(listeners.map(listener => listener.close()));
    for (const instance of instances) await instance[Symbol.asyncDispose]();
  });
});

describe('an upstream of 2025 whose streams break', () => {
  it.each([
    ['that keeps events sends what was said meanwhile', true],
    ['that keeps none has changed in every way, for all that is known', false],
  ])('%s', async (_, events) => {
    await using there = await changingOf2025({ sessions: true, events });
    await using fermata = await deployed(['--upstream', there.url]);
    const listeners = await Promise.all(Object.values(LISTENERS).map(listener => listener(fermata.url, [NEWS])));
    await there.tell();
    await Promise.all(listeners.flatMap(({ hears }) => ALL.map(what => hears(what))));
    there.cut();
    // Nobody is there to hear it.
    for (const { server } of there.servers) if (server.transport) await server.sendPromptListChanged();
    const again = events ? ['prompts'] : ALL;
    await Promise.all(listeners.flatMap(({ hears }) => again.map(what => hears(what, 2))));
    for (const { heard } of listeners) expect([...heard].sort()).toEqual([...ALL, ...again].sort());
    await Promise.all(listeners.map(listener => listener.close()));
  });

  it('and forgets its sessions is listened to anew, and has changed in every way', async () => {
    await using there = await changingOf2025({ sessions: true });
    await using fermata = await deployed(['--upstream', there.url]);
    const listener = await LISTENERS['of 2025'](fermata.url);
    there.forget();
    there.cut();
    await Promise.all(['tools', 'prompts', 'resources'].map(what => listener.hears(what)));
    const before = listener.heard.length;
    await there.tell();
    await listener.hears('tools', listener.heard.slice(0, before).filter(what => what === 'tools').length + 1);
    await listener.close();
  });
});

describe('an upstream of 2025 that can tell of nothing', () => {
  it.each<[string, Of2025Options]>([
    ['because it keeps no sessions', {}],
    ['because it refuses the standalone stream', { sessions: true, standalone: false }],
  ])('%s promises nothing, and a GET is not for spinning [R39] [R44]', async (_, options) => {
    await using there = await changingOf2025(options);
    await using fermata = await deployed(['--upstream', there.url]);
    const client = await WireClient.open(fermata.url);
    const get = await fetch(fermata.url, {
      headers: { accept: 'text/event-stream', 'mcp-session-id': String(client.sessionId) },
    });
    expect(get.status).toBe(405);
    const modern = await LISTENERS['of 2026'](fermata.url);
    expect(modern.capabilities).toMatchObject({ tools: {}, prompts: {}, resources: {} });
    expect(JSON.stringify([client.capabilities, modern.capabilities])).not.toMatch(/listChanged|subscribe/);
    await modern.close();
  });
});
