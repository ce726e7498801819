/** What happens when a process dies, and when an upstream misbehaves: always a defined end, nothing twice, nothing lost. */
import { describe, expect, it } from 'vitest';
import { Fault } from '../../core/base/errors.ts';
import type { RetryLost } from '../../core/ports/retry-lost.ts';
import type { StatelessServer } from '../../core/ports/stateless-server.ts';
import { LegacyClient } from '../support/legacy-client.ts';
import { proxyUnderTest } from '../support/proxies.ts';
import type { Tool } from '../support/upstreams/scripted.ts';
import { progress, question, scriptedUpstream, text } from '../support/upstreams/scripted.ts';

const never = new Promise<never>(() => {});

/** Asks once; its second round hangs for ever while `stuck`, after one progress report. */
const hangs = (stuck: () => boolean): Tool =>
  async function* (request) {
    if (request.params.inputResponses === undefined) {
      return { resultType: 'input_required', inputRequests: { q: question('?') }, requestState: 'asked' };
    }
    yield progress(request, 1);
    if (stuck()) await never;
    yield progress(request, 2);
    return text(JSON.stringify(request.params.inputResponses));
  };

async function diesInSecondRound(tool: string, retryLost: RetryLost) {
  let stuck = true;
  const upstream = scriptedUpstream({ [tool]: hangs(() => stuck) });
  const first = proxyUnderTest(upstream.server, { retryLost });
  const client = await LegacyClient.open(first.server);
  const stream = await client.stream(client.tool(tool, { x: 1 }, { progressToken: 't' }));
  const asked = await stream.question();
  await client.answer(asked, { action: 'accept', content: { value: 'kept' } });
  expect((await stream.next())?.message).toMatchObject({ params: { progress: 1 } });
  stuck = false;
  const second = first.again();
  const back = Object.assign(new LegacyClient(second.server), { sessionId: client.sessionId });
  const resumed = await back.resume(stream.lastEventId);
  return { upstream, back, stream, resumed, observed: second.observed };
}

describe('a round that had reached the upstream when its process died', () => {
  it('runs again where the tool says that this does no harm, and its progress is not repeated', async () => {
    const { resumed, observed } = await diesInSecondRound('safe_ask', 'idempotent');
    expect(await resumed.response()).toMatchObject({
      result: { content: [{ text: expect.stringContaining('kept') }] },
    });
    expect(observed).toContainEqual(expect.objectContaining({ event: 'exchange.lapsed', level: 'warning' }));
    const values = resumed.seen.flatMap(({ message }) =>
      message && 'method' in message ? [message.params?.progress] : [],
    );
    expect(values).toEqual([expect.any(Number)]);
    expect(Number(values[0])).toBeGreaterThan(1);
  });

  it.each<[string, RetryLost]>([
    ['safe_ask', 'never'],
    ['ask', 'idempotent'],
  ])('ends with upstream_lost otherwise (%s, %s), and the same call made again continues', async (tool, policy) => {
    const { resumed, back, upstream, observed } = await diesInSecondRound(tool, policy);
    expect(await resumed.response()).toMatchObject({ id: 1, error: { code: -32603, data: { code: 'upstream_lost' } } });
    expect(observed).toContainEqual(expect.objectContaining({ event: 'exchange.lost', level: 'warning' }));
    const calls = upstream.requests.filter(request => request.method === 'tools/call').length;
    const again = await back.stream(Object.assign(back.tool(tool, { x: 1 }), { id: 50 }));
    expect(await again.response()).toMatchObject({
      id: 50,
      result: { content: [{ text: expect.stringContaining('kept') }] },
    });
    expect(upstream.requests.filter(request => request.method === 'tools/call')).toHaveLength(calls + 1);
  });

  it('runs again always, if so configured', async () => {
    const { resumed } = await diesInSecondRound('ask', 'always');
    expect(await resumed.response()).toMatchObject({
      result: { content: [{ text: expect.stringContaining('kept') }] },
    });
  });
});

