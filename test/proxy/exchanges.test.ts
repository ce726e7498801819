/** The life of a call through the proxy: fast path, promotion, questions, resuming, answers, other processes. */
import { describe, expect, it } from 'vitest';
import { isResponse } from '../../core/protocol/messages.ts';
import { LegacyClient } from '../support/legacy-client.ts';
import { proxyUnderTest } from '../support/proxies.ts';
import { progress, question, scriptedUpstream, text } from '../support/upstreams/scripted.ts';

const TOOLS = {
  plain: async function* () {
    return text('plain');
  },
  counted: async function* (request: Parameters<typeof progress>[0]) {
    for (const value of [1, 2, 3]) yield progress(request, value, 3);
    return text('counted');
  },
  ask: async function* (request: Parameters<typeof progress>[0]) {
    const answer = request.params.inputResponses?.name;
    if (answer === undefined) {
      return { resultType: 'input_required', inputRequests: { name: question('Your name?') }, requestState: 'state-1' };
    }
    return text(`${request.params.requestState}: ${JSON.stringify(answer)}`);
  },
  ask_twice: async function* (request: Parameters<typeof progress>[0]) {
    if (request.params.requestState === undefined) {
      yield progress(request, 1);
      return {
        resultType: 'input_required',
        inputRequests: { a: question('A?'), b: question('B?') },
        requestState: 's1',
      };
    }
    if (request.params.requestState === 's1') {
      yield progress(request, 1);
      return { resultType: 'input_required', inputRequests: { a: question('Again?') }, requestState: 's2' };
    }
    yield progress(request, 1);
    return text(JSON.stringify(request.params.inputResponses));
  },
};

describe('a plain call', () => {
  it('is answered as JSON and writes nothing', async () => {
    const { server } = scriptedUpstream(TOOLS);
    const under = proxyUnderTest(server);
    const client = await LegacyClient.open(under.server);
    const message = client.tool('plain');
    expect(await client.post(message)).toEqual({
      kind: 'json',
      body: { jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'plain' }] } },
    });
    expect(await under.stores.exchanges.load(client.sessionId ?? '', 'n1')).toBeUndefined();
  });

  it('of an unknown method is an error in a JSON answer', async () => {
    const under = proxyUnderTest(scriptedUpstream(TOOLS).server);
    const client = await LegacyClient.open(under.server);
    expect(await client.post(client.request('foo/bar'))).toEqual({
      kind: 'json',
      body: { jsonrpc: '2.0', id: 1, error: { code: -32601, message: 'Method not found' } },
    });
  });
});

describe('a call that reports progress', () => {
  it('gets a stream with ids that begins with a priming event and ends with the response', async () => {
    const under = proxyUnderTest(scriptedUpstream(TOOLS).server);
    const client = await LegacyClient.open(under.server);
    const stream = await client.stream(client.tool('counted', {}, { progressToken: 'p' }));
    const events = await stream.rest();
    expect(events.map(event => event.id)).toEqual(['n1.0', 'n1.1', 'n1.2', 'n1.3', 'n1.4']);
    expect(events[0]).toEqual({ id: 'n1.0', retry: 1000 });
    expect(events[3]?.message).toMatchObject({ params: { progressToken: 'p', progress: 3, total: 3 } });
    expect(events[4]?.message).toMatchObject({ id: 1, result: { content: [{ text: 'counted' }] } });
  });

  it('gets no priming event in revisions that cannot handle one', async () => {
    const under = proxyUnderTest(scriptedUpstream(TOOLS).server);
    const client = await LegacyClient.open(under.server, { revision: '2025-06-18' });
    const events = await (await client.stream(client.tool('counted', {}, { progressToken: 1 }))).rest();
    expect(events.map(event => event.id)).toEqual(['n1.1', 'n1.2', 'n1.3', 'n1.4']);
  });
});

