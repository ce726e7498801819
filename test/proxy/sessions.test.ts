/** Sessions through the proxy: opened, bound to their principal, idle, outlived, ended. */
import { describe, expect, it } from 'vitest';
import { LegacyClient } from '../support/legacy-client.ts';
import { proxyUnderTest } from '../support/proxies.ts';
import { question, scriptedUpstream, text } from '../support/upstreams/scripted.ts';

const upstream = () =>
  scriptedUpstream({
    plain: async function* () {
      return text('plain');
    },
    ask: async function* (request) {
      if (request.params.inputResponses) return text('done');
      return { resultType: 'input_required', inputRequests: { q: question('?') }, requestState: 's' };
    },
    level: async function* (request) {
      return text(String(request.params._meta['io.modelcontextprotocol/logLevel']));
    },
  });

describe('initialize', () => {
  it('echoes a supported revision and shows the server, without what cannot be delivered', async () => {
    const { server } = proxyUnderTest(upstream().server, { holdMs: 1_000 });
    const client = new LegacyClient(server);
    const reply = await client.post({
      jsonrpc: '2.0',
      id: 'a',
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'c', version: '1' } },
    });
    expect(reply).toMatchObject({
      kind: 'json',
      body: {
        id: 'a',
        result: {
          protocolVersion: '2025-06-18',
          capabilities: { tools: {}, logging: {} },
          serverInfo: { name: 'scripted', version: '1.0.0' },
        },
      },
    });
    expect(JSON.stringify(reply)).not.toContain('listChanged');
    expect(JSON.stringify(reply)).not.toContain('resultType');
  });

  it('answers an unknown revision with the latest one it has', async () => {
    const { server } = proxyUnderTest(upstream().server);
    const reply = await new LegacyClient(server).post({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '1999-01-01', capabilities: {}, clientInfo: { name: 'c', version: '1' } },
    });
    expect(reply).toMatchObject({ body: { result: { protocolVersion: '2025-11-25' } } });
  });

  it('with a stale session id opens a new session', async () => {
    const { server } = proxyUnderTest(upstream().server);
    const first = await LegacyClient.open(server);
    const stale = Object.assign(new LegacyClient(server), { sessionId: 'long-gone' });
    const reply = await stale.post({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } },
    });
    expect(reply).toMatchObject({ kind: 'json', sessionId: expect.any(String) });
    expect(reply).not.toMatchObject({ sessionId: first.sessionId });
  });

  it.each([
    undefined,
    {},
    { protocolVersion: 1 },
    { protocolVersion: '2025-11-25', clientInfo: {} },
  ])('without what it needs is invalid_params: %j', async params => {
    const { server } = proxyUnderTest(upstream().server);
    const body = { jsonrpc: '2.0', id: 1, method: 'initialize', ...(params && { params }) };
    await expect(new LegacyClient(server).post(body)).rejects.toMatchObject({ code: 'invalid_params' });
  });
});

