/** What changes at a server reaches those who listen, with real clients: on the standalone stream in 2025, by listening in 2026. */
import { fileURLToPath } from 'node:url';
import { Client as V2Client, StreamableHTTPClientTransport as V2Transport } from '@modelcontextprotocol/client';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as V1Transport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestDeployment } from '../support/deployment.ts';
import { deployed } from '../support/deployment.ts';

const PROGRAM = fileURLToPath(new URL('../support/servers/v1-changing.ts', import.meta.url));
const INFO = { name: 'scenario', version: '1.0.0' };

let deployment: TestDeployment;
beforeAll(async () => {
  deployment = await deployed(['--program', PROGRAM]);
});
afterAll(() => deployment[Symbol.asyncDispose]());

/** A client of SDK v1 whose standalone stream is open. */
async function listener() {
  const client = new V1Client(INFO);
  const heard: string[] = [];
  let tell = (): void => {};
  const hear = (what: string): void => {
    heard.push(what);
    tell();
  };
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => hear('tools'));
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => hear(params.uri));
  let opened = (): void => {};
  const open = new Promise<void>(resolve => {
    opened = resolve;
  });
  const transport = new V1Transport(new URL(deployment.url), {
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      if (init?.method === 'GET') opened();
      return response;
    },
  });
  // The transport's types are not exact about optional properties.
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  await open;
  const next = () =>
    new Promise<void>(resolve => {
      tell = resolve;
    });
  const close = async () => {
    await transport.terminateSession();
    await client.close();
  };
  return { client, heard, next, close };
}

describe('a client of 2025', () => {
  it('hears on its standalone stream what another client’s call has changed [R39] [R43] [R44]', async () => {
    const [one, other] = [await listener(), await listener()];
    expect(one.client.getServerCapabilities()).toMatchObject({
      tools: { listChanged: true },
      resources: { subscribe: true, listChanged: true },
    });
    let told = one.next();
    await other.client.callTool({ name: 'change_tools', arguments: {} });
    await told;
    expect(one.heard).toEqual(['tools']);

    told = one.next();
    expect(await one.client.subscribeResource({ uri: 'test://news' })).toEqual({});
    await told;
    told = one.next();
    await other.client.callTool({ name: 'change_news', arguments: {} });
    await told;
    expect(one.heard).toEqual(['tools', 'test://news', 'test://news']);

    expect(await one.client.unsubscribeResource({ uri: 'test://news' })).toEqual({});
    told = one.next();
    await other.client.callTool({ name: 'change_news', arguments: {} });
    await other.client.callTool({ name: 'change_tools', arguments: {} });
    await told;
    expect(one.heard).toEqual(['tools', 'test://news', 'test://news', 'tools']);
    await one.close();
    await other.close();
  });
});

describe('a client of 2026', () => {
  it('hears it by listening [R85]', async () => {
    let tell = (): void => {};
    const told = new Promise<void>(resolve => {
      tell = resolve;
    });
    const client = new V2Client(INFO, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
    client.setNotificationHandler('notifications/tools/list_changed', () => tell());
    await client.connect(new V2Transport(new URL(deployment.url)));
    const listening = await client.listen({ toolsListChanged: true });
    await client.callTool({ name: 'change_tools', arguments: {} });
    await told;
    await listening.close();
    await client.close();
  });
});
