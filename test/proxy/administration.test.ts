/** What administrators see of sessions: pages, open calls, and questions without their texts. */
import { expect, it } from 'vitest';
import { LegacyClient } from '../support/legacy-client.ts';
import { proxyUnderTest } from '../support/proxies.ts';
import { question, scriptedUpstream } from '../support/upstreams/scripted.ts';

const upstream = () =>
  scriptedUpstream({
    ask: async function* () {
      return { resultType: 'input_required', inputRequests: { q: question('a secret?') }, requestState: 's' };
    },
  });

it('shows open calls and waiting questions, their texts only when asked to', async () => {
  const { server } = proxyUnderTest(upstream().server);
  const client = await LegacyClient.open(server, { principal: 'ada' });
  const stream = await client.stream(client.tool('ask'));
  await stream.question();
  const id = String(client.sessionId);
  const detail = await server.admin.inspect(id, { reveal: false });
  expect(detail).toMatchObject({
    session: id,
    principal: 'ada',
    phase: 'open',
    exchanges: [
      {
        exchange: 'n1',
        method: 'tools/call',
        phase: 'waiting',
        round: 1,
        questions: [{ id: 'n1/1/q', method: 'elicitation/create', answered: false }],
      },
    ],
  });
  expect(JSON.stringify(detail)).not.toContain('a secret?');
  expect(JSON.stringify(await server.admin.inspect(id, { reveal: true }))).toContain('a secret?');
  expect(await server.admin.inspect('nobody', { reveal: false })).toBeUndefined();
  await stream.leave();
});

it('lists by principal, with why and when a session left', async () => {
  const { server, clock } = proxyUnderTest(upstream().server);
  const ada = await LegacyClient.open(server, { principal: 'ada' });
  await LegacyClient.open(server, { principal: 'bob' });
  clock.offsetMs += 3_600_000;
  const { sessions } = await server.admin.list({ principal: 'ada' });
  expect(sessions).toMatchObject([{ session: ada.sessionId, phase: 'asleep', left: { reason: 'idled' } }]);
  expect((await server.admin.list({})).sessions).toHaveLength(2);
});