describe('a session', () => {
  it('is required, and one that does not exist is another error', async () => {
    const { server } = proxyUnderTest(upstream().server);
    const client = new LegacyClient(server);
    await expect(client.post(client.request('tools/list'))).rejects.toMatchObject({ code: 'session_required' });
    client.sessionId = 'nobody';
    await expect(client.post(client.request('tools/list'))).rejects.toMatchObject({ code: 'session_unknown' });
    await expect(server.resume('n1.0', client.call())).rejects.toMatchObject({ code: 'session_unknown' });
    await expect(server.end(client.call())).rejects.toMatchObject({ code: 'session_unknown' });
  });

  it('of another principal does not exist, and nothing is executed for the stranger', async () => {
    const scripted = upstream();
    const { server } = proxyUnderTest(scripted.server);
    const owner = await LegacyClient.open(server, { principal: 'alice' });
    const stream = await owner.stream(owner.tool('ask'));
    const asked = await stream.question();
    const before = scripted.requests.length;
    const thief = Object.assign(new LegacyClient(server, 'mallory'), { sessionId: owner.sessionId });
    for (const attempt of [
      () => thief.post(thief.tool('plain')),
      () => thief.answer(asked, { action: 'accept' }),
      () => server.resume('n1.0', thief.call()),
      () => server.end(thief.call()),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'session_unknown' });
    }
    expect(scripted.requests).toHaveLength(before);
    await owner.answer(asked, { action: 'accept' });
    expect(await stream.response()).toMatchObject({ result: { content: [{ text: 'done' }] } });
  });

  it('that sleeps revives on its next request, with its open question', async () => {
    const under = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(under.server);
    const stream = await client.stream(client.tool('ask'));
    const asked = await stream.question();
    await stream.leave();
    under.clock.offsetMs += 2 * 60 * 60_000;
    await client.answer(asked, { action: 'accept' });
    expect(await (await client.resume(stream.lastEventId)).response()).toMatchObject({ id: 1 });
    expect(under.observed.map(observation => observation.event)).toContain('session.woke');
  });

  it('that ends when idle is gone then', async () => {
    const under = proxyUnderTest(upstream().server, { idleAction: 'end' });
    const client = await LegacyClient.open(under.server);
    under.clock.offsetMs += 900_000 - 1_000;
    expect(await client.post(client.tool('plain'))).toMatchObject({ kind: 'json' });
    under.clock.offsetMs += 900_000 - 1_000;
    expect(await client.post(client.tool('plain'))).toMatchObject({ kind: 'json' });
    under.clock.offsetMs += 900_001;
    await expect(client.post(client.tool('plain'))).rejects.toMatchObject({ code: 'session_ended' });
  });

  it('ends at the end of its lifetime, however busy', async () => {
    const under = proxyUnderTest(upstream().server, { lifetimeMs: 3_600_000 });
    const client = await LegacyClient.open(under.server);
    for (let minute = 0; minute < 59; minute += 10) {
      expect(await client.post(client.tool('plain'))).toMatchObject({ kind: 'json' });
      under.clock.offsetMs += 600_000;
    }
    await expect(client.post(client.tool('plain'))).rejects.toMatchObject({ code: 'session_ended' });
  });

  it('ended by DELETE ends its streams, withdraws its questions and is over from then on', async () => {
    const under = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(under.server);
    const stream = await client.stream(client.tool('ask'));
    await stream.question();
    await under.server.end(client.call());
    const events = await stream.rest();
    expect(events.at(-1)?.message).toMatchObject({ method: 'notifications/cancelled' });
    await expect(client.post(client.tool('plain'))).rejects.toMatchObject({ code: 'session_ended' });
  });

  it('keeps the log level and stamps it on what goes upstream', async () => {
    const { server } = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(server);
    expect(await client.post(client.request('logging/setLevel', { level: 'warning' }))).toMatchObject({
      body: { result: {} },
    });
    expect(await client.post(client.tool('level'))).toMatchObject({
      body: { result: { content: [{ text: 'warning' }] } },
    });
    expect(await client.post(client.request('logging/setLevel', { level: 'loud' }))).toMatchObject({
      body: { error: { code: -32602 } },
    });
  });

  it('answers ping without the upstream', async () => {
    const scripted = upstream();
    const { server } = proxyUnderTest(scripted.server);
    const client = await LegacyClient.open(server);
    const before = scripted.requests.length;
    expect(await client.post(client.request('ping'))).toEqual({
      kind: 'json',
      body: { jsonrpc: '2.0', id: 1, result: {} },
    });
    expect(scripted.requests).toHaveLength(before);
  });

  it('is not touched by every request, only once per tenth of the idle time-out', async () => {
    const under = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(under.server);
    const version = async () => (await under.stores.sessions.load(client.sessionId ?? '', 'strong'))?.version;
    await client.post(client.tool('plain'));
    expect(await version()).toBe(1);
    under.clock.offsetMs += 90_000;
    await client.post(client.tool('plain'));
    expect(await version()).toBe(2);
  });
});

describe('a batch', () => {
  it('is answered as one array in revision 2025-03-26', async () => {
    const { server } = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(server, { revision: '2025-03-26' });
    const reply = await client.post([client.tool('plain'), client.request('ping')]);
    expect(reply).toMatchObject({ kind: 'json', body: [{ id: 1 }, { id: 2, result: {} }] });
    expect(await client.post([{ jsonrpc: '2.0', method: 'notifications/initialized' }])).toEqual({ kind: 'accepted' });
  });

  it('is refused by every other revision, when empty, and with initialize in it', async () => {
    const { server } = proxyUnderTest(upstream().server);
    const modern = await LegacyClient.open(server);
    await expect(modern.post([modern.request('ping')])).rejects.toMatchObject({ code: 'invalid_request' });
    const old = await LegacyClient.open(server, { revision: '2025-03-26' });
    await expect(old.post([])).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(old.post([old.request('initialize')])).rejects.toMatchObject({ code: 'invalid_request' });
  });
});