describe('an exchange whose process died between commit and send', () => {
  it('still gets its question, by whoever looks', async () => {
    const upstream = scriptedUpstream({ ask: hangs(() => false) });
    const first = proxyUnderTest(upstream.server);
    const { stores } = first;
    const deaf = {
      ...first,
      stores: { ...stores, events: { ...stores.events, append: async () => 'appended' as const } },
    };
    const client = await LegacyClient.open(proxyUnderTest(upstream.server, {}, deaf).server);
    const stream = await client.stream(client.tool('ask'));
    expect(await stream.next()).toEqual({ id: 'n1.0', retry: 1000 });
    const second = first.again();
    const back = Object.assign(new LegacyClient(second.server), { sessionId: client.sessionId });
    const resumed = await back.resume('n1.0');
    expect(await resumed.question()).toMatchObject({ id: 'n1/1/q' });
    expect(resumed.seen.map(event => event.id)).toEqual(['n1.0', 'n1.1']);
  });
});

describe('an upstream that fails', () => {
  const failing = (thrown: unknown): StatelessServer => {
    const { server } = scriptedUpstream({
      quick: async function* () {
        throw thrown;
      },
      late: async function* (request) {
        yield progress(request, 1);
        throw thrown;
      },
    });
    return server;
  };

  it('before anything was heard is thrown as the fault it is', async () => {
    const under = proxyUnderTest(failing(new Fault('upstream_unreachable', 'No one there.')));
    const client = await LegacyClient.open(under.server);
    await expect(client.post(client.tool('quick'))).rejects.toMatchObject({ code: 'upstream_unreachable' });
  });

  it('on an open stream ends it with a JSON-RPC error that names the code', async () => {
    const under = proxyUnderTest(failing(new Fault('upstream_lost', 'It broke.', { detail: 'secret stack' })));
    const client = await LegacyClient.open(under.server);
    const stream = await client.stream(client.tool('late', {}, { progressToken: 1 }));
    expect(await stream.response()).toEqual({
      jsonrpc: '2.0',
      id: 1,
      error: { code: -32603, message: 'It broke.', data: { code: 'upstream_lost' } },
    });
    expect(JSON.stringify(stream.seen)).not.toContain('secret');
    expect(under.observed).toContainEqual(expect.objectContaining({ code: 'upstream_lost', detail: 'secret stack' }));
  });

  it('with an unknown error keeps its text inside', async () => {
    const under = proxyUnderTest(failing(new Error('password=hunter2')));
    const client = await LegacyClient.open(under.server);
    const stream = await client.stream(client.tool('late', {}, { progressToken: 1 }));
    expect(await stream.response()).toMatchObject({ error: { code: -32603, data: { code: 'internal' } } });
    expect(JSON.stringify(stream.seen)).not.toContain('hunter2');
  });
});

describe('an upstream that breaks the protocol', () => {
  const answering = (result: Record<string, unknown>) =>
    proxyUnderTest(
      scriptedUpstream({
        bad: async function* (request) {
          yield progress(request, 1);
          return result;
        },
      }).server,
    );

  it.each([
    ['an unknown resultType', { resultType: 'surprise' }],
    ['input_required with nothing', { resultType: 'input_required' }],
    ['a question of an unknown method', { resultType: 'input_required', inputRequests: { q: { method: 'x/y' } } }],
    ['input requests that are no object', { resultType: 'input_required', inputRequests: [] }],
    [
      'too many questions',
      {
        resultType: 'input_required',
        inputRequests: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`q${i}`, question('?')])),
      },
    ],
  ])('with %s gets the client an upstream_invalid', async (_, result) => {
    const { server } = answering(result);
    const client = await LegacyClient.open(server);
    const stream = await client.stream(client.tool('bad', {}, { progressToken: 1 }));
    expect(await stream.response()).toMatchObject({ error: { code: -32603, data: { code: 'upstream_invalid' } } });
  });

  it('by asking for what the client did not declare gets the client an upstream_invalid', async () => {
    const { server } = answering({
      resultType: 'input_required',
      inputRequests: { q: question('?') },
      requestState: 's',
    });
    const client = await LegacyClient.open(server, { capabilities: {} });
    const stream = await client.stream(client.tool('bad', {}, { progressToken: 1 }));
    expect(await stream.response()).toMatchObject({ error: { data: { code: 'upstream_invalid' } } });
  });
});

