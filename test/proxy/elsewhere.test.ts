/** A question that is decided elsewhere than in the client: the call waits quietly, and goes on by an answer that names its ticket. */
import { expect, it } from 'vitest';
import { exchangeIdOf } from '../../core/base/ids.ts';
import type { StreamEvent } from '../../core/ports/stateful-server.ts';
import { META } from '../../core/protocol/envelope.ts';
import { step } from '../../core/session/exchange.ts';
import { LegacyClient } from '../support/legacy-client.ts';
import { proxyUnderTest } from '../support/proxies.ts';
import { scriptedUpstream, text } from '../support/upstreams/scripted.ts';

const YES = { result: { action: 'accept', content: { decision: 'once' } } };

function part(isQuiet: boolean) {
  const upstream = scriptedUpstream({
    guarded: async function* ({ params }) {
      if (params.inputResponses !== undefined) return text(`told ${JSON.stringify(params.inputResponses)}`);
      const schema = { type: 'object', properties: {} };
      const asked = { mode: 'form', message: '?', requestedSchema: schema, _meta: { [META.ticket]: 't1' } };
      return {
        resultType: 'input_required',
        inputRequests: { gate: { method: 'elicitation/create', params: asked } },
        requestState: 's',
        ...(isQuiet ? { _meta: { [META.elsewhere]: true } } : {}),
      };
    },
  });
  return proxyUnderTest(upstream.server);
}

const messagesOf = (events: readonly StreamEvent[]) =>
  events.flatMap(({ message }) => (message === undefined ? [] : [message]));

it('lets a quiet call go on, at another process, once', async () => {
  const under = part(true);
  const client = await LegacyClient.open(under.server);
  const stream = await client.stream(client.tool('guarded'));
  const held = { session: client.sessionId ?? '', exchange: 'n1' };
  const other = under.again();
  expect(await other.server.answer(held, 'another', YES)).toBe(false);
  expect(await other.server.answer(held, 't1', YES)).toBe(true);
  expect(await other.server.answer(held, 't1', YES)).toBe(false);
  expect(messagesOf(await stream.rest())).toMatchObject([
    { id: 1, result: { content: [{ text: expect.stringContaining('"once"') }] } },
  ]);
});

it('takes back the form that the client shows, before the call goes on', async () => {
  const under = part(false);
  const client = await LegacyClient.open(under.server);
  const stream = await client.stream(client.tool('guarded'));
  const question = await stream.question();
  const asked = stream.lastEventId;
  const held = { session: client.sessionId ?? '', exchange: 'n1' };
  expect(await under.again().server.answer(held, 't1', YES)).toBe(true);
  const withdrawn = { requestId: question.id, reason: 'This was decided elsewhere.' };
  const told = [
    { method: 'notifications/cancelled', params: withdrawn },
    { id: 1, result: { content: [{ text: expect.stringContaining('"once"') }] } },
  ];
  expect(messagesOf(await stream.rest()).slice(1)).toMatchObject(told);
  expect(await client.answer(question, { action: 'decline' })).toEqual({ kind: 'accepted' });
  expect(messagesOf(await (await client.resume(asked)).rest())).toMatchObject(told);
});

it('takes it back though the process died that took the decision', async () => {
  const under = part(false);
  const client = await LegacyClient.open(under.server);
  const stream = await client.stream(client.tool('guarded'));
  await stream.question();
  await stream.leave();
  const asked = stream.lastEventId;
  const waiting = await under.stores.exchanges.load(client.sessionId ?? '', exchangeIdOf(1));
  const event = { type: 'answered', round: 1, key: 'gate', outcome: YES, elsewhere: true } as const;
  const decided = waiting && step(waiting, event);
  if (decided === undefined) throw new Error('the call does not wait');
  expect(await under.stores.exchanges.commit(decided.value)).toBe('committed');
  const resumed = await client.resume(asked);
  expect(messagesOf(await resumed.rest())).toMatchObject([
    { method: 'notifications/cancelled', params: { reason: 'This was decided elsewhere.' } },
    { id: 1, result: {} },
  ]);
});

it('finds the call under the id of an earlier one, and counts the answer that comes first', async () => {
  const under = part(false);
  const client = await LegacyClient.open(under.server);
  const first = await client.stream(client.tool('guarded'));
  await client.answer(await first.question(), { action: 'decline' });
  await first.rest();
  const again = await client.stream({ ...client.tool('guarded', { other: true }), id: 1 });
  await again.question();
  expect(await under.server.answer({ session: client.sessionId ?? '', exchange: 'n1' }, 't1', YES)).toBe(true);
  const last = (await again.rest()).at(-1);
  expect(last?.message).toMatchObject({ result: { content: [{ text: expect.stringContaining('"once"') }] } });
});
