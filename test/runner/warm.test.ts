/** What stays in memory: runs that wait, and programs between the calls of a session. Cold replay stays right beside it. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { expect, test } from 'vitest';
import { sdkProgram } from '../../core/adapters/sdk/program.ts';
import { LIMITS } from '../../core/base/limits.ts';
import type { CallContext } from '../../core/ports/stateless-server.ts';
import { step } from '../../index.ts';
import { leftOf } from '../support/garbage.ts';
import type { Caller, RunnerCaller } from '../support/programs/calling.ts';
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
import type { Scene, Script, ScriptedProgram } from '../support/programs/scripted.ts';
import { scripted, text } from '../support/programs/scripted.ts';

const runnerOf = (tools: Record<string, Script>): { program: ScriptedProgram; caller: RunnerCaller } => {
  const program = scripted({ tools });
  return { program, caller: callerOf(program, { warm: 'runs', guard: memoryGuard() }) };
};

const greet = async (scene: Scene) => text(`Hello ${await scene.text('Name?')} ${await scene.text('Surname?')}`);

async function answered(callers: readonly Caller[], name: string, ...answers: string[]) {
  const call = toolCall(name);
  const next = (round: number): Caller => {
    const caller = callers[Math.min(round, callers.length - 1)];
    if (caller === undefined) throw new Error('There is no caller.');
    return caller;
  };
  let now = await told(next(0), call);
  for (const [round, answer] of answers.entries()) {
    const replies = Object.fromEntries(Object.keys(questionsIn(now)).map(key => [key, value(answer)]));
    now = await told(next(round + 1), retried(call, now, replies));
  }
  return now;
}

test('answers that reach the same process continue the very same execution', async () => {
  const { program, caller } = runnerOf({ greet });
  expect(textOf(await answered([caller], 'greet', 'Ada', 'Lovelace'))).toBe('Hello Ada Lovelace');
  expect([program.executions, program.ends]).toEqual([1, ['stop']]);
});

test('answers that reach another process are replayed there, and the parked run is never heard of again', async () => {
  const [here, there] = [runnerOf({ greet }), runnerOf({ greet })];
  const said = await answered([here.caller, there.caller], 'greet', 'Ada', 'Lovelace');
  expect(textOf(said)).toBe('Hello Ada Lovelace');
  expect([here.program.executions, here.program.ends, there.program.executions]).toEqual([1, [], 1]);
});

test('a program that gave up while it was parked is replayed with the answers', async () => {
  const hurry: Array<() => void> = [];
  const { program, caller } = runnerOf({
    ask: async scene => {
      const patience = new Promise<string>(resolve => hurry.push(() => resolve('nobody')));
      return text(await Promise.race([scene.text('Name?'), patience]));
    },
  });
  const call = toolCall('ask');
  const asked = await told(caller, call);
  hurry[0]?.();
  await new Promise(resolve => setImmediate(resolve));
  const [key = ''] = Object.keys(questionsIn(asked));
  expect(textOf(await told(caller, retried(call, asked, { [key]: value('Ada') })))).toBe('Ada');
  expect(program.executions).toBe(2);
});

test('a program that ends its work while nothing but its question for roots is open has done it once', async () => {
  const finish: Array<() => void> = [];
  const { program, caller } = runnerOf({
    work: async scene => {
      void scene.ask('roots/list');
      await new Promise<void>(resolve => finish.push(resolve));
      return text('done');
    },
  });
  const call = toolCall('work');
  const asked = await told(caller, call);
  finish[0]?.();
  await new Promise(resolve => setImmediate(resolve));
  const [key = ''] = Object.keys(questionsIn(asked));
  expect(textOf(await told(caller, retried(call, asked, { [key]: { roots: [] } })))).toBe('done');
  expect(program.executions).toBe(1);
});

test('a question that comes while the run is parked is asked when it goes on', async () => {
  const later: Array<() => void> = [];
  const { program, caller } = runnerOf({
    ask: async scene => {
      const second = new Promise<void>(resolve => later.push(resolve)).then(() => scene.text('Second?'));
      return text(`${await scene.text('First?')} ${await second}`);
    },
  });
  const call = toolCall('ask');
  const first = await told(caller, call);
  later[0]?.();
  await new Promise(resolve => setImmediate(resolve));
  const [one = ''] = Object.keys(questionsIn(first));
  const second = await told(caller, retried(call, first, { [one]: value('a') }));
  const [two = ''] = Object.keys(questionsIn(second));
  expect(textOf(await told(caller, retried(call, second, { [two]: value('b') })))).toBe('a b');
  expect(program.executions).toBe(1);
});

test('a client that can do something else now is told of by a replay', async () => {
  const { program, caller } = runnerOf({ greet });
  const asked = await told(caller, toolCall('greet'));
  const [key = ''] = Object.keys(questionsIn(asked));
  const meta = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } } };
  await told(caller, retried(toolCall('greet', {}, meta), asked, { [key]: value('Ada') }));
  expect(program.executions).toBe(2);
});

test('a step begun while its run is parked waits, and is done once wherever the call goes on', async () => {
  const done: string[] = [];
  let wake = (): void => {};
  const program = sdkProgram(() => {
    const server = new McpServer({ name: 'stepping', version: '1.0.0' });
    server.registerTool('play', {}, async () => {
      const woken = new Promise<void>(resolve => {
        wake = resolve;
      }).then(() => step('late', () => done.push('late')));
      const requestedSchema = { type: 'object' as const, properties: { value: { type: 'string' as const } } };
      const { content } = await server.server.elicitInput({ message: 'One?', requestedSchema });
      wake();
      return { content: [{ type: 'text', text: `${content?.value} ${await woken}` }] };
    });
    return server;
  });
  const [here, there] = [0, 1].map(() => callerOf(program, { warm: 'runs', guard: memoryGuard() }));
  if (here === undefined || there === undefined) throw new Error('There are two callers.');
  const call = toolCall('play');
  const asked = await told(here, call);
  wake();
  await new Promise(resolve => setImmediate(resolve));
  expect(done).toEqual([]);
  const [key = ''] = Object.keys(questionsIn(asked));
  expect(textOf(await told(there, retried(call, asked, { [key]: value('yes') })))).toBe('yes 1');
  expect(done).toEqual(['late']);
});

test('the oldest parked runs are let go when there are too many, and are replayed', async () => {
  const { program, caller } = runnerOf({ ask: async scene => text(await scene.text('Name?')) });
  const call = toolCall('ask');
  const first = await told(caller, call);
  for (let n = 0; n < LIMITS.warmChildrenMax; n++) await told(caller, toolCall('ask'));
  expect(program.ends).toEqual(['park']);
  const [key = ''] = Object.keys(questionsIn(first));
  expect(textOf(await told(caller, retried(call, first, { [key]: value('Ada') })))).toBe('Ada');
  expect(program.executions).toBe(LIMITS.warmChildrenMax + 2);
});

/** A server that counts in its memory, and asks. */
function counting(): McpServer {
  const server = new McpServer({ name: 'counting', version: '1.0.0' });
  let count = 0;
  server.registerTool('count', {}, () => ({ content: [{ type: 'text', text: String(++count) }] }));
  server.registerTool('ask', {}, async () => {
    const before = count;
    const requestedSchema = { type: 'object' as const, properties: { value: { type: 'string' as const } } };
    const { content } = await server.server.elicitInput({ message: `After ${before}?`, requestedSchema });
    return { content: [{ type: 'text', text: `${content?.value} ${before} ${count}` }] };
  });
  return server;
}

