/**
 * Streams of calls as clients of 2025 see them on the wire: event ids, what is sent first, connections that end and are taken up
 * again at another instance of the product. The server behind is at a URL, so that what reaches it can be seen.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModernRequest } from '../../core/protocol/envelope.ts';
import { isResponse } from '../../core/protocol/messages.ts';
import { textIn, WireClient } from '../support/clients/wire.ts';
import { progressIn, WireCall } from '../support/clients/wire-call.ts';
import type { TestDeployment } from '../support/deployment.ts';
import { deployed, deployedTwice } from '../support/deployment.ts';
import { Latch } from '../support/latch.ts';
import { progress, scriptedOverHttp, text } from '../support/upstreams/scripted.ts';

const released: Record<string, Latch> = {};
const latch = (name: string): Latch => (released[name] ??= new Latch());
let stopped = 0;

const TOOLS = {
  /** Reports once, waits until it is released, reports again and ends. */
  async *wait(request: ModernRequest, { signal }: { signal: AbortSignal }) {
    signal.addEventListener('abort', () => stopped++);
    yield progress(request, 1, 2);
    await latch(String(Object(request.params.arguments).name)).promise;
    yield progress(request, 2, 2);
    return text('waited');
  },
};

let upstream: Awaited<ReturnType<typeof scriptedOverHttp>>;
let one: TestDeployment;
let other: TestDeployment;
beforeAll(async () => {
  upstream = await scriptedOverHttp(TOOLS);
  [one, other] = await deployedTwice(['--upstream', upstream.url]);
});
afterAll(async () => {
  await one[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

const waiting = (client: WireClient, name: string) => client.tool('wait', { name }, { progressToken: `p-${name}` });

describe('a stream', () => {
  it.each([
    ['2025-11-25', true],
    ['2025-06-18', false],
    ['2025-03-26', false],
    ['2024-11-05', false],
  ])('of a client of %s begins with an id and nothing else: %s [R34]', async (revision, primed) => {
    const client = await WireClient.open(one.url, { revision });
    latch(revision).resolve();
    const call = await WireCall.of(client, waiting(client, revision));
    await call.rest();
    const first = call.seen.find(event => event.id !== undefined);
    expect(first?.message === undefined).toBe(primed);
    expect(call.seen.filter(event => event.message !== undefined && event.id === undefined)).toEqual([]);
  });

  it('has ids that no other of its session has, and that name it [R35]', async () => {
    const client = await WireClient.open(one.url);
    const calls = await Promise.all(['a', 'b', 'c'].map(name => WireCall.of(client, waiting(client, `ids-${name}`))));
    for (const name of ['a', 'b', 'c']) latch(`ids-${name}`).resolve();
    const streams = await Promise.all(calls.map(async call => (await call.rest()).map(({ id }) => id ?? '')));
    const ids = streams.flat().filter(id => id !== '');
    expect(new Set(ids).size).toBe(ids.length);
    const names = streams.map(stream => new Set(stream.filter(id => id !== '').map(id => id.replace(/\.\d+$/, ''))));
    expect(names.map(({ size }) => size)).toEqual([1, 1, 1]);
    expect(new Set(names.flatMap(set => [...set])).size).toBe(3);
  });

  it('that was left is taken up elsewhere: what followed, of it alone, in order and once [R36] [R37]', async () => {
    const client = await WireClient.open(one.url);
    const call = await WireCall.of(client, waiting(client, 'left'));
    const beside = await WireCall.of(client, waiting(client, 'beside'));
    await call.notification();
    await beside.notification();
    const { lastEventId } = call;
    call.leave();
    const before = stopped;
    latch('left').resolve();
    latch('beside').resolve();
    await beside.rest();
    expect(stopped).toBe(before);
    const resumed = await WireCall.resumed(client.at(other.url), lastEventId);
    expect(textIn(await resumed.response())).toBe('waited');
    await resumed.rest();
    expect(progressIn(resumed)).toEqual([['p-left', 2]]);
    expect(resumed.messages).toHaveLength(2);
    const again = await WireCall.resumed(client, lastEventId);
    await again.rest();
    expect(again.messages).toEqual(resumed.messages);
    expect(upstream.calls().filter(({ params }) => Object(params.arguments).name === 'left')).toHaveLength(1);
  });

  it('of another session is refused, and nothing of it is told [R41]', async () => {
    const [client, stranger] = [await WireClient.open(one.url), await WireClient.open(one.url)];
    const call = await WireCall.of(client, waiting(client, 'foreign'));
    await call.notification();
    const refused = await stranger.resume(call.lastEventId);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: { data: { code: 'stream_unknown' } } });
    latch('foreign').resolve();
    expect(textIn(await call.response())).toBe('waited');
  });

  it('carries one response, the last thing it says, and no progress after it [R30]', async () => {
    const client = await WireClient.open(one.url);
    const call = await WireCall.of(client, waiting(client, 'last'));
    latch('last').resolve();
    await call.rest();
    expect(call.messages.filter(isResponse)).toHaveLength(1);
    expect(isResponse(call.messages.at(-1))).toBe(true);
    expect(progressIn(call).map(([, value]) => value)).toEqual([1, 2]);
  });
});

describe('a connection that the server ends', () => {
  it('says first when to come back, and the call goes on meanwhile [R38]', async () => {
    await using brief = await deployed(['--upstream', upstream.url, '--hold', '1s']);
    const client = await WireClient.open(brief.url);
    const call = await WireCall.of(client, waiting(client, 'held'));
    const before = stopped;
    const events = await call.rest();
    expect(call.messages.filter(isResponse)).toEqual([]);
    expect(events.some(({ retry }) => retry === 1000)).toBe(true);
    expect(stopped).toBe(before);
    latch('held').resolve();
    const resumed = await WireCall.resumed(client, call.lastEventId);
    expect(textIn(await resumed.response())).toBe('waited');
  });
});
