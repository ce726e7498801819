/** `requestState`: good for one call of one user for a while, and for one run of its round. */
import { expect, test } from 'vitest';
import { Fault } from '../../core/base/errors.ts';
import { LIMITS } from '../../core/base/limits.ts';
import type { Environment } from '../../core/ports/environment.ts';
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
import { type Scene, scripted, text } from '../support/programs/scripted.ts';

const who = { 'dev.fermata/inputKey': 'who' };
const answers = { who: value('Ada') };

const greeting = (annotations = {}, after: (scene: Scene) => Promise<void> | void = () => {}) =>
  scripted({
    tools: {
      greet: async scene => {
        const name = await scene.text('Who?', who);
        await after(scene);
        return text(`Hello ${name}`);
      },
      other: async scene => text(await scene.text('Who?', who)),
    },
    annotations: { greet: annotations },
  });

class Clock implements Environment {
  #nowMs = 1_000_000;
  #ids = 0;
  now = (): number => this.#nowMs;
  newId = (): string => `id-${++this.#ids}`;
  pass(ms: number): void {
    this.#nowMs += ms;
  }
}

test('a state works in another process that has the same keys', async () => {
  const call = toolCall('greet');
  const asked = await told(callerOf(greeting()), call);
  expect(textOf(await told(callerOf(greeting()), retried(call, asked, answers)))).toBe('Hello Ada');
});

test('a state is rejected when it was altered, cut, invented, or is no text', async () => {
  const caller = callerOf(greeting());
  const call = toolCall('greet');
  const { requestState } = (await told(caller, call)).result as { requestState: string };
  const flipped = requestState.slice(0, -1) + (requestState.endsWith('A') ? 'B' : 'A');
  for (const bad of [`${requestState}-TAMPERED`, requestState.slice(0, 40), flipped, '', 'x', 7, null, {}]) {
    const params = { requestState: bad, inputResponses: answers };
    await expect(told(caller, toolCall('greet', params))).rejects.toMatchObject({
      code: 'state_rejected',
      rpc: -32602,
    });
  }
});

test('a state is rejected for another user, another tool and other arguments', async () => {
  const caller = callerOf(greeting());
  const call = toolCall('greet', { arguments: { a: 1 } });
  const asked = await told(caller, call);
  const rejected = expect.objectContaining({ code: 'state_rejected' });
  const retry = retried(call, asked, answers);
  await expect(told(caller, retry, { principal: { id: 'mallory' } })).rejects.toEqual(rejected);
  for (const other of [toolCall('other', { arguments: { a: 1 } }), toolCall('greet', { arguments: { a: 2 } })])
    await expect(told(caller, retried(other, asked, answers))).rejects.toEqual(rejected);
  expect(textOf(await told(caller, retry))).toBe('Hello Ada');
});

test('a state expires', async () => {
  const environment = new Clock();
  const caller = callerOf(greeting(), { environment });
  const call = toolCall('greet');
  const asked = await told(caller, call);
  environment.pass(LIMITS.requestStateMsMax);
  await expect(told(caller, retried(call, asked, answers))).rejects.toMatchObject({ code: 'state_rejected' });
});

test('a journal that grows too large is refused with the reason', async () => {
  const program = scripted({
    tools: {
      hoard: async scene => {
        const bytes = crypto.getRandomValues(new Uint8Array(60_000));
        for (let n = 0; n < 9; n++) await scene.text(`${n} ${Buffer.from(bytes).toString('base64')}`, who);
        return text('never');
      },
    },
  });
  const caller = callerOf(program);
  let call = toolCall('hoard');
  const answerWithMuch = async (): Promise<never> => {
    for (;;) {
      const asked = await told(caller, call);
      const filler = Buffer.from(crypto.getRandomValues(new Uint8Array(60_000))).toString('base64');
      call = retried(call, asked, Object.fromEntries(Object.keys(questionsIn(asked)).map(key => [key, value(filler)])));
    }
  };
  await expect(answerWithMuch()).rejects.toMatchObject({ code: 'journal_too_large' });
});

test('a state used again gives what came of its first use, and runs nothing', async () => {
  const program = greeting();
  const caller = callerOf(program, { guard: memoryGuard() });
  const call = toolCall('greet');
  const asked = await told(caller, call);
  const first = await told(caller, retried(call, asked, answers));
  const second = await told(caller, retried(call, asked, { who: value('Bob') }));
  expect(second).toEqual(first);
  expect(program.executions).toBe(2);
});

test('two uses at the same time run the program once', async () => {
  const program = greeting();
  const caller = callerOf(program, { guard: memoryGuard() });
  const call = toolCall('greet');
  const asked = await told(caller, call);
  const uses = await Promise.all([1, 2, 3].map(() => told(caller, retried(call, asked, answers))));
  expect(uses.map(textOf)).toEqual(['Hello Ada', 'Hello Ada', 'Hello Ada']);
  expect(program.executions).toBe(2);
});

test('answers that are missing or do not fit claim nothing', async () => {
  const caller = callerOf(greeting(), { guard: memoryGuard() });
  const call = toolCall('greet');
  const asked = await told(caller, call);
  await told(caller, retried(call, asked, {}));
  await told(caller, retried(call, asked, { who: { action: 'accept', content: { value: 1 } } }));
  expect(textOf(await told(caller, retried(call, asked, answers)))).toBe('Hello Ada');
});