const sessionOf = (id: string) => ({ id, name: id, endsAtMs: Number.MAX_SAFE_INTEGER });

const sessionsOf = () => {
  const caller = callerOf(sdkProgram(counting), { warm: 'programs', guard: memoryGuard() });
  const count = async (id?: string) =>
    textOf(await told(caller, toolCall('count'), id === undefined ? {} : { session: sessionOf(id) }));
  return { caller, count };
};

test('a program remembers between the calls of its session, and nothing of other sessions', async () => {
  const { count } = sessionsOf();
  expect([await count('a'), await count('a'), await count('b'), await count('a')]).toEqual(['1', '2', '1', '3']);
});

test('a session of the same name is another one for another principal', async () => {
  const { caller } = sessionsOf();
  const count = async (id: string) =>
    textOf(await told(caller, toolCall('count'), { session: sessionOf('a'), principal: { id } }));
  expect([await count('alice'), await count('alice'), await count('bob'), await count('alice')]).toEqual([
    '1',
    '2',
    '1',
    '3',
  ]);
});

test('a program stays as long as its own session is awake, though nothing looked meanwhile', async () => {
  let nowMs = 1_000_000;
  let ids = 0;
  const environment = { now: () => nowMs, newId: () => `id-${ids++}` };
  const caller = callerOf(sdkProgram(counting), { warm: 'programs', guard: memoryGuard(), environment });
  const count = async (id: string, idleMs?: number) => {
    const session = { ...sessionOf(id), ...(idleMs === undefined ? {} : { idleMs }) };
    return textOf(await told(caller, toolCall('count'), { session }));
  };
  const all = async () => [await count('short', 60_000), await count('long', 3_600_000), await count('unsaid')];
  expect(await all()).toEqual(['1', '1', '1']);
  nowMs += 60_000;
  expect(await all()).toEqual(['1', '2', '2']);
  nowMs += LIMITS.idleTimeoutMsDefault;
  expect(await all()).toEqual(['1', '3', '1']);
});

