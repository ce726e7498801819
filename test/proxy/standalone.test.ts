/** What happens outside of calls, on the standalone stream of a session: told once, told again after a gap, never promised in vain. */
import { describe, expect, it } from 'vitest';
import type { StatelessServer } from '../../core/ports/stateless-server.ts';
import type { RpcNotification } from '../../core/protocol/messages.ts';
import { isObject } from '../../core/protocol/messages.ts';
import { LegacyClient } from '../support/legacy-client.ts';
import { proxyUnderTest } from '../support/proxies.ts';

const TOOLS = { jsonrpc: '2.0', method: 'notifications/tools/list_changed' } as const;
const updated = (uri: string) =>
  ({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri } }) as const;

/** An upstream that tells what the test says to everyone who listens. */
function changing(
  capabilities: Record<string, unknown> = { tools: { listChanged: true }, resources: { subscribe: true } },
) {
  const listeners = new Set<(message: RpcNotification | 'end') => void>();
  const filters: unknown[] = [];
  const server: StatelessServer = async function* ({ id, method, params }, { signal }) {
    if (method !== 'subscriptions/listen') {
      yield { jsonrpc: '2.0', id, result: method === 'server/discover' ? { capabilities } : {} };
      return;
    }
    const queue: (RpcNotification | 'end')[] = [];
    let wake = (): void => {};
    const hear = (message: RpcNotification | 'end') => {
      queue.push(message);
      wake();
    };
    signal.addEventListener('abort', () => hear('end'));
    filters.push(params.notifications);
    const { resourceSubscriptions } = isObject(params.notifications) ? params.notifications : {};
    const honoured = { toolsListChanged: true, ...(resourceSubscriptions ? { resourceSubscriptions } : {}) };
    listeners.add(hear);
    yield { jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged', params: { notifications: honoured } };
    for (;;) {
      const message = queue.shift();
      if (message === 'end') break;
      if (message !== undefined) yield message;
      else
        await new Promise<void>(resolve => {
          wake = resolve;
        });
    }
    listeners.delete(hear);
    if (!signal.aborted) yield { jsonrpc: '2.0', id, result: { resultType: 'complete' } };
  };
  const tell = (message: RpcNotification | 'end') => {
    for (const hear of listeners) hear(message);
  };
  return { server, tell, filters };
}

describe('a standalone stream', () => {
  it('brings what changed, each with an id, and begins with one where clients can take it', async () => {
    const upstream = changing();
    const client = await LegacyClient.open(proxyUnderTest(upstream.server).server);
    const stream = await client.listen();
    expect(await stream.next()).toEqual({ id: expect.stringMatching(/^standalone\./), retry: 1_000 });
    upstream.tell({ ...TOOLS, params: { _meta: { 'io.modelcontextprotocol/subscriptionId': 'x' } } });
    expect(await stream.next()).toEqual({
      id: expect.stringMatching(/^standalone\./),
      message: { ...TOOLS, params: {} },
    });
    await stream.leave();
  });

  it('that is resumed tells again all that may have changed meanwhile', async () => {
    const upstream = changing();
    const client = await LegacyClient.open(proxyUnderTest(upstream.server).server);
    await client.post(client.request('resources/subscribe', { uri: 'a:' }));
    const first = await client.listen();
    await first.next();
    await first.leave();
    const second = await client.resume(first.lastEventId);
    expect([await second.notification(), await second.notification()]).toEqual([TOOLS, updated('a:')]);
    await second.leave();
  });

  it('follows the subscriptions of its session', async () => {
    const upstream = changing();
    const client = await LegacyClient.open(proxyUnderTest(upstream.server).server);
    const stream = await client.listen();
    await stream.next();
    const told = stream.notification();
    await client.post(client.request('resources/subscribe', { uri: 'a:' }));
    expect(await told).toEqual(updated('a:'));
    const again = stream.notification();
    upstream.tell(updated('a:'));
    expect(await again).toEqual(updated('a:'));
    expect(upstream.filters.map(filter => isObject(filter) && filter.resourceSubscriptions)).toEqual([
      undefined,
      ['a:'],
    ]);
    await stream.leave();
  });

  it('listens again when the upstream ends it, and tells that all may have changed', async () => {
    const upstream = changing();
    const client = await LegacyClient.open(proxyUnderTest(upstream.server).server);
    const stream = await client.listen();
    await stream.next();
    upstream.tell('end');
    expect(await stream.notification()).toEqual(TOOLS);
    await stream.leave();
  });

  it('ends with its session', async () => {
    const upstream = changing();
    const { server } = proxyUnderTest(upstream.server);
    const client = await LegacyClient.open(server);
    const stream = await client.listen();
    await stream.next();
    const rest = stream.rest();
    await server.end(client.call());
    expect(await rest).toHaveLength(1);
  });

  it('is one at a time: the newest tells, and the older one again when that is gone', async () => {
    const upstream = changing();
    const client = await LegacyClient.open(proxyUnderTest(upstream.server).server);
    const [older, newer] = [await client.listen(), await client.listen()];
    await older.next();
    await newer.next();
    const late = older.notification();
    const prompt = newer.notification();
    upstream.tell(TOOLS);
    expect(await prompt).toEqual(TOOLS);
    await newer.leave();
    upstream.tell(updated('b:'));
    expect(await late).toEqual(updated('b:'));
    await older.leave();
  });

  it.each([
    ['of an upstream that tells of nothing', { tools: {} }, {}],
    ['where connections are not held', { tools: { listChanged: true } }, { holdMs: 1_000 }],
  ] as const)('%s does not exist', async (_, capabilities, settings) => {
    const client = await LegacyClient.open(proxyUnderTest(changing(capabilities).server, settings).server);
    await expect(client.listen()).rejects.toMatchObject({ code: 'method_not_allowed' });
  });
});