test('a caller with a lease guards by itself', async () => {
  const program = greeting();
  const caller = callerOf(program, { guard: memoryGuard() });
  const call = toolCall('greet');
  const lease = { session: 's1', exchange: 'n1', generation: 1 };
  const asked = await told(caller, call, { lease });
  await told(caller, retried(call, asked, answers), { lease });
  await told(caller, retried(call, asked, answers), { lease });
  expect(program.executions).toBe(3);
});

/** Uses the state, goes away while the program is at work, and uses it again. */
async function lost(annotations: object, retryLost: 'never' | 'idempotent' | 'always') {
  const gone = new AbortController();
  const program = greeting(annotations, scene => {
    if (gone.signal.aborted) return;
    gone.abort();
    return new Promise(resolve => scene.signal.addEventListener('abort', () => resolve()));
  });
  const caller = callerOf(program, { guard: memoryGuard(), retryLost });
  const call = toolCall('greet');
  const asked = await told(caller, call);
  expect(await told(caller, retried(call, asked, answers), { signal: gone.signal })).toEqual({ notifications: [] });
  return told(caller, retried(call, asked, answers));
}

test.each([
  [{}, 'always'],
  [{ readOnlyHint: true }, 'idempotent'],
  [{ idempotentHint: true }, 'idempotent'],
] as const)('a round lost on the way runs again with %j under the policy %s', async (annotations, policy) => {
  expect(textOf(await lost(annotations, policy))).toBe('Hello Ada');
});

test.each([
  [{}, 'idempotent'],
  [{ readOnlyHint: true }, 'never'],
] as const)('a round lost on the way is not run again with %j under the policy %s', async (annotations, policy) => {
  await expect(lost(annotations, policy)).rejects.toMatchObject({ code: 'run_lost' });
});

test('a round whose holder is dead follows the same policy', async () => {
  const environment = new Clock();
  const guard = memoryGuard();
  const claimedAndDied: typeof guard = {
    claim: (nonce, _owner, nowMs, _untilMs, expiresAtMs) => guard.claim(nonce, 'dead', nowMs, nowMs + 1, expiresAtMs),
    reclaim: async () => false,
    settle: async () => {},
  };
  const call = toolCall('greet');
  const dying = callerOf(greeting(), { environment, guard: claimedAndDied });
  const asked = await told(dying, call);
  await told(dying, retried(call, asked, answers));
  environment.pass(10);

  const strict = callerOf(greeting(), { environment, guard });
  await expect(told(strict, retried(call, asked, answers))).rejects.toMatchObject({ code: 'run_lost' });
  const lenient = callerOf(greeting({ idempotentHint: true }), { environment, guard });
  expect(textOf(await told(lenient, retried(call, asked, answers)))).toBe('Hello Ada');
});

test('a fault of the program is remembered for its round as well', async () => {
  const program = greeting({}, scene => {
    scene.exit('fell over', 'the stack');
    return new Promise(() => {});
  });
  const caller = callerOf(program, { guard: memoryGuard() });
  const call = toolCall('greet');
  const asked = await told(caller, call);
  for (let n = 0; n < 2; n++)
    await expect(told(caller, retried(call, asked, answers))).rejects.toMatchObject({
      code: 'program_crashed',
      message: 'The program ended before it answered: fell over',
    });
  expect(program.executions).toBe(2);
});

test('the program sees its request under one id in every round', async () => {
  const program = greeting();
  const caller = callerOf(program);
  const call = toolCall('greet');
  const asked = await told(caller, call);
  await told(caller, retried(call, asked, answers));
  await told(caller, call);
  const ids = program.received.flatMap(message =>
    'id' in message && 'method' in message && message.method === 'tools/call' ? [message.id] : [],
  );
  expect(ids[0]).toBe(ids[1]);
  expect(ids[2]).not.toBe(ids[0]);
});

test('a second use does not wait for ever for a first one that goes on and on', async () => {
  const environment = new Clock();
  const guard = memoryGuard();
  const busy: typeof guard = {
    ...guard,
    claim: async () => {
      environment.pass(LIMITS.roundWaitMsMax / 2);
      return { kind: 'held', live: true };
    },
  };
  const caller = callerOf(greeting(), { environment, guard: busy });
  const call = toolCall('greet');
  const asked = await told(caller, call);
  await expect(told(caller, retried(call, asked, answers))).rejects.toMatchObject({
    code: 'run_lost',
    message: 'This round is still running for an earlier request with the same requestState. Try again later.',
  });
});

test('a program that could not be started for a round leaves the round to the next use', async () => {
  let isBroken = false;
  const program = greeting();
  const start: typeof program.start = listener =>
    isBroken ? Promise.reject(new Fault('program_unstartable', 'No such file.')) : program.start(listener);
  const caller = callerOf({ ...program, start }, { guard: memoryGuard() });
  const call = toolCall('greet');
  const asked = await told(caller, call);
  isBroken = true;
  await expect(told(caller, retried(call, asked, answers))).rejects.toMatchObject({ code: 'program_unstartable' });
  isBroken = false;
  expect(textOf(await told(caller, retried(call, asked, answers)))).toBe('Hello Ada');
});
