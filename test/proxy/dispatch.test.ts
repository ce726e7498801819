/** A proxy whose drivers are elsewhere: it hands ready exchanges over, and what is handed over may be lost or come twice. */
import { describe, expect, it } from 'vitest';
import type { Dispatch } from '../../core/proxy/engine.ts';
import { LegacyClient } from '../support/legacy-client.ts';
import { proxyUnderTest } from '../support/proxies.ts';
import { question, scriptedUpstream, text } from '../support/upstreams/scripted.ts';

const upstream = () =>
  scriptedUpstream({
    ask: async function* ({ params }) {
      if (params.inputResponses !== undefined) return text('done');
      return { resultType: 'input_required', inputRequests: { q: question('?') }, requestState: 's' };
    },
    later: async function* ({ params }) {
      const asked = Number(params.requestState ?? 0);
      return asked === 2 ? text('done') : { resultType: 'input_required', requestState: String(asked + 1) };
    },
  });

/** A proxy with the drivers elsewhere, and another process that can be one. */
function apart(dispatch: Dispatch) {
  const { server, requests } = upstream();
  const front = proxyUnderTest(server, { holdMs: 0, holdWaitingMs: 0 }, undefined, dispatch);
  return { front, driver: front.again(), requests };
}

const rounds = (requests: readonly { method: string }[]) =>
  requests.filter(({ method }) => method === 'tools/call').length;

describe('a ready exchange', () => {
  it('is handed over once it is answered, and driven by whoever gets it', async () => {
    const handed: [string, string][] = [];
    const { front, driver, requests } = apart(async (...address) => void handed.push(address));
    const client = await LegacyClient.open(front.server);
    const stream = await client.stream(client.tool('ask'));
    const asked = await stream.question();
    await stream.rest();
    expect(await client.answer(asked, { action: 'accept' })).toEqual({ kind: 'accepted' });
    await front.server.idle();
    expect(handed).toEqual([[client.sessionId, 'n1']]);
    expect(rounds(requests)).toBe(1);

    await driver.server.drive(client.sessionId ?? '', 'n1');
    expect(rounds(requests)).toBe(2);
    const response = (await client.resume(stream.lastEventId)).response();
    expect(await response).toMatchObject({ id: 1, result: { content: [{ text: 'done' }] } });
  });

  it('that is handed over twice is driven once', async () => {
    const { front, driver, requests } = apart(async () => undefined);
    const client = await LegacyClient.open(front.server);
    const stream = await client.stream(client.tool('ask'));
    await client.answer(await stream.question(), { action: 'accept' });
    const drive = (process: typeof driver) => process.server.drive(client.sessionId ?? '', 'n1');
    await Promise.all([drive(driver), drive(front.again()), drive(driver)]);
    await drive(driver);
    expect(rounds(requests)).toBe(2);
  });

  it('whose handing over failed is handed over again by the next look at it', async () => {
    let handings = 0;
    const { front } = apart(async () => {
      handings++;
      if (handings === 1) throw new Error('no capacity');
    });
    const client = await LegacyClient.open(front.server);
    const stream = await client.stream(client.tool('ask'));
    await client.answer(await stream.question(), { action: 'accept' });
    await front.server.idle();
    expect(front.observed).toContainEqual(
      expect.objectContaining({ event: 'exchange.dispatch_failed', exchange: 'n1', level: 'error' }),
    );
    await (await client.resume('n1.0')).rest();
    expect(handings).toBe(2);
  });

  it('is not handed over at every look, but again when nobody took it for a while', async () => {
    let handings = 0;
    const { front } = apart(async () => void handings++);
    const client = await LegacyClient.open(front.server);
    const stream = await client.stream(client.tool('ask'));
    await client.answer(await stream.question(), { action: 'accept' });
    for (let look = 0; look < 3; look++) await (await client.resume('n1.0')).rest();
    expect(handings).toBe(1);
    front.clock.offsetMs += 5_001;
    await (await client.resume('n1.0')).rest();
    expect(handings).toBe(2);
  });

  it('that only carries state goes from driver to driver', async () => {
    const { front, requests } = apart(async (session, exchange) => driver.server.drive(session, exchange));
    const driver = front.again();
    const client = await LegacyClient.open(front.server);
    const stream = await client.stream(client.tool('later'));
    await stream.rest();
    await front.server.idle();
    expect(rounds(requests)).toBe(3);
  });
});

describe('a driver', () => {
  it('rejects when the store fails, so that whoever sent it may try again', async () => {
    const { driver } = apart(async () => undefined);
    const load = driver.stores.exchanges.load;
    driver.stores.exchanges.load = async () => {
      throw new Error('gone');
    };
    await expect(driver.server.drive('nobody', 'n1')).rejects.toThrow('gone');
    driver.stores.exchanges.load = load;
    await expect(driver.server.drive('nobody', 'n1')).resolves.toBeUndefined();
  });
});

describe('a resumed connection of a call that waits for an answer', () => {
  it('is not held, and told to come back less and less soon', async () => {
    const { front } = apart(async () => undefined);
    const client = await LegacyClient.open(front.server);
    await (await client.stream(client.tool('ask'))).rest();
    const retries = [];
    for (const waitedMs of [0, 24_000, 48_000, 3_600_000]) {
      front.clock.offsetMs += waitedMs;
      const seen = await (await client.resume('n1.1')).rest();
      retries.push(seen.at(-1)?.retry);
    }
    expect(retries).toEqual([1_000, 2_000, 6_000, 7_000]);
  });
});