test('what is kept for a session goes when it ends: its program, and its runs that wait', async () => {
  const { caller, count } = sessionsOf();
  expect([await count('a'), await count('b')]).toEqual(['1', '1']);
  await caller.server.release('a', 'bob');
  expect(await count('a')).toBe('2');
  await caller.server.release('a', 'alice');
  expect([await count('a'), await count('b')]).toEqual(['1', '2']);

  const { program, caller: parking } = runnerOf({ greet });
  const session = sessionOf('a');
  const asked = async (context: Partial<CallContext>) => told(parking, toolCall('greet'), context);
  const [mine] = [await asked({ session }), await asked({ session: sessionOf('b') }), await asked({})];
  await parking.server.release('a', 'alice');
  expect(program.ends).toEqual(['park']);
  const [key = ''] = Object.keys(questionsIn(mine));
  await told(parking, retried(toolCall('greet'), mine, { [key]: value('Ada') }), { session });
  expect(program.executions).toBe(4);
});

test('calls without a session meet a fresh program each', async () => {
  const { count } = sessionsOf();
  expect([await count(), await count()]).toEqual(['1', '1']);
});

test('a call that waits and others of its session share one program, and each hears its own answers', async () => {
  const { caller, count } = sessionsOf();
  const session = sessionOf('a');
  await count('a');
  const calls = [toolCall('ask'), toolCall('ask')];
  const asked = await Promise.all(calls.map(call => told(caller, call, { session })));
  expect(await count('a')).toBe('2');
  const results = calls.map((call, n) => {
    const said = asked[n] ?? { notifications: [] };
    const [key = ''] = Object.keys(questionsIn(said));
    return told(caller, retried(call, said, { [key]: value(`answer ${n}`) }), { session });
  });
  expect((await Promise.all(results)).map(textOf)).toEqual(['answer 0 1 2', 'answer 1 1 2']);
});

test('a cancelled call takes nothing from the others of its session', async () => {
  const { caller, count } = sessionsOf();
  await count('a');
  const cancelling = new AbortController();
  const call = told(caller, toolCall('ask'), { session: sessionOf('a'), signal: cancelling.signal });
  cancelling.abort();
  expect(await call).toEqual({ notifications: [] });
  expect(await count('a')).toBe('2');
});

