/** Programs that do not start, fall over, hang, flood, write nonsense or do not repeat themselves; and clients that go away. */
import { afterEach, expect, test, vi } from 'vitest';
import { LIMITS } from '../../core/base/limits.ts';
import {
  callerOf,
  contextOf,
  questionsIn,
  requestOf,
  retried,
  textOf,
  told,
  toolCall,
  value,
} from '../support/programs/calling.ts';
import { scripted, text } from '../support/programs/scripted.ts';

const never = (): Promise<never> => new Promise(() => {});
afterEach(() => void vi.useRealTimers());

/** Time as an argument of the test: timers fire when it says so, turns of the event loop go on. */
const holdTime = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });

test('a program that exits is crashed, with its last words for the observer', async () => {
  const program = scripted({
    tools: {
      fall: scene => {
        scene.exit('exit code 1', 'Segmentation fault');
        return never();
      },
    },
  });
  const caller = callerOf(program);
  await expect(told(caller, toolCall('fall'))).rejects.toMatchObject({ code: 'program_crashed' });
  expect(caller.observations.filter(({ level }) => level === 'error')).toMatchObject([
    { event: 'round.failed', code: 'program_crashed', method: 'tools/call', detail: 'Segmentation fault' },
  ]);
});

test('a program that exits within its handshake could not be started', async () => {
  const program = scripted({ isMute: true, onInitialized: () => {}, start: async () => {} });
  const dying = {
    ...program,
    start: async (listener: Parameters<typeof program.start>[0]) => {
      queueMicrotask(() => listener.onExit({ message: 'exit code 127', detail: 'not found' }));
      return program.start(listener);
    },
  };
  await expect(told(callerOf(dying), toolCall('x'))).rejects.toMatchObject({
    code: 'program_unstartable',
    detail: 'not found',
  });
});

test('a program that does not answer the handshake could not be started', async () => {
  holdTime();
  const outcome = expect(told(callerOf(scripted({ isMute: true })), toolCall('x'))).rejects.toMatchObject({
    code: 'program_unstartable',
    message: 'The program scripted was not ready within 30 seconds.',
  });
  await vi.advanceTimersByTimeAsync(LIMITS.programStartMsMax);
  await outcome;
});

test('an instance that arrives after the wait for it is ended', async () => {
  holdTime();
  let arrive = (): void => {};
  const program = scripted({
    start: () =>
      new Promise(resolve => {
        arrive = resolve;
      }),
  });
  const outcome = expect(told(callerOf(program), toolCall('x'))).rejects.toMatchObject({ code: 'program_unstartable' });
  await vi.advanceTimersByTimeAsync(LIMITS.programStartMsMax);
  await outcome;
  arrive();
  await vi.waitFor(() => expect(program.ends).toEqual(['stop']), { timeout: 60_000 });
});

test('a program that neither answers nor asks is unresponsive after the longest time of a round', async () => {
  holdTime();
  const caller = callerOf(scripted({ tools: { hang: never } }));
  const outcome = expect(told(caller, toolCall('hang'))).rejects.toMatchObject({
    code: 'program_unresponsive',
    message: 'The program scripted neither answered nor asked within 15 minutes.',
  });
  await vi.advanceTimersByTimeAsync(LIMITS.roundMsMax);
  await outcome;
});

test('a program that floods is stopped', async () => {
  const program = scripted({
    tools: {
      flood: scene => {
        for (let n = 0; n <= LIMITS.programMessagesPerRunMax; n++) scene.progress(n);
        return text('never');
      },
    },
  });
  const call = toolCall('flood', {}, { progressToken: 1 });
  await expect(told(callerOf(program), call)).rejects.toMatchObject({ code: 'program_flooding' });
  expect(program.ends).toEqual(['stop']);
});

test('garbage is reported and ignored', async () => {
  const caller = callerOf(
    scripted({
      tools: {
        chat: scene => {
          scene.garbage('Debugger listening on ws://…');
          return text('ok');
        },
      },
    }),
  );
  expect(textOf(await told(caller, toolCall('chat')))).toBe('ok');
  expect(caller.observations).toContainEqual({
    event: 'program.garbage',
    level: 'warning',
    message: 'The program scripted wrote something that is no JSON-RPC message.',
    detail: 'Debugger listening on ws://…',
  });
});

test('the answer comes first, and then nothing more', async () => {
  const caller = callerOf(
    scripted({
      tools: {
        babble: scene => {
          setImmediate(() => scene.progress(2));
          return text('ok');
        },
      },
    }),
  );
  const answer = await told(caller, toolCall('babble', {}, { progressToken: 1 }));
  await new Promise(resolve => setImmediate(() => setImmediate(resolve)));
  expect(answer.notifications).toEqual([]);
});

