/** What a client sees while a person thinks: progress that only rises and is no part of the stream. */
import { describe, expect, it } from 'vitest';
import type { StreamEvent } from '../../core/ports/stateful-server.ts';
import { LegacyClient } from '../support/legacy-client.ts';
import { proxyUnderTest } from '../support/proxies.ts';
import { progress, question, scriptedUpstream, text } from '../support/upstreams/scripted.ts';

const upstream = () =>
  scriptedUpstream({
    ask: async function* (request) {
      if (request.params.inputResponses === undefined) {
        yield progress(request, 0);
        return { resultType: 'input_required', inputRequests: { q: question('?') }, requestState: 's' };
      }
      yield progress(request, 0);
      yield progress(request, 1, 1);
      return text('done');
    },
  });

const progressIn = (events: readonly StreamEvent[]) =>
  events.flatMap(event => {
    const { message } = event;
    return message && 'method' in message && message.method === 'notifications/progress'
      ? [{ id: event.id, value: Number(message.params?.progress) }]
      : [];
  });

describe('a client that waits with a progress token', () => {
  it('hears that time passes, without event ids, and the real progress stays above it', async () => {
    const under = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(under.server);
    const stream = await client.stream(client.tool('ask', {}, { progressToken: 'p' }));
    const asked = await stream.question();
    under.clock.offsetMs += 6_000;
    await stream.next();
    under.clock.offsetMs += 3_600_000;
    await stream.next();
    await client.answer(asked, { action: 'accept' });
    await stream.rest();
    const heard = progressIn(stream.seen);
    expect(heard.map(({ id }) => id)).toEqual(['n1.1', undefined, undefined, 'n1.3', 'n1.4']);
    const values = heard.map(({ value }) => value);
    expect(values).toEqual([...new Set(values)].sort((a, b) => a - b));
    expect(values[1]).toBeLessThan(0.001);
    expect(stream.seen.at(-1)?.id).toBe('n1.5');
  });

  it('hears nothing of the kind without a token', async () => {
    const under = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(under.server);
    const stream = await client.stream(client.tool('ask'));
    const asked = await stream.question();
    under.clock.offsetMs += 60_000;
    const next = stream.next();
    await new Promise(resolve => setTimeout(resolve, 1_100));
    await client.answer(asked, { action: 'accept' });
    expect((await next)?.message).toMatchObject({ id: 1 });
  });
});
