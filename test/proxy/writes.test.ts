/** What a call costs its store: each write waits for a disk or is paid for, so their number is pinned. */
import { describe, expect, it } from 'vitest';
import { memoryStores } from '../../core/adapters/memory/stores.ts';
import type { Stores } from '../../core/ports/stores.ts';
import { LegacyClient } from '../support/legacy-client.ts';
import { proxyUnderTest, TestClock } from '../support/proxies.ts';
import { question, scriptedUpstream, text } from '../support/upstreams/scripted.ts';

const { server: upstream } = scriptedUpstream({
  plain: async function* () {
    return text('plain');
  },
  ask: async function* (request: { params: { inputResponses?: unknown } }) {
    if (request.params.inputResponses !== undefined) return text('thank you');
    return { resultType: 'input_required', inputRequests: { name: question('Your name?') }, requestState: 's1' };
  },
});

/** A store that notes its writes. */
function noting(stores: Stores, writes: string[]): Stores {
  const { sessions, exchanges, events } = stores;
  const noted =
    <Args extends unknown[], Result>(name: string, write: (...args: Args) => Result) =>
    (...args: Args): Result => {
      writes.push(name);
      return write(...args);
    };
  return {
    ...stores,
    sessions: { ...sessions, commit: noted('session', sessions.commit) },
    exchanges: {
      ...exchanges,
      create: noted('create', exchanges.create),
      commit: (next, ...rest) => noted(next.phase, exchanges.commit)(next, ...rest),
    },
    events: { ...events, append: noted('append', events.append) },
  };
}

async function opened() {
  const writes: string[] = [];
  const clock = new TestClock();
  const stores = noting(memoryStores({ now: clock.now }), writes);
  const client = await LegacyClient.open(proxyUnderTest(upstream, {}, { stores, clock }).server);
  return { client, writes };
}

describe('the store', () => {
  it('is not written to by a plain call', async () => {
    const { client, writes } = await opened();
    await client.post(client.tool('plain'));
    expect(writes).toEqual([]);
  });

  it('is written to five times by a call with one question whose client listens', async () => {
    const { client, writes } = await opened();
    const stream = await client.stream(client.tool('ask'));
    const asked = await stream.question();
    const response = stream.response();
    await client.answer(asked, { action: 'accept', content: { value: 'Ada' } });
    await response;
    expect(await stream.next()).toBeUndefined();
    expect(writes).toEqual(['create', 'append', 'calling', 'settled', 'append']);
  });
});