test('when the client goes away the program is told, and the iteration ends without a response', async () => {
  const gone = new AbortController();
  const program = scripted({
    tools: {
      work: () => {
        gone.abort();
        return never();
      },
    },
  });
  expect(await told(callerOf(program), toolCall('work'), { signal: gone.signal })).toEqual({ notifications: [] });
  expect(program.received.at(-1)).toMatchObject({
    method: 'notifications/cancelled',
    params: { requestId: expect.any(String) },
  });
  expect(program.ends).toEqual(['stop']);
});

test('a client that was gone before starts nothing', async () => {
  const program = scripted({ tools: { work: () => text('x') } });
  expect(await told(callerOf(program), toolCall('work'), { signal: AbortSignal.abort() })).toEqual({
    notifications: [],
  });
  expect(program.received).toEqual([]);
});

test('whoever stops iterating ends the run', async () => {
  const program = scripted({
    tools: {
      work: scene => {
        scene.progress(1);
        return never();
      },
    },
  });
  for await (const message of callerOf(program).server(toolCall('work', {}, { progressToken: 1 }), contextOf())) {
    expect(message).toMatchObject({ method: 'notifications/progress' });
    break;
  }
  expect(program.ends).toEqual(['stop']);
});

test('a run leaves no listener on the signal of its call', async () => {
  const { signal } = new AbortController();
  const added = vi.spyOn(signal, 'addEventListener');
  const removed = vi.spyOn(signal, 'removeEventListener');
  const caller = callerOf(scripted({ tools: { x: () => text('x') } }));
  for (let n = 0; n < 3; n++) await told(caller, toolCall('x'), { signal });
  expect(removed).toHaveBeenCalledTimes(added.mock.calls.length);
});

test('a question in other words takes the recorded answer of its place', async () => {
  let run = 0;
  const program = scripted({
    tools: { now: async scene => text(`${await scene.text(`It is ${++run} o'clock. Go?`)} at ${run}`) },
  });
  const caller = callerOf(program);
  const call = toolCall('now');
  const asked = await told(caller, call);
  const [key = ''] = Object.keys(questionsIn(asked));
  expect(textOf(await told(caller, retried(call, asked, { [key]: value('yes') })))).toBe('yes at 2');
});

test('a program that asks something else on its second run is stopped with both named', async () => {
  let run = 0;
  const program = scripted({
    tools: {
      fickle: async scene =>
        ++run === 1
          ? text(await scene.text('How much?'))
          : text(JSON.stringify(await scene.ask('sampling/createMessage', { messages: [] }))),
    },
  });
  const caller = callerOf(program);
  const call = toolCall('fickle');
  const asked = await told(caller, call);
  const [key = ''] = Object.keys(questionsIn(asked));
  await expect(told(caller, retried(call, asked, { [key]: value('5') }))).rejects.toMatchObject({
    code: 'journal_mismatch',
    message: expect.stringMatching(/elicitation\/create "How much\?"; attempted now: sampling\/createMessage/),
  });
});

test('a program that leaves a question out on its second run is stopped', async () => {
  let run = 0;
  const program = scripted({
    tools: { fickle: async scene => text(++run === 1 ? await scene.text('Sure?') : 'whatever') },
  });
  const caller = callerOf(program);
  const call = toolCall('fickle');
  const asked = await told(caller, call);
  const [key = ''] = Object.keys(questionsIn(asked));
  await expect(told(caller, retried(call, asked, { [key]: value('5') }))).rejects.toMatchObject({
    code: 'journal_mismatch',
  });
});

test('parallel questions that come in another order on the second run keep their answers', async () => {
  let run = 0;
  const program = scripted({
    tools: {
      race: async scene => {
        run++;
        const late = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));
        const slow = late(run === 1 ? 0 : 30).then(() => scene.text('Delete A?'));
        const fast = late(run === 1 ? 30 : 0).then(() => scene.text('Delete B?'));
        return text((await Promise.all([slow, fast])).join(' '));
      },
    },
  });
  const caller = callerOf(program);
  const call = toolCall('race');
  let asked = await told(caller, call);
  while (asked.result?.resultType === 'input_required') {
    const answers = Object.entries(questionsIn(asked)).map(([key, { params }]) => [
      key,
      value(String(params?.message)),
    ]);
    asked = await told(caller, retried(call, asked, Object.fromEntries(answers)));
  }
  expect(textOf(asked)).toBe('Delete A? Delete B?');
});

test('a program watched by the clock is suspended when it has been quiet', async () => {
  const program = scripted({ settleMs: 5, tools: { ask: async scene => text(await scene.text('Who?')) } });
  const caller = callerOf(program);
  const call = toolCall('ask');
  const asked = await told(caller, call);
  const [key = ''] = Object.keys(questionsIn(asked));
  expect(textOf(await told(caller, retried(call, asked, { [key]: value('Ada') })))).toBe('Ada');
});

test.each([
  'initialize',
  'ping',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
  'prompts/list',
  'tasks/list',
  'made/up',
])('%s is an unknown method', async method => {
  const answer = await told(callerOf(scripted({ capabilities: { tools: {}, tasks: {} } })), requestOf(method));
  expect(answer.error?.code).toBe(-32601);
});
