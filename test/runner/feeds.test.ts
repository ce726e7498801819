/** Changes that programs report reach those who listen for the same principal, in whatever process, through the store. */
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { memoryStores } from '../../core/adapters/memory/stores.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import type { RpcNotification, RpcResponse } from '../../core/protocol/messages.ts';
import type { Caller } from '../support/programs/calling.ts';
import { callerOf, contextOf, requestOf, told, toolCall } from '../support/programs/calling.ts';
import { scripted, text } from '../support/programs/scripted.ts';

const changing = () =>
  scripted({
    capabilities: { tools: { listChanged: true }, resources: { subscribe: true, listChanged: true } },
    tools: {
      tools: scene => {
        scene.notify('notifications/tools/list_changed', {});
        return text('ok');
      },
      many: scene => {
        for (let n = 0; n < 100; n++) scene.notify('notifications/resources/updated', { uri: `test://many/${n}` });
        return text('ok');
      },
    },
  });

const ALL = { toolsListChanged: true, resourcesListChanged: true, resourceSubscriptions: ['test://news'] };

function listen(caller: Caller, principal = 'alice') {
  const closing = new AbortController();
  const request = requestOf('subscriptions/listen', { notifications: ALL }, {}, 7);
  const call = contextOf({ signal: closing.signal, principal: { id: principal } });
  const messages = caller.server(request, call)[Symbol.asyncIterator]();
  const next = async (): Promise<RpcNotification | RpcResponse | undefined> => (await messages.next()).value;
  return {
    next,
    close: async () => {
      closing.abort();
      while ((await next()) !== undefined);
    },
  };
}

/** Counts what is asked of the store. */
function counted(state: StateStore) {
  const asked = { loads: 0, commits: 0 };
  const counting: StateStore = {
    ...state,
    load: scope => {
      asked.loads++;
      return state.load(scope);
    },
    commit: next => {
      asked.commits++;
      return state.commit(next);
    },
  };
  return { asked, state: counting };
}

describe('a change', () => {
  it('is heard in another process over the same store, once, and not by other principals', async () => {
    const { state } = memoryStores();
    const [here, there] = [callerOf(changing(), { state }), callerOf(changing(), { state })];
    const [near, far, stranger] = [listen(here), listen(there), listen(there, 'eve')];
    for (const listener of [near, far, stranger])
      expect(await listener.next()).toMatchObject({ method: 'notifications/subscriptions/acknowledged' });

    await told(here, toolCall('tools'));
    for (const listener of [near, far])
      expect(await listener.next()).toMatchObject({ method: 'notifications/tools/list_changed' });

    await told(there, toolCall('tools'), { principal: { id: 'eve' } });
    // Hers is the first thing that she hears, and nobody else's next.
    expect(await stranger.next()).toMatchObject({ method: 'notifications/tools/list_changed' });
    const rest = Promise.all([near.next(), far.next()]);
    await Promise.all([near, far, stranger].map(listener => listener.close()));
    expect(await rest).toMatchObject([{ result: { resultType: 'complete' } }, { result: { resultType: 'complete' } }]);
  });

  it('of more than the store has room for is heard as a change of everything', async () => {
    const { state } = memoryStores();
    const [here, there] = [callerOf(changing(), { state }), callerOf(changing(), { state })];
    const far = listen(there);
    await far.next();
    await told(here, toolCall('many'));
    expect([await far.next(), await far.next(), await far.next()]).toMatchObject([
      { method: 'notifications/tools/list_changed' },
      { method: 'notifications/resources/list_changed' },
      { method: 'notifications/resources/updated', params: { uri: 'test://news' } },
    ]);
    await far.close();
  });

  it('is written once for all that is reported in one go, before the answer is given; nothing is read while nobody listens', async () => {
    const { state, asked } = counted(memoryStores().state);
    const caller = callerOf(changing(), { state });
    await told(caller, toolCall('many'));
    expect(asked).toEqual({ loads: expect.any(Number), commits: expect.any(Number) });
    expect(asked.commits).toBeLessThanOrEqual(2);
    const before = { ...asked };
    await setTimeout(20);
    expect(asked).toEqual(before);
  });

  it('that cannot be written is no failure of the call, and the log says so', async () => {
    const { state } = memoryStores();
    const broken: StateStore = {
      ...state,
      load: async scope => {
        if (scope.startsWith('changes#')) throw new Error('The store is away.');
        return state.load(scope);
      },
    };
    const caller = callerOf(changing(), { state: broken });
    expect((await told(caller, toolCall('tools'))).result).toMatchObject({ content: [{ text: 'ok' }] });
    expect(caller.observations).toContainEqual(expect.objectContaining({ event: 'feed.unwritten', level: 'warning' }));
  });
});

describe('a runner that cannot tell of changes', () => {
  it('promises none, and does not hold those who listen', async () => {
    const caller = callerOf(changing(), { tells: false });
    const { result } = await told(caller, requestOf('server/discover'));
    expect(result?.capabilities).toEqual({ tools: {}, resources: {} });
    const listener = listen(caller);
    expect(await listener.next()).toMatchObject({
      method: 'notifications/subscriptions/acknowledged',
      params: { notifications: {} },
    });
    expect(await listener.next()).toMatchObject({ result: { resultType: 'complete' } });
  });
});
