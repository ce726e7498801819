/**
 * A stateless server of 2025 on a function, behind the proxy on another: clients of either era call it, whichever way it answers, and
 * where it wants a handshake before each call.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SDK_CLIENTS } from '../support/clients/sdk.ts';
import { Deployment } from '../support/lambda/deployment.ts';

/** Every environment starts a process, and machines that run tests are busy. */
const PATIENCE_MS = 120_000;

const text = (said: string) => [{ type: 'text', text: said }];

describe.each(['json', 'events', 'formal'])('a server of 2025 as a function: %s', {
  timeout: PATIENCE_MS,
}, exported => {
  let deployment: Deployment;
  beforeAll(async () => {
    const source = 'test/support/lambda/handlers/of-2025.ts';
    deployment = await Deployment.start({ upstream: { source, exported } });
  });
  afterAll(() => deployment[Symbol.asyncDispose]());

  it.each([
    'SDK v1',
    'SDK v2 auto',
  ] as const)('lists and calls its tools for %s, and tells that it cannot ask', async name => {
    const elicit = () => ({ action: 'cancel' as const });
    const client = await SDK_CLIENTS[name](deployment.url, { elicit }, { ...deployment.headers });
    expect(client.era).toBe(name === 'SDK v1' ? 'legacy' : 'modern');
    expect((await client.listTools()).map(tool => tool.name)).toContain('greet');
    expect(await client.call('greet', { name: 'Ada' })).toMatchObject({ content: text('Hello, Ada!'), isError: false });
    expect(await client.call('introduce')).toMatchObject({
      content: text('Client does not support form elicitation.'),
      isError: true,
    });
    await client.close();
  });
});