test('timers of a program that fire while its run is parked do it no harm: neither its own nor the limit of its question', async () => {
  const fired: string[] = [];
  let begun = 0;
  let late = Promise.resolve();
  const program = sdkProgram(() => {
    const server = new McpServer({ name: 'timed', version: '1.0.0' }, { capabilities: { logging: {} } });
    server.registerTool('play', {}, async () => {
      begun += 1;
      late = new Promise(resolve => {
        setTimeout(() => {
          fired.push('own');
          server.server.sendLoggingMessage({ level: 'info', data: 'late' }).then(resolve, resolve);
        }, 20);
      });
      const requestedSchema = { type: 'object' as const, properties: { value: { type: 'string' as const } } };
      const { content } = await server.server.elicitInput({ message: 'Who?', requestedSchema }, { timeout: 5 });
      return { content: [{ type: 'text', text: `${content?.value}` }] };
    });
    return server;
  });
  const caller = callerOf(program, { warm: 'runs', guard: memoryGuard() });
  const call = toolCall('play');
  const asked = await told(caller, call);
  await late;
  const [key = ''] = Object.keys(questionsIn(asked));
  expect(textOf(await told(caller, retried(call, asked, { [key]: value('Ada') })))).toBe('Ada');
  expect([begun, fired]).toEqual([1, ['own']]);
});

const NARROW = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } } };

/** Brings the answer with a client that can do less, so that the run that waits cannot go on and is let go. */
async function answeredByAnother(caller: Caller, name: string, session: ReturnType<typeof sessionOf>) {
  const asked = await told(caller, toolCall(name), { session });
  const [key = ''] = Object.keys(questionsIn(asked));
  return told(caller, retried(toolCall(name, {}, NARROW), asked, { [key]: value('Ada') }), { session });
}

test('a run that is let go takes its handler along, while the program of its session stays', async () => {
  const held: WeakRef<object>[] = [];
  const caller = callerOf(
    sdkProgram(() => {
      const server = counting();
      server.registerTool('hold', {}, async () => {
        const large = { bytes: new Uint8Array(1_000) };
        held.push(new WeakRef(large));
        await server.server.elicitInput({ message: 'Go on?', requestedSchema: { type: 'object', properties: {} } });
        return { content: [{ type: 'text', text: String(large.bytes.length) }] };
      });
      return server;
    }),
    { warm: 'programs', guard: memoryGuard() },
  );
  const session = sessionOf('a');
  await told(caller, toolCall('count'), { session });
  expect(textOf(await answeredByAnother(caller, 'hold', session))).toBe('1000');
  expect(held).toHaveLength(2);
  expect(await leftOf(held)).toBe(0);
  expect(textOf(await told(caller, toolCall('count'), { session }))).toBe('2');
});

test('a child in which many runs were let go makes room for a fresh one', async () => {
  const program = scripted({ tools: { ask: async scene => text(await scene.text('Name?')) } });
  const caller = callerOf(program, { warm: 'programs', guard: memoryGuard() });
  const session = sessionOf('a');
  for (let n = 0; n < LIMITS.abandonedRunsMax; n++) {
    expect(program.ends.filter(mode => mode === 'park')).toEqual([]);
    expect(textOf(await answeredByAnother(caller, 'ask', session))).toBe('Ada');
  }
  expect(program.ends.filter(mode => mode === 'park')).toEqual(['park']);
});

test('a state whose run waits here is good for its own call and its own user only', async () => {
  const { program, caller } = runnerOf({ greet });
  const asked = await told(caller, toolCall('greet'));
  const [key = ''] = Object.keys(questionsIn(asked));
  const answers = { [key]: value('Ada') };
  const rejected = expect.objectContaining({ code: 'state_rejected' });
  const stolen = told(caller, retried(toolCall('greet'), asked, answers), { principal: { id: 'mallory' } });
  await expect(stolen).rejects.toEqual(rejected);
  const otherCall = retried(toolCall('greet', { arguments: { loud: true } }), asked, answers);
  await expect(told(caller, otherCall)).rejects.toEqual(rejected);
  await told(caller, retried(toolCall('greet'), asked, answers));
  expect(program.executions).toBe(1);
});
