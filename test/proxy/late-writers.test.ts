/** A process that lost its lease and does not know yet may write once more: what is owed to the client goes behind it. */
import { describe, expect, it } from 'vitest';
import { memoryStores } from '../../core/adapters/memory/stores.ts';
import { Fault } from '../../core/base/errors.ts';
import type { EventLog } from '../../core/ports/event-log.ts';
import type { LoggedEvent } from '../../core/session/outbox.ts';
import { LegacyClient } from '../support/legacy-client.ts';
import { proxyUnderTest, TestClock } from '../support/proxies.ts';
import { progress, question, scriptedUpstream, text } from '../support/upstreams/scripted.ts';

const upstream = () =>
  scriptedUpstream({
    ask: async function* (request) {
      if (request.params.inputResponses === undefined) {
        yield progress(request, 1);
        return { resultType: 'input_required', inputRequests: { q: question('?') }, requestState: 's' };
      }
      yield progress(request, 2);
      return text('done');
    },
  });

/** The proxy over a log whose first append that `matches` is preceded by `meddle`. */
async function meddledWith(matches: (events: readonly LoggedEvent[]) => boolean, meddle: EventLog['append']) {
  const clock = new TestClock();
  const stores = memoryStores({ now: clock.now });
  let isDone = false;
  const append: EventLog['append'] = async (address, first, events, options) => {
    if (isDone || !matches(events)) return stores.events.append(address, first, events, options);
    isDone = true;
    return meddle(address, first, events, options);
  };
  const events = { ...stores.events, append };
  const client = await LegacyClient.open(
    proxyUnderTest(upstream().server, {}, { clock, stores: { ...stores, events } }).server,
  );
  return { client, stores };
}

const LATE: LoggedEvent = { message: { jsonrpc: '2.0', method: 'notifications/message', params: { data: 'late' } } };
const isQuestion = (events: readonly LoggedEvent[]) =>
  events.some(({ message }) => message !== undefined && 'id' in message && 'method' in message);
const isEnd = (events: readonly LoggedEvent[]) => events.some(({ last }) => last);
const isProgress = (events: readonly LoggedEvent[]) => !isQuestion(events) && !isEnd(events);

describe.each([
  ['its question', isQuestion],
  ['its progress', isProgress],
  ['its response', isEnd],
] as const)('where %s belongs', (_, matches) => {
  it('a late event is passed over, and the call completes with every event once', async () => {
    const { client, stores } = await meddledWith(matches, async (address, first, events, options) => {
      await stores.events.append(address, first, [LATE], options);
      return stores.events.append(address, first, events, options);
    });
    const stream = await client.stream(client.tool('ask', {}, { progressToken: 't' }));
    await client.answer(await stream.question(), { action: 'accept' });
    expect(await stream.response()).toMatchObject({ result: { content: [{ text: 'done' }] } });
    const ids = stream.seen.map(event => event.id);
    expect(ids).toEqual(ids.map((_, index) => `n1.${index}`));
    expect(ids).toHaveLength(6);
  });

  it('a write whose acknowledgement was lost is recognised', async () => {
    const { client, stores } = await meddledWith(matches, async (address, first, events, options) => {
      await stores.events.append(address, first, events, options);
      throw new Fault('store_unavailable', 'No answer came.');
    });
    const message = client.tool('ask', {}, { progressToken: 't' });
    const stream = await client.stream(message).catch(() => client.stream(message));
    await client.answer(await stream.question(), { action: 'accept' });
    expect(await stream.response()).toMatchObject({ result: { content: [{ text: 'done' }] } });
    const ids = stream.seen.map(event => event.id);
    expect(ids).toEqual(['n1.0', 'n1.1', 'n1.2', 'n1.3', 'n1.4']);
  });
});
