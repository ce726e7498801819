/** A question that is decided elsewhere than in the client: the call waits quietly, and goes on by an answer that names its ticket. */
import { expect, it } from 'vitest';
import { META } from '../../core/protocol/envelope.ts';
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

it('lets a quiet call go on, at another process, once', async () => {
  const under = part(true);
  const client = await LegacyClient.open(under.server);
  const stream = await client.stream(client.tool('guarded'));
  const held = { session: client.sessionId ?? '', exchange: 'n1' };
  const other = under.again();
  expect(await other.server.answer(held, 'another', YES)).toBe(false);
  expect(await other.server.answer(held, 't1', YES)).toBe(true);
  expect(await other.server.answer(held, 't1', YES)).toBe(false);
  const events = await stream.rest();
  const messages = events.flatMap(({ message }) => (message === undefined ? [] : [message]));
  expect(messages).toMatchObject([{ id: 1, result: { content: [{ text: expect.stringContaining('"once"') }] } }]);
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
