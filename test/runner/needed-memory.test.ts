/** Programs that need what they keep in memory: a session goes on in the program it began with, or is told that it cannot. */
import { expect, test } from 'vitest';
import { memoryStores } from '../../core/adapters/memory/stores.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import {
  callerOf,
  memoryGuard,
  questionsIn,
  retried,
  textOf,
  told,
  toolCall,
  value,
} from '../support/programs/calling.ts';
import { scripted, text } from '../support/programs/scripted.ts';

const lost = expect.objectContaining({ code: 'memory_lost' });
const sessionOf = (id: string) => ({ id, name: id, endsAtMs: Date.now() + 3_600_000 });

/** A process with a program that is a child: it cannot tell calls apart, and each start of it counts from 0. */
function processOn(state: StateStore, start?: () => Promise<void>) {
  let starts = 0;
  const counts = new Map<number, number>();
  const program = scripted({
    ...(start === undefined ? {} : { start }),
    onInitialized: () => {
      starts += 1;
    },
    tools: {
      count: async () => {
        await new Promise(resolve => setImmediate(resolve));
        counts.set(starts, (counts.get(starts) ?? 0) + 1);
        return text(`${counts.get(starts)}`);
      },
      ask: async scene => text(await scene.text('Who?')),
      crash: scene => {
        scene.exit('it fell over');
        return new Promise(() => {});
      },
    },
  });
  const caller = callerOf(program, { memory: 'required', warm: 'programs', state, guard: memoryGuard() });
  const call = (name: string, session?: string) =>
    told(caller, toolCall(name), session === undefined ? {} : { session: sessionOf(session) });
  const count = async (session?: string) => textOf(await call('count', session));
  return { caller, call, count };
}

test('calls at the same time share the one program of their session, also where it serves one at a time', async () => {
  const { count } = processOn(memoryStores().state);
  const numbers = await Promise.all(Array.from({ length: 5 }, () => count('a')));
  expect(numbers.sort()).toEqual(['1', '2', '3', '4', '5']);
  expect(await count('a')).toBe('6');
});

test('a session whose program was in another process has lost its memory, and a new one begins', async () => {
  const { state } = memoryStores();
  expect(await processOn(state).count('a')).toBe('1');
  const { count } = processOn(state);
  await expect(count('a')).rejects.toEqual(lost);
  await expect(count('a')).rejects.toEqual(lost);
  expect(await count('b')).toBe('1');
});

test('a call that waits and comes back to another process has lost it too, instead of a replay', async () => {
  const { state } = memoryStores();
  const asked = await processOn(state).call('ask', 'a');
  const [key = ''] = Object.keys(questionsIn(asked));
  const retry = retried(toolCall('ask'), asked, { [key]: value('Ada') });
  await expect(told(processOn(state).caller, retry, { session: sessionOf('a') })).rejects.toEqual(lost);
});

test('a program that falls over takes the memory along', async () => {
  const { call, count } = processOn(memoryStores().state);
  await count('a');
  await expect(call('crash', 'a')).rejects.toMatchObject({ code: 'program_crashed' });
  await expect(count('a')).rejects.toEqual(lost);
});

test('a program that could not be started has lost nothing', async () => {
  let isBroken = true;
  const { count } = processOn(memoryStores().state, async () => {
    if (isBroken) throw new Error('not yet');
  });
  await expect(count('a')).rejects.toBeDefined();
  isBroken = false;
  expect(await count('a')).toBe('1');
});

test('a call without a session meets a fresh program, as always', async () => {
  const { count } = processOn(memoryStores().state);
  expect([await count(), await count()]).toEqual(['1', '1']);
});

test('it needs programs that stay, and a store', () => {
  const program = scripted({});
  const { state } = memoryStores();
  for (const options of [{ warm: 'runs', state }, { warm: 'programs' }] as const)
    expect(() => callerOf(program, { memory: 'required', ...options })).toThrow('needs warm');
});
