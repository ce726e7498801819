/** Tools that a server of 2025 runs as tasks only, behind the contract of 2026: real tasks of SDK v1, followed by several processes. */
import { randomUUID } from 'node:crypto';
import { InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks';
import { describe, expect, it } from 'vitest';
import { newKeyRing } from '../../../core/adapters/crypto/key-ring.ts';
import { aesSeal } from '../../../core/adapters/crypto/seal.ts';
import { httpServer } from '../../../core/adapters/http/server.ts';
import type { CallContext, StatelessServer } from '../../../core/ports/stateless-server.ts';
import { GOES_ON_ELSEWHERE } from '../../../core/ports/stateless-server.ts';
import { Latch } from '../../support/latch.ts';
import type { Caller } from '../../support/programs/calling.ts';
import { questionsIn, requestOf, retried, textOf, told, toolCall } from '../../support/programs/calling.ts';
import v1Tasks from '../../support/servers/v1-tasks.ts';
import type { Of2025Options } from '../../support/upstreams/of-2025.ts';
import { serverOf2025 } from '../../support/upstreams/of-2025.ts';

const seal = aesSeal({ keys: newKeyRing() });
const environment = { now: () => Date.now(), newId: () => randomUUID() };

/** Another one each time stands for another process: nothing but the key is common. */
function adapter(url: string): Caller {
  const observer = () => undefined;
  return { server: httpServer({ url, observer, legacy: { seal, environment } }), observations: [] };
}

async function taskServer(options: Of2025Options = { sessions: true }, released?: Promise<unknown>) {
  const store = new InMemoryTaskStore();
  const there = await serverOf2025({ ...options, factory: () => v1Tasks(store, released) });
  const called = (method: string) => there.came.filter(({ rpc }) => rpc === method).length;
  return Object.assign(there, { store, called });
}

type Answers = Readonly<Record<string, string>>;
const ANSWERS: Answers = { 'What is your name?': 'Ada', 'Which colour do you like?': 'green' };

/** Makes a call and goes on with it, each round by the next of the callers, until it is over. */
async function played(name: string, callers: () => Caller, context: Partial<CallContext> = {}) {
  const call = toolCall(name, {}, { progressToken: 'p' });
  let answer = await told(callers(), call, context);
  const notifications = [...answer.notifications];
  for (let round = 1; answer.result?.resultType === 'input_required'; round++) {
    expect(round).toBeLessThan(9);
    const answers = Object.entries(questionsIn(answer)).map(([key, { params }]) => {
      const message = String(params?.message);
      const field = message.includes('name') ? 'name' : 'colour';
      return [key, { action: 'accept', content: { [field]: ANSWERS[message] } }];
    });
    const given = answers.length === 0 ? undefined : Object.fromEntries(answers);
    answer = await told(callers(), retried(call, answer, given), context);
    notifications.push(...answer.notifications);
  }
  return { ...answer, notifications };
}

const inOneProcess = (url: string): (() => Caller) => {
  const one = adapter(url);
  return () => one;
};

describe.each([
  ['with sessions and events', { sessions: true, events: true }],
  ['with sessions', { sessions: true }],
  ['with sessions, answering JSON', { sessions: true, json: true }],
])('a tool that is a task only, of a server %s', (_, options) => {
  it('is called like any other, whatever process makes the next round', async () => {
    await using there = await taskServer(options);
    expect(textOf(await played('work', inOneProcess(there.url)))).toBe('Worked.');
    expect(textOf(await played('work', () => adapter(there.url)))).toBe('Worked.');
    expect(textOf(await told(adapter(there.url), toolCall('plain')))).toBe('No task.');
    expect(there.called('tools/call')).toBe(3);
  });
});

describe.each([
  ['with sessions and events', { sessions: true, events: true }],
  ['with sessions', { sessions: true }],
])('a task of a server %s', (_, options) => {
  it('asks within, where one process follows it and where each round is another one', async () => {
    await using there = await taskServer(options);
    expect(textOf(await played('ask', inOneProcess(there.url)))).toBe('Ada');
    expect(textOf(await played('ask_twice', () => adapter(there.url)))).toBe('Ada, green');
    expect(there.called('tools/call')).toBe(2);
  });
});

describe('a task of a server of 2025', () => {
  it('is a round that gives nothing but state first, and leaves no trace in the result', async () => {
    await using there = await taskServer();
    const caller = adapter(there.url);
    const call = toolCall('work');
    const made = await told(caller, call);
    expect(made.result).toEqual({
      resultType: 'input_required',
      requestState: expect.stringMatching(/^following\./),
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'v1-tasks', version: '1.0.0' } },
    });
    expect(await told(caller, retried(call, made))).toEqual({
      notifications: [],
      result: {
        resultType: 'complete',
        content: [{ type: 'text', text: 'Worked.' }],
        _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'v1-tasks', version: '1.0.0' } },
      },
    });
    const [task] = (await there.store.listTasks()).tasks;
    expect(task).toMatchObject({ ttl: 172_800_000, status: 'completed' });
  });

  it('may ask before it is there, which is said', async () => {
    await using there = await taskServer({ sessions: true, events: true });
    const call = toolCall('ask_first');
    const asked = await told(adapter(there.url), call);
    expect(asked.result?._meta).toMatchObject({ 'dev.fermata/beforeTask': true });
    const [key = ''] = Object.keys(questionsIn(asked));
    const given = { [key]: { action: 'accept', content: { name: 'Ada' } } };
    const made = await told(adapter(there.url), retried(call, asked, given));
    expect(made.result?.inputRequests).toBeUndefined();
    expect(textOf(await told(adapter(there.url), retried(call, made)))).toBe('Ada');
    expect(there.called('tools/call')).toBe(1);
  });

  it('that fails gives what its tool gives', async () => {
    await using there = await taskServer();
    const { result } = await played('fail', inOneProcess(there.url));
    expect(result).toMatchObject({ isError: true, content: [{ text: 'It failed.' }] });
  });

  it('tells its progress, and not its name', async () => {
    await using there = await taskServer();
    const { notifications, result } = await played('report', inOneProcess(there.url));
    expect(result).toMatchObject({ content: [{ text: 'Reported.' }] });
    expect(notifications).toEqual([
      { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 'p', progress: 1 } },
    ]);
  });

  it('asks the process that follows it, and not one that has died at it', async () => {
    const released = new Latch();
    await using there = await taskServer({ sessions: true }, released.promise);
    const lease = (generation: number) => ({ lease: { session: 's', exchange: 'e', generation } }) as const;
    const call = toolCall('ask_late');
    const made = await told(adapter(there.url), call, lease(1));
    const dies = new AbortController();
    const died = told(adapter(there.url), retried(call, made), { ...lease(2), signal: dies.signal });
    await expect.poll(() => there.called('tasks/result')).toBe(1);
    dies.abort(GOES_ON_ELSEWHERE);
    await died;
    const next = told(adapter(there.url), retried(call, made), lease(3));
    await expect.poll(() => there.called('tasks/result')).toBe(2);
    released.resolve();
    expect(Object.values(questionsIn(await next))).toMatchObject([{ params: { message: 'What is your name?' } }]);
    expect(there.called('notifications/cancelled')).toBe(1);
  });

  it('is cancelled with its call, and left to the next process where this one only ends', async () => {
    await using there = await taskServer();
    const caller = adapter(there.url);
    const call = toolCall('never');
    const made = await told(caller, call);
    const follow = async (reason?: unknown) => {
      const before = there.called('tasks/result');
      const stop = new AbortController();
      const over = told(caller, retried(call, made), { signal: stop.signal });
      await expect.poll(() => there.called('tasks/result')).toBe(before + 1);
      stop.abort(reason);
      return over;
    };
    await follow(GOES_ON_ELSEWHERE);
    expect(there.called('tasks/cancel')).toBe(0);
    await follow();
    expect(there.called('tasks/cancel')).toBe(1);
    expect((await there.store.listTasks()).tasks).toMatchObject([{ status: 'cancelled' }]);
  });

  it('is cancelled with its call where that is given up at once as well', async () => {
    await using there = await taskServer();
    const caller = adapter(there.url);
    const call = toolCall('never');
    const made = await told(caller, call);
    const stop = new AbortController();
    const over = told(caller, retried(call, made), { signal: stop.signal });
    await new Promise(resolve => setImmediate(resolve));
    stop.abort();
    await over;
    expect((await there.store.listTasks()).tasks).toMatchObject([{ status: 'cancelled' }]);
  });

  it('that the server has forgotten loses its call', async () => {
    await using there = await taskServer();
    const caller = adapter(there.url);
    const call = toolCall('never');
    const made = await told(caller, call);
    there.store.cleanup();
    const follow = told(caller, retried(call, made));
    await expect(follow).rejects.toMatchObject({
      code: 'upstream_lost',
      message: expect.stringContaining('does not know the task'),
    });
  });

  it('is a task of one principal and one call: nobody else gets on with its state', async () => {
    await using there = await taskServer();
    const server: StatelessServer = adapter(there.url).server;
    const made = await told({ server, observations: [] }, toolCall('never'));
    const other = retried(requestOf('tools/call', { name: 'work' }), made);
    await expect(told({ server, observations: [] }, other)).rejects.toMatchObject({ code: 'state_rejected' });
    const eve = told({ server, observations: [] }, retried(toolCall('never'), made), { principal: { id: 'eve' } });
    await expect(eve).rejects.toMatchObject({ code: 'state_rejected' });
  });
});
