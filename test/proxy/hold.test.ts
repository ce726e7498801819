/** Connections that end before their call: only where the client can find its way back. */
import { describe, expect, it } from 'vitest';
import { LegacyClient } from '../support/legacy-client.ts';
import { proxyUnderTest } from '../support/proxies.ts';
import { scriptedUpstream, text } from '../support/upstreams/scripted.ts';

/** A server whose one tool ends when the test says so, and a proxy in front of it. */
function slow(holdMs: number) {
  let release = (): void => {};
  const released = new Promise<void>(resolve => {
    release = resolve;
  });
  const upstream = scriptedUpstream({
    slow: async function* () {
      await released;
      return text('done');
    },
  });
  const { server, clock } = proxyUnderTest(upstream.server, { holdMs });
  clock.runs = true;
  return { release, server };
}

const DONE = { id: 1, result: { content: [{ type: 'text', text: 'done' }] } };

describe('a hold time', () => {
  it('ends the connection of a client that was given an id, and the result comes on the next one', async () => {
    const { server, release } = slow(20);
    const client = await LegacyClient.open(server);
    const stream = await client.stream(client.tool('slow'));
    expect(await stream.rest()).toEqual([{ id: 'n1.0', retry: 1000 }]);
    release();
    const results = [];
    for (let from = stream.lastEventId; results.length === 0; ) {
      const resumed = await client.resume(from);
      results.push(...(await resumed.rest()).flatMap(({ message }) => (message === undefined ? [] : [message])));
      from = resumed.lastEventId;
    }
    expect(results).toEqual([expect.objectContaining(DONE)]);
  });

  it('never ends a connection that gave no id: a client of 2025-06-18 could not come back', async () => {
    const { server, release } = slow(0);
    const client = await LegacyClient.open(server, { revision: '2025-06-18' });
    const stream = await client.stream(client.tool('slow'));
    const response = stream.response();
    release();
    expect(await response).toMatchObject(DONE);
    expect(stream.seen).toHaveLength(1);
  });
});
