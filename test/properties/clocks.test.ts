/**
 * The law of clocks: however the clock of a machine jumps while a call works and waits, ahead or back, and whatever is tried while
 * it is wrong, once it is right again the call ends with its result, once, and its session is open.
 */

import { expect, it } from 'vitest';
import { nodeEnvironment } from '../../core/adapters/node/environment.ts';
import { sqliteStores } from '../../core/adapters/sqlite/stores.ts';
import { DRIVERS, makeFolder, removeFolder } from '../adapters/sqlite/stores-on-disk.ts';
import fc from '../support/fast-check.ts';
import type { Stream } from '../support/legacy-client.ts';
import { LegacyClient } from '../support/legacy-client.ts';
import { callerOf } from '../support/programs/calling.ts';
import { scripted, text } from '../support/programs/scripted.ts';
import { proxyUnderTest, TestClock } from '../support/proxies.ts';

const MINUTE_MS = 60_000;
/**
 * Over a lease, an idle time-out, a lifetime, what is kept of an ended session, and a sealed state. What is made while the clock is
 * behind by more than a call is kept for (14 days) is over by the time it is right: that is not promised.
 */
const JUMPS = [1, 20, 9 * 60, 24 * 60, 20 * 24 * 60, -1, -20, -9 * 60, -24 * 60, -13 * 24 * 60].map(
  minutes => minutes * MINUTE_MS,
);

/** What is done while the clock is wrong: before each stage of the call. */
const wrongs = fc.array(
  fc.record({ jumpMs: fc.constantFrom(0, ...JUMPS), isTried: fc.boolean(), isSwept: fc.boolean() }),
  { minLength: 4, maxLength: 4 },
);

interface Wrong {
  readonly jumpMs: number;
  readonly isTried: boolean;
  readonly isSwept: boolean;
}

async function played(wrong: readonly Wrong[], warm: 'nothing' | 'runs'): Promise<string> {
  const folder = await makeFolder();
  const clock = new TestClock();
  const stores = sqliteStores({ folder, environment: clock, owner: 'here', driver: DRIVERS[0] ?? 'libsql' });
  const program = scripted({
    tools: {
      plain: () => text('plain'),
      order: async scene => text(`${await scene.text('What?')} and ${await scene.text('Where?')}`),
    },
  });
  const environment = { now: clock.now, newId: nodeEnvironment().newId };
  const runner = callerOf(program, { environment, warm, guard: stores.rounds, state: stores.state });
  const under = proxyUnderTest(runner.server, {}, { stores, clock });
  const client = await LegacyClient.open(under.server);
  const later = [...wrong];
  /** Does something at the right time, after it may have been tried at a wrong one. */
  const done = async <T>(stage: () => Promise<T>): Promise<T> => {
    const { jumpMs, isTried, isSwept } = later.shift() ?? { jumpMs: 0, isTried: false, isSwept: false };
    clock.offsetMs += jumpMs;
    await client.post(client.tool('plain')).catch(() => undefined);
    if (isSwept && jumpMs < 0) await under.server.sweep();
    const early = isTried ? await stage().catch(() => undefined) : undefined;
    clock.offsetMs -= jumpMs;
    return early ?? stage();
  };
  const call = client.tool('order');
  const asked = async (stream: Stream) => {
    const question = await stream.question();
    await stream.leave();
    return { question, at: stream.lastEventId };
  };
  const what = await done(async () => asked(await client.stream(call)));
  await done(() => client.answer(what.question, { action: 'accept', content: { value: 'books' } }));
  const where = await done(async () => asked(await client.resume(what.at)));
  await done(() => client.answer(where.question, { action: 'accept', content: { value: 'home' } }));
  const response = await (await client.resume(where.at)).response();
  const phase = (await under.server.admin.inspect(String(client.sessionId), { reveal: false }))?.phase;
  await under.server.close();
  await stores.close();
  await removeFolder(folder);
  return `${JSON.stringify(response)} ${phase}`;
}

it.each(['nothing', 'runs'] as const)('a call survives every jump, with %s in memory', async warm => {
  const right = await played([], warm);
  expect(right).toContain('books and home');
  await fc.assert(
    fc.asyncProperty(wrongs, async wrong => {
      expect(await played(wrong, warm)).toBe(right);
    }),
    { numRuns: Number(process.env.CLOCK_LAW_RUNS ?? 20), interruptAfterTimeLimit: 40_000 },
  );
});
