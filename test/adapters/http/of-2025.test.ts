/** Servers of 2025 behind the contract of 2026: real ones of SDK v1, called as the proxy calls them. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newKeyRing } from '../../../core/adapters/crypto/key-ring.ts';
import { aesSeal } from '../../../core/adapters/crypto/seal.ts';
import { httpServer } from '../../../core/adapters/http/server.ts';
import type { StatelessServer } from '../../../core/ports/stateless-server.ts';
import type { RpcResponse } from '../../../core/protocol/messages.ts';
import { heard, modernRequest } from '../../contracts/stateless-server.contract.ts';
import type { Of2025Options } from '../../support/upstreams/of-2025.ts';
import { serverOf2025 } from '../../support/upstreams/of-2025.ts';

const seal = aesSeal({ keys: newKeyRing() });
const environment = { now: () => Date.now(), newId: () => randomUUID() };
/** Another one each time stands for another process: nothing but the key is common. */
const adapter = (url: string): StatelessServer =>
  httpServer({ url, observer: () => undefined, legacy: { seal, environment } });

const call = (name: string, args: Record<string, unknown> = {}, more: Record<string, unknown> = {}) =>
  modernRequest('tools/call', { name, arguments: args, ...more }, randomUUID());

const last = async (server: StatelessServer, request: ReturnType<typeof call>): Promise<RpcResponse> => {
  const said = await heard(server, request);
  return said.at(-1) as RpcResponse;
};

interface Asked {
  readonly result: {
    readonly resultType: string;
    readonly inputRequests: Record<string, { params: { message: string } }>;
    readonly requestState: string;
  };
}
const asked = async (server: StatelessServer, request: ReturnType<typeof call>) => {
  const { result } = (await last(server, request)) as unknown as Asked;
  expect(result.resultType).toBe('input_required');
  const [[key, question] = ['', undefined]] = Object.entries(result.inputRequests);
  return { ...result, key, message: question?.params.message };
};

const answering = (key: string, content: object) => ({ inputResponses: { [key]: { action: 'accept', content } } });

const KINDS: Record<string, Of2025Options> = {
  'stateless, answering JSON': { json: true },
  'stateless, answering with streams': {},
  'with sessions': { sessions: true },
  'with sessions and events': { sessions: true, events: true },
};

describe.each(Object.entries(KINDS))('a server of 2025, %s', (_, options) => {
  it('is discovered', async () => {
    await using there = await serverOf2025(options);
    expect(await heard(adapter(there.url), modernRequest('server/discover'))).toMatchObject([
      {
        result: {
          resultType: 'complete',
          supportedVersions: ['2026-07-28'],
          capabilities: { tools: {}, logging: {} },
          ttlMs: 0,
          cacheScope: 'private',
          _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'v1-await' } },
        },
      },
    ]);
  });

  it('answers a call with what the modern era wants in a result', async () => {
    await using there = await serverOf2025(options);
    expect(await last(adapter(there.url), call('greet', { name: 'Ada' }))).toMatchObject({
      result: { resultType: 'complete', content: [{ type: 'text', text: 'Hello, Ada!' }] },
    });
  });

  it('lists its tools', async () => {
    await using there = await serverOf2025(options);
    const response = await last(adapter(there.url), modernRequest('tools/list'));
    expect(response).toMatchObject({ result: { ttlMs: 0, cacheScope: 'private' } });
    expect(JSON.stringify(response)).toContain('"introduce"');
  });

  it('answers -32601 for what it does not offer', async () => {
    await using there = await serverOf2025(options);
    expect(await last(adapter(there.url), modernRequest('prompts/list'))).toMatchObject({ error: { code: -32601 } });
  });
});

describe('a stateless server of 2025', () => {
  it('tells the call itself that it cannot ask', async () => {
    await using there = await serverOf2025();
    expect(await last(adapter(there.url), call('introduce'))).toMatchObject({
      result: { isError: true, content: [{ text: expect.stringContaining('does not support form elicitation') }] },
    });
  });

  it('reports progress', async () => {
    await using there = await serverOf2025();
    const said = await heard(adapter(there.url), call('count', { to: 3 }, { _meta: { progressToken: 'p' } }));
    const progress = said.flatMap(message => ('method' in message ? [message.params?.progress] : []));
    expect(progress).toEqual([1, 2, 3]);
  });
});

