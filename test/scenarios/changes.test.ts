/** What changes at a server reaches those who listen, with real clients: on the standalone stream in 2025, by listening in 2026. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { legacyListener, modernListener } from '../support/clients/listener.ts';
import type { TestDeployment } from '../support/deployment.ts';
import { deployed } from '../support/deployment.ts';

const PROGRAM = fileURLToPath(new URL('../support/servers/v1-changing.ts', import.meta.url));

let deployment: TestDeployment;
beforeAll(async () => {
  deployment = await deployed(['--program', PROGRAM]);
});
afterAll(() => deployment[Symbol.asyncDispose]());

describe('a client of 2025', () => {
  it('hears on its standalone stream what another client’s call has changed [R39] [R43] [R44]', async () => {
    const [one, other] = [await legacyListener(deployment.url), await legacyListener(deployment.url)];
    expect(one.capabilities).toMatchObject({
      tools: { listChanged: true },
      resources: { subscribe: true, listChanged: true },
    });
    await other.call('change_tools');
    await one.hears('tools');
    expect(one.heard).toEqual(['tools']);

    expect(await one.client.subscribeResource({ uri: 'test://news' })).toEqual({});
    await one.hears('test://news');
    await other.call('change_news');
    await one.hears('test://news', 2);
    expect(one.heard).toEqual(['tools', 'test://news', 'test://news']);

    expect(await one.client.unsubscribeResource({ uri: 'test://news' })).toEqual({});
    await other.call('change_news');
    await other.call('change_tools');
    await one.hears('tools', 2);
    expect(one.heard).toEqual(['tools', 'test://news', 'test://news', 'tools']);
    await one.close();
    await other.close();
  });
});

describe('a client of 2026', () => {
  it('hears it by listening [R85]', async () => {
    const client = await modernListener(deployment.url);
    await client.call('change_tools');
    await client.hears('tools');
    await client.close();
  });
});