describe('an upstream that only gives state', () => {
  it('is asked again by itself, without the client', async () => {
    const upstream = scriptedUpstream({
      poll: async function* (request) {
        if (request.params.requestState === 'second') return text('there');
        return {
          resultType: 'input_required',
          requestState: request.params.requestState === 'first' ? 'second' : 'first',
        };
      },
    });
    const { server } = proxyUnderTest(upstream.server);
    const client = await LegacyClient.open(server);
    const stream = await client.stream(client.tool('poll'));
    expect(await stream.response()).toMatchObject({ result: { content: [{ text: 'there' }] } });
  });
});

describe('questions other than elicitation', () => {
  const asking = (method: string, params: Record<string, unknown> = {}) =>
    scriptedUpstream({
      ask: async function* (request) {
        const answers = request.params.inputResponses;
        if (answers) return text(JSON.stringify(answers));
        return { resultType: 'input_required', inputRequests: { q: { method, params } }, requestState: 's' };
      },
    });

  it('a refused sampling ends a tool call with an error result', async () => {
    const { server } = proxyUnderTest(asking('sampling/createMessage', { messages: [], maxTokens: 1 }).server);
    const client = await LegacyClient.open(server);
    const stream = await client.stream(client.tool('ask'));
    const asked = await stream.question();
    await client.post({ jsonrpc: '2.0', id: asked.id, error: { code: -1, message: 'User rejected sampling request' } });
    expect(await stream.response()).toMatchObject({
      result: { isError: true, content: [{ text: expect.stringContaining('User rejected sampling request (-1)') }] },
    });
  });

  it('an error to an elicitation is a cancel', async () => {
    const { server } = proxyUnderTest(asking('elicitation/create', question('?').params).server);
    const client = await LegacyClient.open(server);
    const stream = await client.stream(client.tool('ask'));
    const asked = await stream.question();
    await client.post({ jsonrpc: '2.0', id: asked.id, error: { code: -32603, message: 'broken' } });
    expect(await stream.response()).toMatchObject({ result: { content: [{ text: '{"q":{"action":"cancel"}}' }] } });
  });

  it('roots are asked once, kept, and asked again after they changed', async () => {
    const { server } = proxyUnderTest(asking('roots/list').server);
    const client = await LegacyClient.open(server);
    const roots = { roots: [{ uri: 'file:///a' }] };
    const first = await client.stream(client.tool('ask', { n: 1 }));
    await client.answer(await first.question(), roots);
    await first.response();
    const second = await client.stream(client.tool('ask', { n: 2 }));
    expect(await second.response()).toMatchObject({ result: { content: [{ text: JSON.stringify({ q: roots }) }] } });
    expect(second.seen.filter(event => event.message)).toHaveLength(1);
    await client.post({ jsonrpc: '2.0', method: 'notifications/roots/list_changed' });
    const third = await client.stream(client.tool('ask', { n: 3 }));
    expect(await third.question()).toMatchObject({ method: 'roots/list' });
  });
});

