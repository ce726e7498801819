/** How sessions end and fall asleep: who is told, when it is noticed, and what a clock that jumps does to them. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { describe, expect, it } from 'vitest';
import { memoryStores } from '../../core/adapters/memory/stores.ts';
import { sdkProgram } from '../../core/adapters/sdk/program.ts';
import { sessionNameOf, stateScopeOf } from '../../core/protocol/state-scope.ts';
import { proxy } from '../../core/proxy/proxy.ts';
import { session } from '../../index.ts';
import { LegacyClient } from '../support/legacy-client.ts';
import { callerOf } from '../support/programs/calling.ts';
import { proxyUnderTest, TestClock } from '../support/proxies.ts';
import { question, scriptedUpstream, text } from '../support/upstreams/scripted.ts';

const HOUR_MS = 3_600_000;

const upstream = () =>
  scriptedUpstream({
    plain: async function* () {
      return text('plain');
    },
    ask: async function* (request) {
      if (request.params.inputResponses) return text('done');
      return { resultType: 'input_required', inputRequests: { q: question('?') }, requestState: 's' };
    },
    stuck: async function* (_request, call) {
      await new Promise(resolve => call.signal.addEventListener('abort', resolve));
      return text('never heard');
    },
  });

const events = (observed: readonly { event: string }[]) =>
  observed.map(({ event }) => event).filter(event => event.startsWith('session.'));

describe('a session that its client deletes', () => {
  it('is told of at once, with reason and time, and its own principal hears both afterwards', async () => {
    const under = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(under.server, { principal: 'ada' });
    await under.server.end(client.call());
    expect(under.endings).toMatchObject([
      { session: client.sessionId, principal: 'ada', phase: 'ended', reason: 'deleted' },
    ]);
    const endedAt = new Date(under.endings[0]?.atMs ?? 0).toISOString();
    await expect(client.post(client.tool('plain'))).rejects.toMatchObject({
      code: 'session_ended',
      message: expect.stringContaining('because its client deleted it'),
      data: { reason: 'deleted', endedAt },
    });
    const other = Object.assign(new LegacyClient(under.server, 'mallory'), { sessionId: client.sessionId });
    await expect(other.post(other.tool('plain'))).rejects.toMatchObject({ code: 'session_unknown', data: undefined });
    expect(events(under.observed)).toEqual(['session.opened', 'session.ended']);
  });

  it('takes along what its programs kept, and nothing of another session', async () => {
    const [stores, clock] = [memoryStores(), new TestClock()];
    const program = sdkProgram(() => {
      const server = new McpServer({ name: 'keeping', version: '1.0.0' });
      server.registerTool('keep', {}, async () => {
        await session.set('kept', 1);
        return { content: [] };
      });
      return server;
    });
    const under = proxyUnderTest(callerOf(program, { state: stores.state }).server, {}, { stores, clock });
    const [client, other] = [await LegacyClient.open(under.server), await LegacyClient.open(under.server)];
    for (const one of [client, other]) await one.post(one.tool('keep'));
    const kept = ({ sessionId }: LegacyClient) =>
      stores.state.load(stateScopeOf('anonymous', sessionNameOf(String(sessionId))));
    expect(await kept(client)).toBeDefined();
    await under.server.end(client.call());
    expect([await kept(client), (await kept(other))?.version]).toEqual([undefined, 1]);
  });

  it('stops what runs for it, though nothing of it was stored yet', async () => {
    const under = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(under.server);
    const reply = client.post(client.tool('stuck'));
    await under.server.end(client.call());
    await reply;
    await under.server.idle();
  });
});

describe('each transition', () => {
  it('is an event that says whose session it was, why and when', async () => {
    const under = proxyUnderTest(upstream().server, {
      idleTimeoutMs: 60_000,
      lifetimeMs: HOUR_MS,
      classes: [
        {
          name: 'agents',
          principals: ['agent'],
          policy: { idleTimeoutMs: 60_000, lifetimeMs: HOUR_MS, idleAction: 'end' },
        },
      ],
    });
    const sessions = () => under.observed.splice(0).filter(({ event }) => event.startsWith('session.'));
    const moment = (ms: number) => new Date(bornMs + ms).toISOString();
    const bornMs = under.clock.now();
    const client = await LegacyClient.open(under.server, { principal: 'ada' });
    const about = { level: 'info', session: client.sessionId, principal: 'ada' };
    expect(sessions()).toEqual([{ event: 'session.opened', ...about }]);
    under.clock.offsetMs += 90_000;
    await under.server.sweep();
    expect(sessions()).toEqual([{ event: 'session.slept', ...about, reason: 'idled', at: moment(60_000) }]);
    await client.post(client.tool('plain'));
    expect(sessions()).toEqual([{ event: 'session.woke', ...about }]);
    under.clock.offsetMs += HOUR_MS;
    await under.server.sweep();
    expect(sessions()).toEqual([{ event: 'session.ended', ...about, reason: 'outlived', at: moment(HOUR_MS) }]);

    const begunMs = 90_000 + HOUR_MS;
    const agent = await LegacyClient.open(under.server, { principal: 'agent' });
    sessions();
    under.clock.offsetMs += 75_000;
    await under.server.sweep();
    const its = { level: 'info', session: agent.sessionId, principal: 'agent' };
    const at = moment(begunMs + 60_000);
    expect(sessions()).toEqual([{ event: 'session.ended', ...its, reason: 'idled', at }]);
    await expect(agent.post(agent.tool('plain'))).rejects.toMatchObject({ data: { reason: 'idled', endedAt: at } });
  });
});

describe('a session that is stopped', () => {
  it('ends its standalone streams, here and in other processes, though the server behind hears nobody', async () => {
    const here = proxyUnderTest(upstream().server);
    const there = here.again();
    const client = await LegacyClient.open(here.server);
    const elsewhere = Object.assign(new LegacyClient(there.server), { sessionId: client.sessionId });
    const streams = [await client.listen(), await elsewhere.listen()];
    const ended = Promise.all(streams.map(stream => stream.rest()));
    await here.server.stop(String(client.sessionId), 'stopped');
    await ended;
    await expect(client.listen()).rejects.toMatchObject({ code: 'session_ended', data: { reason: 'stopped' } });
  });

  it('ends with its streams and questions, and only once', async () => {
    const under = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(under.server);
    const stream = await client.stream(client.tool('ask'));
    await stream.question();
    const id = String(client.sessionId);
    expect(await under.server.stop(id, 'stopped')).toMatchObject({ id });
    expect((await stream.rest()).at(-1)?.message).toMatchObject({ method: 'notifications/cancelled' });
    await expect(client.post(client.tool('plain'))).rejects.toMatchObject({ data: { reason: 'stopped' } });
    expect(await under.server.stop(id, 'memory_lost')).toBeUndefined();
    expect(await under.server.stop('nobody', 'stopped')).toBeUndefined();
    expect(under.endings).toHaveLength(1);
  });

  it('by another process is given free here when it is noticed', async () => {
    const here = proxyUnderTest(upstream().server);
    const there = here.again();
    const client = await LegacyClient.open(here.server);
    await there.server.stop(String(client.sessionId), 'stopped');
    expect(here.endings).toEqual([]);
    await expect(client.post(client.tool('plain'))).rejects.toMatchObject({ code: 'session_ended' });
    await expect(client.post(client.tool('plain'))).rejects.toMatchObject({ code: 'session_ended' });
    expect(here.endings).toMatchObject([{ phase: 'ended', reason: 'stopped' }]);
  });
});

describe('the sweep', () => {
  it('notices sleep once, and a wake-up tells nothing new', async () => {
    const under = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(under.server);
    await under.server.sweep();
    expect(under.endings).toEqual([]);
    under.clock.offsetMs += HOUR_MS;
    await under.server.sweep();
    await under.server.sweep();
    expect(under.endings).toMatchObject([{ phase: 'asleep', reason: 'idled' }]);
    await client.post(client.tool('plain'));
    expect(events(under.observed)).toEqual(['session.opened', 'session.slept', 'session.woke']);
  });

  it('is made up for by the request that wakes a session', async () => {
    const under = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(under.server);
    under.clock.offsetMs += HOUR_MS;
    await client.post(client.tool('plain'));
    expect(under.endings).toMatchObject([{ phase: 'asleep', reason: 'idled' }]);
    expect(events(under.observed)).toEqual(['session.opened', 'session.slept', 'session.woke']);
  });

  it('ends what is open in a session that outlived its time', async () => {
    const under = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(under.server);
    const stream = await client.stream(client.tool('ask'));
    await stream.question();
    under.clock.offsetMs += 9 * HOUR_MS;
    await under.server.sweep();
    expect((await stream.rest()).at(-1)?.message).toMatchObject({ method: 'notifications/cancelled' });
    expect(under.endings).toMatchObject([{ phase: 'ended', reason: 'outlived' }]);
  });

  it('goes by what other processes wrote', async () => {
    const here = proxyUnderTest(upstream().server);
    const there = here.again();
    const client = await LegacyClient.open(here.server);
    here.clock.offsetMs += HOUR_MS / 5;
    await Object.assign(new LegacyClient(there.server), { sessionId: client.sessionId }).post(client.tool('plain'));
    here.clock.offsetMs += HOUR_MS / 5;
    await here.server.sweep();
    expect(here.endings).toEqual([]);
  });
});

describe('a session of a class of principals', () => {
  it('ends and sleeps as its class says, beside one of everybody', async () => {
    const agents = { idleTimeoutMs: 60_000, lifetimeMs: HOUR_MS, idleAction: 'end' } as const;
    const under = proxyUnderTest(upstream().server, {
      classes: [{ name: 'agents', principals: ['key:agent-*'], policy: agents }],
    });
    const agent = await LegacyClient.open(under.server, { principal: 'key:agent-7' });
    const person = await LegacyClient.open(under.server, { principal: 'key:ada' });
    expect(await under.server.admin.inspect(String(agent.sessionId), { reveal: false })).toMatchObject({
      class: 'agents',
    });
    under.clock.offsetMs += 120_000;
    await expect(agent.post(agent.tool('plain'))).rejects.toMatchObject({ data: { reason: 'idled' } });
    await person.post(person.tool('plain'));
  });
});

describe('a listener that fails', () => {
  it('is reported, and the session ends all the same', async () => {
    const { stores, clock } = proxyUnderTest(upstream().server);
    const observed: { event: string }[] = [];
    const told: string[] = [];
    const server = proxy({
      upstream: upstream().server,
      stores,
      environment: { now: clock.now, newId: () => 'the-session' },
      observer: observation => observed.push(observation),
      owner: 'here',
      onSessionEnd: [
        () => {
          throw new Error('the folder is busy');
        },
        async ({ session }) => void told.push(session),
      ],
      settings: {
        idleTimeoutMs: 900_000,
        lifetimeMs: HOUR_MS,
        idleAction: 'sleep',
        retryLost: 'never',
        drainMs: 0,
      },
    });
    const client = await LegacyClient.open(server);
    await server.end(client.call());
    expect(told).toEqual(['the-session']);
    expect(events(observed)).toEqual(['session.opened', 'session.ended', 'session.release_failed']);
    await server.close();
  });
});

describe('a clock that jumps', () => {
  it.each([9 * HOUR_MS, -9 * HOUR_MS])('by %i ms and back again loses no session and no question', async jumpMs => {
    const under = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(under.server);
    const stream = await client.stream(client.tool('ask'));
    const asked = await stream.question();
    await stream.leave();
    under.clock.offsetMs += jumpMs;
    await client.post(client.tool('plain')).catch(() => undefined);
    under.clock.offsetMs -= jumpMs;
    await client.answer(asked, { action: 'accept' });
    const answered = await client.resume(stream.lastEventId);
    expect(await answered.response()).toMatchObject({ result: { content: [{ text: 'done' }] } });
    expect(under.endings.filter(({ phase }) => phase === 'ended')).toEqual([]);
  });

  it('back for good leaves a session open, its call answerable, and its end where it was', async () => {
    const under = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(under.server);
    const stream = await client.stream(client.tool('ask'));
    const asked = await stream.question();
    under.clock.offsetMs -= 2 * HOUR_MS;
    await client.answer(asked, { action: 'accept' });
    expect(await stream.response()).toMatchObject({ result: { content: [{ text: 'done' }] } });
    under.clock.offsetMs += 10.5 * HOUR_MS;
    await expect(client.post(client.tool('plain'))).rejects.toMatchObject({ data: { reason: 'outlived' } });
  });

  it('ahead for good puts a session to sleep, from which the answer wakes it', async () => {
    const under = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(under.server);
    const stream = await client.stream(client.tool('ask'));
    const asked = await stream.question();
    under.clock.offsetMs += 7 * HOUR_MS;
    await client.answer(asked, { action: 'accept' });
    expect(await stream.response()).toMatchObject({ result: { content: [{ text: 'done' }] } });
  });
});
