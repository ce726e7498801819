/** Sessions at a server of 2025 behind the product end when nobody needs them any more, and not while a call waits in them. */
import { expect, it } from 'vitest';
import { eventsIn, WireClient } from '../support/clients/wire.ts';
import { deployed } from '../support/deployment.ts';
import { serverOf2025 } from '../support/upstreams/of-2025.ts';

type There = Awaited<ReturnType<typeof serverOf2025>>;
const endedAt = ({ came }: There): readonly unknown[] =>
  came.filter(({ http }) => http === 'DELETE').map(({ headers }) => headers['mcp-session-id']);
const calledAt = ({ came }: There): unknown => came.find(({ rpc }) => rpc === 'tools/call')?.headers['mcp-session-id'];

it('is ended with the session of its client', async () => {
  await using there = await serverOf2025({ sessions: true, events: true });
  await using fermata = await deployed(['--upstream', there.url]);
  const client = await WireClient.open(fermata.url);
  await (await client.post(client.tool('greet', { name: 'Ada' }))).text();
  expect(endedAt(there)).not.toContain(calledAt(there));
  await client.delete();
  expect(endedAt(there)).toContain(calledAt(there));
});

it('is ended at shutdown, unless a call waits in it', async () => {
  await using there = await serverOf2025({ sessions: true, events: true });
  const fermata = await deployed(['--upstream', there.url]);
  const quick = await WireClient.open(fermata.url);
  await (await quick.post(quick.tool('greet', { name: 'Ada' }))).text();
  const waiting = await WireClient.open(fermata.url);
  for await (const { message } of eventsIn(await waiting.post(waiting.tool('introduce'))))
    if (message !== undefined && 'method' in message && message.method === 'elicitation/create') break;
  await fermata[Symbol.asyncDispose]();
  const called = there.came.filter(({ rpc }) => rpc === 'tools/call').map(({ headers }) => headers['mcp-session-id']);
  expect(called).toHaveLength(2);
  expect(endedAt(there)).toContain(called[0]);
  expect(endedAt(there)).not.toContain(called[1]);
});