describe('cancelling', () => {
  it('stops the upstream call and ends the stream without a response', async () => {
    let aborted: () => void = () => {};
    const stopped = new Promise<void>(resolve => {
      aborted = resolve;
    });
    const upstream = scriptedUpstream({
      slow: async function* (request, call) {
        yield progress(request, 1);
        await new Promise(resolve => call.signal.addEventListener('abort', resolve, { once: true }));
        aborted();
        return text('too late');
      },
    });
    const { server } = proxyUnderTest(upstream.server);
    const client = await LegacyClient.open(server);
    const message = client.tool('slow', {}, { progressToken: 1 });
    const stream = await client.stream(message);
    await stream.next();
    await client.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: message.id } });
    await stopped;
    const events = await stream.rest();
    expect(events.some(event => event.message && 'result' in event.message)).toBe(false);
  });

  it('of what is unknown or over is ignored', async () => {
    const { server } = proxyUnderTest(scriptedUpstream({}).server);
    const client = await LegacyClient.open(server);
    for (const requestId of [99, 'nope', null, undefined, {}]) {
      const notification = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } };
      expect(await client.post(notification)).toEqual({ kind: 'accepted' });
    }
  });
});

describe('closing', () => {
  it('ends connections so that clients come back, and another process goes on', async () => {
    const upstream = scriptedUpstream({ ask: hangs(() => false) });
    const first = proxyUnderTest(upstream.server);
    const client = await LegacyClient.open(first.server);
    const stream = await client.stream(client.tool('ask'));
    const asked = await stream.question();
    await first.server.close();
    expect(await stream.next()).toBeUndefined();
    const back = Object.assign(new LegacyClient(first.again().server), { sessionId: client.sessionId });
    await back.answer(asked, { action: 'accept' });
    expect(await (await back.resume(stream.lastEventId)).response()).toMatchObject({ id: 1 });
  });

  it('with a hold time ends connections early, with retry, and the stream goes on in the next one', async () => {
    const upstream = scriptedUpstream({ ask: hangs(() => false) });
    const { server, clock } = proxyUnderTest(upstream.server, { holdMs: 50 });
    clock.runs = true;
    const client = await LegacyClient.open(server);
    const stream = await client.stream(client.tool('ask'));
    const events = await stream.rest();
    expect(events[0]).toEqual({ id: 'n1.0', retry: 1000 });
    expect(events[1]?.id).toBe('n1.1');
    const asked = events[1]?.message;
    await client.post({ jsonrpc: '2.0', id: (asked as { id: string }).id, result: { action: 'accept' } });
    expect(await (await client.resume(stream.lastEventId)).response()).toMatchObject({ id: 1 });
  });
});

describe('a request id', () => {
  it('of a settled call may come again for another call: the stream is another', async () => {
    const upstream = scriptedUpstream({ ask: hangs(() => false) });
    const { server } = proxyUnderTest(upstream.server);
    const client = await LegacyClient.open(server);
    for (const [n, id] of ['n7', 'n7~2'].entries()) {
      const stream = await client.stream({ ...client.tool('ask', { n }), id: 7 });
      const asked = await stream.question();
      expect(asked.id).toBe(`${id}/1/q`);
      await client.answer(asked, { action: 'accept' });
      await stream.response();
    }
  });

  it('of a settled call with the same call gives the same stream: it was sent again', async () => {
    const upstream = scriptedUpstream({ ask: hangs(() => false) });
    const { server } = proxyUnderTest(upstream.server);
    const client = await LegacyClient.open(server);
    const message = client.tool('ask');
    const stream = await client.stream(message);
    await client.answer(await stream.question(), { action: 'accept' });
    await stream.rest();
    expect(await (await client.stream(message)).rest()).toEqual(stream.seen);
  });

  it('of an open call gives the same stream to the same request, and an error to any other', async () => {
    const upstream = scriptedUpstream({ ask: hangs(() => false) });
    const { server } = proxyUnderTest(upstream.server);
    const client = await LegacyClient.open(server);
    const message = client.tool('ask');
    await (await client.stream(message)).question();
    expect(await (await client.stream(message)).question()).toMatchObject({ id: 'n1/1/q' });
    const other = { ...client.tool('ask', { different: true }), id: message.id };
    await expect(client.post(other)).rejects.toMatchObject({ code: 'request_id_in_use' });
  });
});
