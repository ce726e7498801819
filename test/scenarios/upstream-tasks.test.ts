/** Tools that a server of 2025 runs as tasks only, behind `--upstream`: every client gets what it wants, and a killed Fermata loses none. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { TASKS_DECLARED } from '../../core/protocol/tasks.ts';
import { answered, FORMS, modern } from '../support/clients/modern-wire.ts';
import type { Side } from '../support/clients/sdk.ts';
import { SDK_CLIENT_NAMES, SDK_CLIENTS } from '../support/clients/sdk.ts';
import { deployed } from '../support/deployment.ts';
import { Latch } from '../support/latch.ts';
import { lastingPort, startProduct } from '../support/product.ts';
import v1Tasks from '../support/servers/v1-tasks.ts';
import { serverOf2025 } from '../support/upstreams/of-2025.ts';

const FIXTURE = fileURLToPath(new URL('../conformance/fixture.ts', import.meta.url));
type Json = Record<string, unknown>;

const WILLING: Side = { elicit: () => ({ action: 'accept', content: { name: 'Ada' } }) };
const text = (said: string) => [{ type: 'text', text: said }];
const options = { capabilities: { ...FORMS, ...TASKS_DECLARED } };
const asked = async (url: string, method: string, params: Json) =>
  (await answered(modern(url, method, params, options))).result;

/** The task once it waits for an answer, or has ended. */
async function rested(url: string, taskId: unknown): Promise<Json> {
  for (;;) {
    const task = await asked(url, 'tasks/get', { taskId });
    if (task.status !== 'working') return task;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

it.each(SDK_CLIENT_NAMES)('are called by %s like any other, and ask it [R110]', async name => {
  await using there = await serverOf2025({ sessions: true, events: true, factory: () => v1Tasks() });
  await using fermata = await deployed(['--upstream', there.url]);
  const client = await SDK_CLIENTS[name](fermata.url, WILLING);
  for (const [tool, said] of [
    ['work', 'Worked.'],
    ['ask', 'Ada'],
    ['ask_first', 'Ada'],
  ] as const)
    expect((await client.call(tool)).content).toEqual(text(said));
  expect(await client.call('fail')).toMatchObject({ isError: true, content: text('It failed.') });
  await client.close();
});

it('are tasks of Fermata for a client that declares tasks, however they go on there [R110]', async () => {
  await using there = await serverOf2025({ sessions: true, factory: () => v1Tasks() });
  await using fermata = await deployed(['--upstream', there.url]);
  const { resultType, taskId } = await asked(fermata.url, 'tools/call', { name: 'ask', arguments: {} });
  const waiting = await rested(fermata.url, taskId);
  expect([resultType, waiting.status]).toEqual(['task', 'input_required']);
  const inputResponses = Object.fromEntries(
    Object.keys(Object(waiting.inputRequests)).map(key => [key, { action: 'accept', content: { name: 'Bob' } }]),
  );
  await asked(fermata.url, 'tasks/update', { taskId, inputResponses });
  expect(await rested(fermata.url, taskId)).toMatchObject({ status: 'completed', result: { content: text('Bob') } });
  const endless = await asked(fermata.url, 'tools/call', { name: 'never', arguments: {} });
  await expect.poll(() => there.came.filter(({ rpc }) => rpc === 'tasks/result').length).toBeGreaterThan(1);
  await asked(fermata.url, 'tasks/cancel', { taskId: endless.taskId });
  await expect.poll(() => there.came.map(({ rpc }) => rpc)).toContain('tasks/cancel');
});

it('of a server of 2026, which makes tasks only where they are understood, are called like any other too', async () => {
  await using there = await deployed(['--program', FIXTURE]);
  await using fermata = await deployed(['--upstream', there.url]);
  const client = await SDK_CLIENTS['SDK v1'](fermata.url, WILLING);
  expect((await client.call('test_tool_with_task')).content).toEqual(text('Worked for Ada.'));
  expect(await client.call('failing_job')).toMatchObject({ isError: true, content: text('The job failed.') });
  await client.close();
  const { taskId } = await asked(fermata.url, 'tools/call', { name: 'failing_job', arguments: {} });
  expect(await rested(fermata.url, taskId)).toMatchObject({ status: 'completed', result: { isError: true } });
});

it('go on where they are when Fermata is killed, be it while they work or while they wait for a person [R111]', async () => {
  const [work, back] = [new Latch(), new Latch()];
  await using there = await serverOf2025({ sessions: true, factory: () => v1Tasks(undefined, work.promise) });
  const serve = ['--upstream', there.url];
  const product = { data: mkdtempSync(join(tmpdir(), 'fermata-tasks-there-')), port: await lastingPort(), serve };
  const first = await startProduct(product);
  const person = new Latch();
  const client = await SDK_CLIENTS['SDK v1'](first.url, {
    async elicit() {
      person.resolve();
      await back.promise;
      return WILLING.elicit({});
    },
  });
  const calls = [client.call('slow'), client.call('ask'), client.call('ask_late')];
  await person.promise;
  await expect.poll(() => there.came.filter(({ rpc }) => rpc === 'tasks/result').length).toBe(3);
  await first.kill();
  const second = await startProduct(product);
  await expect.poll(() => there.came.filter(({ rpc }) => rpc === 'tasks/result').length).toBeGreaterThan(4);
  work.resolve();
  back.resolve();
  const told = (await Promise.all(calls)).map(({ content }) => content);
  expect(told).toEqual([text('Slowly.'), text('Ada'), text('Ada')]);
  expect(there.came.filter(({ rpc }) => rpc === 'tools/call')).toHaveLength(3);
  await client.close();
  expect(await second.stop()).toBe(0);
});
