/** What administrators see of sessions: pages, open calls, and questions without their texts. */
import { expect, it } from 'vitest';
import { detailText } from '../../bin/sessions-text.ts';
import { LegacyClient } from '../support/legacy-client.ts';
import { proxyUnderTest } from '../support/proxies.ts';
import { question, scriptedUpstream, text } from '../support/upstreams/scripted.ts';

const upstream = () =>
  scriptedUpstream({
    ask: async function* () {
      return { resultType: 'input_required', inputRequests: { q: question('a secret?') }, requestState: 's' };
    },
    work: async function* () {
      return text('done');
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

it('shows which calls are tasks, how they stand and how long they are kept, and not what names them', async () => {
  const { server, clock } = proxyUnderTest(upstream().server);
  const client = await LegacyClient.open(server, { principal: 'ada' });
  for (const name of ['ask', 'work'])
    await client.post(client.request('tools/call', { name, arguments: {}, task: { ttl: 60_000 } }));
  await server.idle();
  const detail = await server.admin.inspect(String(client.sessionId), { reveal: true });
  const about = { ttlMs: 60_000, endsAtMs: clock.now() + 60_000 };
  expect(detail?.exchanges).toMatchObject([
    { exchange: 'n1', phase: 'waiting', task: { status: 'input_required', ...about } },
    { exchange: 'n2', phase: 'settled', task: { status: 'completed', ...about } },
  ]);
  if (detail === undefined) throw new Error('there is no such session');
  const shown = detailText(detail, clock.now(), (_, text) => text);
  expect(shown).toMatch(/Open calls\n {2}n1 {2}tools\/call {2}waiting .* task input_required, kept for 60s\n/);
  expect(shown).toMatch(/Tasks that have ended\n {2}n2 {2}tools\/call {2}settled .* task completed, kept for 60s\n/);
  const page = await client.post(client.request('tasks/list'));
  if (page.kind !== 'json' || !('result' in page.body)) throw new Error('there is no list');
  const [first] = page.body.result.tasks as { taskId: string }[];
  expect(JSON.stringify(detail)).not.toContain(String(first?.taskId));
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