describe('a server of 2025 with sessions and events', () => {
  it('is asked once a round, each by another process, and its answers go on where it waits', async () => {
    await using there = await serverOf2025({ sessions: true, events: true });
    const first = await asked(adapter(there.url), call('introduce'));
    expect(first.message).toBe('What is your name?');
    const { requestState: s1 } = first;
    const second = await asked(
      adapter(there.url),
      call('introduce', {}, { ...answering(first.key, { name: 'Ada' }), requestState: s1 }),
    );
    expect(second.message).toBe('Which colour do you like?');
    const third = await asked(
      adapter(there.url),
      call('introduce', {}, { ...answering(second.key, { colour: 'green' }), requestState: second.requestState }),
    );
    expect(third.message).toBe('May I say so?');
    const end = await last(
      adapter(there.url),
      call('introduce', {}, { ...answering(third.key, { yes: true }), requestState: third.requestState }),
    );
    expect(end).toMatchObject({ result: { content: [{ text: 'Ada likes green.' }] } });
    expect(there.came.filter(({ rpc }) => rpc === 'tools/call')).toHaveLength(1);
  });

  it('asks two questions in one round', async () => {
    await using there = await serverOf2025({ sessions: true, events: true });
    const { inputRequests, requestState } = await asked(adapter(there.url), call('compare'));
    const inputResponses = Object.fromEntries(
      Object.entries(inputRequests).map(([key, { params }]) => [
        key,
        { action: 'accept', content: { number: params.message === 'The left number?' ? 3 : 4 } },
      ]),
    );
    expect(Object.keys(inputResponses)).toHaveLength(2);
    const end = await last(adapter(there.url), call('compare', {}, { inputResponses, requestState }));
    expect(end).toMatchObject({ result: { content: [{ text: '7 in all.' }] } });
  });

  it('keeps waiting for the answer that did not come', async () => {
    await using there = await serverOf2025({ sessions: true, events: true });
    const { inputRequests, requestState } = await asked(adapter(there.url), call('compare'));
    const [one = '', other = ''] = Object.keys(inputRequests);
    const again = await asked(
      adapter(there.url),
      call('compare', {}, { ...answering(one, { number: 3 }), requestState }),
    );
    expect(Object.keys(again.inputRequests)).toEqual([other]);
    const end = await last(
      adapter(there.url),
      call('compare', {}, { ...answering(other, { number: 4 }), requestState: again.requestState }),
    );
    expect(end).toMatchObject({ result: { content: [{ text: '7 in all.' }] } });
  });

  it('takes no state from another principal, nor for another call', async () => {
    await using there = await serverOf2025({ sessions: true, events: true });
    const server = adapter(there.url);
    const { requestState, key } = await asked(server, call('introduce'));
    const signal = new AbortController().signal;
    const stolen = call('introduce', {}, { ...answering(key, { name: 'Eve' }), requestState });
    const listen = async () => {
      for await (const _ of server(stolen, { principal: { id: 'eve' }, signal }));
    };
    await expect(listen()).rejects.toMatchObject({ code: 'state_rejected' });
    const other = call('greet', { name: 'x' }, { ...answering(key, { name: 'Ada' }), requestState });
    expect(await last(server, other)).toMatchObject({ error: { data: { code: 'state_rejected' } } });
  });

  it('says upstream_lost for a call whose session it forgot, and opens another for a new one', async () => {
    await using there = await serverOf2025({ sessions: true, events: true });
    const server = adapter(there.url);
    const { requestState, key } = await asked(server, call('introduce'));
    there.forget();
    expect(
      await last(server, call('introduce', {}, { ...answering(key, { name: 'Ada' }), requestState })),
    ).toMatchObject({ error: { data: { code: 'upstream_lost' } } });
    expect(await last(server, call('greet', { name: 'Ada' }))).toMatchObject({ result: { resultType: 'complete' } });
  });

  it('is shaken hands with once more, and called once, when it forgot the session between calls', async () => {
    await using there = await serverOf2025({ sessions: true });
    const server = adapter(there.url);
    await last(server, call('greet', { name: 'Ada' }));
    there.forget();
    there.came.length = 0;
    expect(await last(server, call('greet', { name: 'Bob' }))).toMatchObject({
      result: { content: [{ text: 'Hello, Bob!' }] },
    });
    expect(there.came.flatMap(({ rpc }) => rpc ?? [])).toEqual([
      'tools/call',
      'initialize',
      'notifications/initialized',
      'tools/call',
    ]);
  });

  it('is told of a call that is cancelled', async () => {
    await using there = await serverOf2025({ sessions: true, events: true });
    const caller = new AbortController();
    const server = adapter(there.url);
    const request = call('count', { to: 1000, everyMs: 20 }, { _meta: { progressToken: 'p' } });
    for await (const _ of server(request, { principal: { id: 'anonymous' }, signal: caller.signal })) caller.abort();
    await expect.poll(() => there.came.map(({ rpc }) => rpc)).toContain('notifications/cancelled');
  });
});

describe('a server of 2025 with sessions and no events', () => {
  it('is answered over the connection that this process holds', async () => {
    await using there = await serverOf2025({ sessions: true });
    const server = adapter(there.url);
    const { inputRequests, requestState } = await asked(server, call('compare'));
    const inputResponses = Object.fromEntries(
      Object.keys(inputRequests).map(key => [key, { action: 'accept', content: { number: 2 } }]),
    );
    expect(await last(server, call('compare', {}, { inputResponses, requestState }))).toMatchObject({
      result: { content: [{ text: '4 in all.' }] },
    });
  });

  it('says upstream_lost in another process', async () => {
    await using there = await serverOf2025({ sessions: true });
    const { requestState, key } = await asked(adapter(there.url), call('introduce'));
    expect(
      await last(adapter(there.url), call('introduce', {}, { ...answering(key, { name: 'Ada' }), requestState })),
    ).toMatchObject({ error: { data: { code: 'upstream_lost' } } });
  });
});