describe('a call that asks', () => {
  it('puts the question on its own stream, takes the answer, and completes', async () => {
    const upstream = scriptedUpstream(TOOLS);
    const under = proxyUnderTest(upstream.server);
    const client = await LegacyClient.open(under.server);
    const stream = await client.stream(client.tool('ask'));
    const asked = await stream.question();
    expect(asked).toMatchObject({ id: 'n1/1/name', method: 'elicitation/create', params: { message: 'Your name?' } });
    expect(await client.answer(asked, { action: 'accept', content: { value: 'Ada' } })).toEqual({ kind: 'accepted' });
    expect(await stream.response()).toMatchObject({
      id: 1,
      result: { content: [{ text: 'state-1: {"action":"accept","content":{"value":"Ada"}}' }] },
    });
    expect(await stream.next()).toBeUndefined();
    const ids = upstream.requests.filter(request => request.method === 'tools/call').map(request => request.id);
    expect(new Set(ids).size).toBe(2);
  });

  it('goes on in another process after the first one is gone, and resumes where the client left', async () => {
    const upstream = scriptedUpstream(TOOLS);
    const first = proxyUnderTest(upstream.server);
    const client = await LegacyClient.open(first.server);
    const stream = await client.stream(client.tool('ask'));
    const asked = await stream.question();
    await stream.leave();
    const second = first.again();
    const back = Object.assign(new LegacyClient(second.server), { sessionId: client.sessionId });
    await back.answer(asked, { action: 'decline' });
    const resumed = await back.resume(stream.lastEventId);
    expect(await resumed.next()).toEqual({ id: 'n1.1', retry: 1000 });
    expect(await resumed.response()).toMatchObject({
      result: { content: [{ text: 'state-1: {"action":"decline"}' }] },
    });
    expect(resumed.seen.map(event => event.id)).toEqual(['n1.1', 'n1.2']);
  });

  it('asks several rounds with several questions, whose ids never repeat, and progress that only rises', async () => {
    const upstream = scriptedUpstream(TOOLS);
    const under = proxyUnderTest(upstream.server);
    const client = await LegacyClient.open(under.server);
    const stream = await client.stream(client.tool('ask_twice', {}, { progressToken: 7 }));
    const [a, b] = [await stream.question(), await stream.question()];
    await client.answer(b, { action: 'accept', content: { value: 'b' } });
    await client.answer(a, { action: 'accept', content: { value: 'a' } });
    const again = await stream.question();
    expect([a.id, b.id, again.id]).toEqual(['n1/1/a', 'n1/1/b', 'n1/2/a']);
    await client.answer(again, { action: 'accept', content: { value: 'c' } });
    const response = await stream.response();
    expect(response).toMatchObject({
      result: { content: [{ text: '{"a":{"action":"accept","content":{"value":"c"}}}' }] },
    });
    const values = stream.seen.flatMap(({ message }) =>
      message && 'method' in message && message.method === 'notifications/progress' ? [message.params?.progress] : [],
    );
    expect(values).toHaveLength(3);
    expect([...values].sort((x, y) => Number(x) - Number(y))).toEqual(values);
    expect(new Set(values).size).toBe(3);
  });

  it('counts the first answer only', async () => {
    const upstream = scriptedUpstream(TOOLS);
    const under = proxyUnderTest(upstream.server);
    const client = await LegacyClient.open(under.server);
    const stream = await client.stream(client.tool('ask'));
    const asked = await stream.question();
    const replies = await Promise.all(
      ['x', 'y', 'z'].map(value => client.answer(asked, { action: 'accept', content: { value } })),
    );
    expect(replies).toEqual([{ kind: 'accepted' }, { kind: 'accepted' }, { kind: 'accepted' }]);
    await stream.response();
    expect(upstream.requests.filter(request => request.params.inputResponses)).toHaveLength(1);
    expect(stream.seen.filter(event => event.message && isResponse(event.message))).toHaveLength(1);
  });

  it('refuses an answer of the wrong shape and stays open for the right one', async () => {
    const under = proxyUnderTest(scriptedUpstream(TOOLS).server);
    const client = await LegacyClient.open(under.server);
    const stream = await client.stream(client.tool('ask'));
    const asked = await stream.question();
    await expect(client.answer(asked, { nonsense: true })).rejects.toMatchObject({ code: 'answer_invalid' });
    await client.answer(asked, { action: 'cancel' });
    expect(await stream.response()).toMatchObject({ result: { content: [{ text: 'state-1: {"action":"cancel"}' }] } });
  });

  it('ignores answers to questions that do not exist', async () => {
    const under = proxyUnderTest(scriptedUpstream(TOOLS).server);
    const client = await LegacyClient.open(under.server);
    for (const id of ['n1/1/name', 'nonsense', 42, 'n99/1/x']) {
      expect(await client.post({ jsonrpc: '2.0', id, result: { action: 'accept' } })).toEqual({ kind: 'accepted' });
    }
  });
});

describe('a call that was given up', () => {
  it('withdraws its question, keeps a late answer, and continues when the same call is made again', async () => {
    const upstream = scriptedUpstream(TOOLS);
    const under = proxyUnderTest(upstream.server);
    const client = await LegacyClient.open(under.server);
    const message = client.tool('ask', { city: 'Oslo' });
    const stream = await client.stream(message);
    const asked = await stream.question();
    await client.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: message.id } });
    const rest = await stream.rest();
    expect(rest.at(-1)?.message).toMatchObject({
      method: 'notifications/cancelled',
      params: { requestId: 'n1/1/name' },
    });
    await client.answer(asked, { action: 'accept', content: { value: 'late' } });
    const again = await client.stream(client.tool('ask', { city: 'Oslo' }));
    expect(await again.response()).toMatchObject({
      id: 2,
      result: { content: [{ text: expect.stringContaining('late') }] },
    });
    expect(again.seen.some(event => event.message && 'method' in event.message)).toBe(false);
    const other = await client.stream(client.tool('ask', { city: 'Oslo' }));
    expect(await other.question()).toMatchObject({ id: 'n3/1/name' });
  });
});
