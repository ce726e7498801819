/** Steps, stable time and chance: what a handler does once however often it runs. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { expect, test } from 'vitest';
import { memoryStores } from '../../core/adapters/memory/stores.ts';
import { sdkProgram } from '../../core/adapters/sdk/program.ts';
import { LIMITS } from '../../core/base/limits.ts';
import type { Program } from '../../core/ports/program.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import { now, random, session, step, uuid } from '../../index.ts';
import type { Caller } from '../support/programs/calling.ts';
import { callerOf, retried, textOf, told, toolCall, value } from '../support/programs/calling.ts';

type Ask = (message: string) => Promise<string>;

/** A program of one tool, "play", whose handler gets a way to ask. */
function playing(handler: (ask: Ask) => Promise<unknown>): Program {
  return sdkProgram(() => {
    const server = new McpServer({ name: 'playing', version: '1.0.0' });
    const ask: Ask = async message => {
      const requestedSchema = { type: 'object' as const, properties: { value: { type: 'string' as const } } };
      const { content } = await server.server.elicitInput({ message, requestedSchema });
      return String(content?.value);
    };
    server.registerTool('play', {}, async () => ({
      content: [{ type: 'text', text: JSON.stringify(await handler(ask)) ?? 'undefined' }],
    }));
    return server;
  });
}

const PLAY = toolCall('play');

/** Makes the call and answers every question with "yes", each round in another process. */
async function played(process: () => Caller): Promise<string | undefined> {
  let now = await told(process(), PLAY);
  while (now.result?.resultType === 'input_required') {
    const keys = Object.keys(now.result.inputRequests as object);
    now = await told(process(), retried(PLAY, now, Object.fromEntries(keys.map(key => [key, value('yes')]))));
  }
  return textOf(now) ?? JSON.stringify(now.error);
}

const alone = (program: Program) => () => callerOf(program);

test('a step is done once however often its handler runs, and every run gets its result', async () => {
  const done: string[] = [];
  const program = playing(async ask => {
    const first = await step('charge', async () => done.push('charge'));
    const answer = await ask('One?');
    const second = await step('mail', () => ({ sent: done.push('mail'), at: new Date(0) }));
    return [first, answer, second, await ask('Two?')];
  });
  const result = '[1,"yes",{"sent":2,"at":"1970-01-01T00:00:00.000Z"},"yes"]';
  expect(await played(alone(program))).toBe(result);
  expect(done).toEqual(['charge', 'mail']);
});

test('a step that failed has failed, with the same error on every run', async () => {
  let tries = 0;
  const program = playing(async ask => {
    const said = await step('pay', () => Promise.reject(new RangeError(`no money, try ${++tries}`))).catch(String);
    return [said, await ask('Go on?')];
  });
  expect(await played(alone(program))).toBe('["RangeError: no money, try 1","yes"]');
  expect(tries).toBe(1);
});

test('steps of one name are told apart by their number', async () => {
  let count = 0;
  const program = playing(async ask => {
    const results: unknown[] = [];
    for (let i = 0; i < 3; i++) results.push(await step('each', () => ++count), await ask(`${i}?`));
    return results;
  });
  expect(await played(alone(program))).toBe('[1,"yes",2,"yes",3,"yes"]');
});

test('a step at work is no waiting: the run is not cut off for a question that is open beside it', async () => {
  let begun = 0;
  const slow = (): Promise<number> => new Promise(resolve => setTimeout(() => resolve(++begun), 60));
  const program = playing(ask => Promise.all([ask('Beside?'), step('slow', slow)]));
  expect(await played(alone(program))).toBe('["yes",1]');
  expect(begun).toBe(1);
});

test('a result that is no JSON or too long fails the step, which is not done again', async () => {
  let done = 0;
  const program = playing(async ask => {
    const long = await step('long', () => `${++done}`.repeat(LIMITS.stepBytesMax)).catch(error => error.message);
    const odd = await step('odd', () => BigInt(++done) as never).catch(error => error.message);
    return [long.slice(0, 46), odd.slice(0, 38), await ask('And?')];
  });
  expect(await played(alone(program))).toBe(
    '["The result of step \\"long\\" takes 65538 bytes; 6","The result of step \\"odd\\" is no JSON: D","yes"]',
  );
  expect(done).toBe(2);
});

test('a call has room for so many facts, and says so before it does one more', async () => {
  let done = 0;
  const program = playing(async () => {
    for (let i = 0; i <= LIMITS.journalFactsMax; i++) await step('each', () => void done++);
  });
  expect(await played(alone(program))).toMatch(/One call may have 1024 steps/);
  expect(done).toBe(LIMITS.journalFactsMax);
});

test('time and chance stay the same on every run of a call, and are others in another', async () => {
  const runs: string[] = [];
  const program = playing(async ask => {
    const drawn = JSON.stringify([now(), random(), uuid(), uuid()]);
    runs.push(drawn);
    await ask('Well?');
    return [drawn, now() >= JSON.parse(drawn)[0]];
  });
  const [one, other] = [await played(alone(program)), await played(alone(program))];
  expect(runs[0]).toBe(runs[1]);
  expect(runs[2]).toBe(runs[3]);
  expect(one).not.toBe(other);
  expect(one).toContain(',true]');
  const [, chance, first, second] = JSON.parse(runs[0] ?? '');
  expect(chance).toBeGreaterThanOrEqual(0);
  expect(chance).toBeLessThan(1);
  for (const id of [first, second])
    expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  expect(first).not.toBe(second);
});

test('with a store, a step outlives a process that dies before the next question', async () => {
  const { state: kept } = memoryStores();
  let committed = (): void => {};
  const commitment = new Promise<void>(resolve => {
    committed = resolve;
  });
  const state: StateStore = {
    ...kept,
    commit: async next => kept.commit(next).finally(committed),
  };
  const done: string[] = [];
  let isDoomed = true;
  const program = playing(async ask => {
    await step('charge', () => done.push('charge'));
    if (isDoomed) await new Promise(() => {});
    return [await ask('Sure?'), done.length, await step('mail', () => done.push('mail'))];
  });
  const attempt = (again: boolean) => ({ attempt: { call: 'c1', again } });
  const gone = new AbortController();
  const lost = told(callerOf(program, { state }), PLAY, { ...attempt(false), signal: gone.signal });
  await commitment;
  gone.abort();
  await lost;
  isDoomed = false;
  const asked = await told(callerOf(program, { state }), PLAY, attempt(true));
  expect(done).toEqual(['charge']);
  const keys = Object.keys(asked.result?.inputRequests as object);
  const retry = retried(PLAY, asked, Object.fromEntries(keys.map(key => [key, value('yes')])));
  expect(textOf(await told(callerOf(program, { state }), retry, attempt(true)))).toBe('["yes",1,2]');
  expect(done).toEqual(['charge', 'mail']);
});

test('outside a run a step is done, time and chance are the system’s, and session state is refused', async () => {
  expect(await step('x', () => 5)).toBe(5);
  const [before, during, after] = [Date.now(), now(), Date.now()];
  expect([before, during, after]).toEqual([before, during, after].sort((a, b) => a - b));
  expect(random()).toBeLessThan(1);
  expect(uuid()).toHaveLength(36);
  await expect(session.get('x')).rejects.toThrow(/There is no session here/);
  await expect(session.set('x', 1)).rejects.toThrow(/There is no session here/);
});
