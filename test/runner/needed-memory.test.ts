/** Programs that need what they keep in memory: a session goes on in the program it began with, or is told that it cannot. */
import { expect, test } from 'vitest';
import { memoryStores } from '../../core/adapters/memory/stores.ts';
import { LIMITS } from '../../core/base/limits.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import type { Stores } from '../../core/ports/stores.ts';
import { stateScopeOf } from '../../core/protocol/state-scope.ts';
import type { RunnerOptions } from '../../core/runner/runner.ts';
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
function processOn(state: StateStore, start?: () => Promise<void>, options: Partial<RunnerOptions> = {}) {
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
  const caller = callerOf(program, {
    memory: 'required',
    warm: 'programs',
    state,
    guard: memoryGuard(),
    ...options,
  });
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

/** One of several environments of a function: which of them a call comes to, nobody can choose. */
function environmentOn({ state, rounds: guard }: Pick<Stores, 'state' | 'rounds'>, owner: string) {
  let turned = 0;
  const onTurnedAway = () => {
    turned += 1;
  };
  const { caller, call } = processOn(state, undefined, { owner, guard, onTurnedAway });
  const count = async (turnedAway?: number) => {
    const session = sessionOf('a');
    const context = turnedAway === undefined ? { session } : { session, turnedAway };
    return textOf(await told(caller, toolCall('count'), context));
  };
  return { caller, call, count, turned: () => turned };
}

const elsewhere = expect.objectContaining({ code: 'memory_elsewhere' });

test('a call that comes to another environment is turned away, and goes on in the one that remembers', async () => {
  const stores = memoryStores();
  const [right, wrong] = [environmentOn(stores, 'right'), environmentOn(stores, 'wrong')];
  expect(await right.count()).toBe('1');
  await expect(wrong.count()).rejects.toEqual(elsewhere);
  await expect(wrong.count(2)).rejects.toEqual(elsewhere);
  expect([await right.count(3), wrong.turned()]).toEqual(['2', 2]);
});

test('turned away often enough, it has found no environment that remembers', async () => {
  const stores = memoryStores();
  await environmentOn(stores, 'gone').count();
  await expect(environmentOn(stores, 'other').count(LIMITS.memoryTurnsMax)).rejects.toEqual(lost);
});

test('it waits while the one that remembers is at work, also with a call that goes on with an answer', async () => {
  const stores = memoryStores();
  const [right, wrong] = [environmentOn(stores, 'right'), environmentOn(stores, 'wrong')];
  const asked = await right.call('ask', 'a');
  await expect(wrong.count()).rejects.toEqual(elsewhere);
  const [key = ''] = Object.keys(questionsIn(asked));
  const retry = retried(toolCall('ask'), asked, { [key]: value('Ada') });
  const session = sessionOf('a');
  await expect(told(wrong.caller, retry, { session })).rejects.toEqual(elsewhere);
  expect(textOf(await told(right.caller, { ...retry, id: 'again' }, { session, turnedAway: 1 }))).toBe('Ada');
  const note = await stores.state.load(`memory#${stateScopeOf('alice', 'a')}`);
  expect(JSON.parse(note?.json ?? '')).toEqual({ owner: 'right', untilMs: 0 });
});

test('what died at work is waited for until its lease is over', async () => {
  const { state, rounds } = memoryStores();
  const scope = `memory#${stateScopeOf('alice', 'a')}`;
  const json = (untilMs: number) => JSON.stringify({ owner: 'dead', untilMs });
  const expiresAtMs = Date.now() + 3_600_000;
  await state.commit({ scope, version: 1, json: json(Date.now() + 3_600_000), expiresAtMs });
  let isTurnedAway = false;
  const waiting = environmentOn({ state, rounds }, 'other').count();
  const turned = expect(waiting).rejects.toEqual(elsewhere);
  waiting.catch(() => {
    isTurnedAway = true;
  });
  await new Promise(resolve => setImmediate(resolve));
  expect(isTurnedAway).toBe(false);
  await state.commit({ scope, version: 2, json: json(Date.now() - 1), expiresAtMs });
  await turned;
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
