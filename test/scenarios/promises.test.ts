/** What Fermata itself promises of calls: how replay fails, what a task is in each era, and that nothing is kept for ever. */
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { memoryStores } from '../../core/adapters/memory/stores.ts';
import { isObject } from '../../core/protocol/messages.ts';
import { answered, answering, FORMS, modern, refused } from '../support/clients/modern-wire.ts';
import { textIn, WireClient } from '../support/clients/wire.ts';
import { WireCall } from '../support/clients/wire-call.ts';
import { deployed, deployedTwice } from '../support/deployment.ts';

vi.setConfig({ testTimeout: 20_000 });

const server = (name: string): string => fileURLToPath(new URL(`../support/servers/${name}.ts`, import.meta.url));
const LIBRARY = ['--program', server('v1-library')];
const AWAIT = ['--program', server('v1-await')];
const DAY_MS = 24 * 60 * 60_000;
const TASKS = 'io.modelcontextprotocol/tasks';
const named = (name: string, args: Record<string, unknown> = {}) => ({ name, arguments: args });

afterEach(() => {
  vi.useRealTimers();
});

describe('a program that is run again', () => {
  it('and asks nothing of the kind is stopped by journal_mismatch; one that must not be run again is not [R100]', async () => {
    const [one, other] = await deployedTwice(LIBRARY);
    const capabilities = { ...FORMS, roots: {} };
    const begun = async (tool: string, url: string) =>
      (await answered(modern(url, 'tools/call', named(tool), { capabilities }))).result;
    const next = async (tool: string, result: Record<string, unknown>, url: string) => {
      const params = answering(named(tool), result, () => ({ action: 'accept', content: { name: 'Ada' } }));
      return (await answered(modern(url, 'tools/call', params, { capabilities }))).error;
    };
    const fickle = await begun('fickle', one.url);
    expect(await next('fickle', fickle, other.url)).toMatchObject({ code: -32603, data: { code: 'journal_mismatch' } });

    const [here, there] = await deployedTwice([...LIBRARY, '--not-repeatable']);
    const stages = await begun('stages', here.url);
    expect(await next('stages', stages, there.url)).toMatchObject({ code: -32603, data: { code: 'run_lost' } });
    const happened = textIn((await answered(modern(here.url, 'tools/call', named('happened')))).messages.at(-1));
    expect(happened.match(/stages began/g)).toHaveLength(1);
    for (const deployment of [one, other, here, there]) await deployment[Symbol.asyncDispose]();
  });
});

describe('a task', () => {
  it('of 2025-11-25 is made at once, gives what the call gives, and is cancelled only while it runs [R49]', async () => {
    await using deployment = await deployed(AWAIT);
    const client = await WireClient.open(deployment.url);
    const said = async (method: string, params: Record<string, unknown>) =>
      (await WireCall.of(client, client.request(method, params))).response();
    const greet = named('greet', { name: 'Ada' });
    const made = await said('tools/call', { ...greet, task: { ttl: 60_000 } });
    expect(made).toMatchObject({
      result: { task: { taskId: expect.any(String), createdAt: expect.any(String), ttl: expect.any(Number) } },
    });
    const taskId = Object(Object(made).result).task.taskId;
    const plain = Object(await said('tools/call', greet)).result;
    const related = { 'io.modelcontextprotocol/related-task': { taskId } };
    expect(Object(await said('tasks/result', { taskId })).result).toEqual({
      ...plain,
      _meta: { ...plain._meta, ...related },
    });
    expect(await said('tasks/get', { taskId })).toMatchObject({ result: { taskId, status: 'completed' } });
    expect(await said('tasks/cancel', { taskId })).toMatchObject({ error: { code: -32602 } });
    expect(await said('tasks/get', { taskId: 'none' })).toMatchObject({ error: { code: -32602 } });
  });

  it('of 2026 is made for those who declare the extension, and stored before it is told [R90]', async () => {
    await using deployment = await deployed(LIBRARY);
    const declaring = { ...FORMS, extensions: { [TASKS]: {} } };
    const said = (method: string, params: Record<string, unknown>, capabilities: Record<string, unknown> = declaring) =>
      modern(deployment.url, method, params, { id: 't', capabilities });
    const { result } = await answered(said('tools/call', named('wait', { name: 'as a task' })));
    expect(result).toMatchObject({ resultType: 'task', status: 'working', taskId: expect.any(String) });
    const { taskId } = result;
    const got = await answered(said('tasks/get', { taskId }));
    expect(got.result).toMatchObject({ resultType: 'complete', taskId, status: 'working' });
    expect((await answered(said('tasks/update', { taskId, inputResponses: {} }))).result.resultType).toBe('complete');
    for (let n = 0; n < 2; n++)
      expect((await answered(said('tasks/cancel', { taskId }))).result.resultType).toBe('complete');
    expect((await answered(said('tasks/get', { taskId }))).result).toMatchObject({ status: 'cancelled' });
    expect((await answered(said('tasks/get', { taskId: 'none' }))).error).toMatchObject({ code: -32602 });
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel'])
      expect(await refused(said(method, { taskId, inputResponses: {} }, FORMS))).toEqual([400, -32021, 't']);
    for (const method of ['tasks/list', 'tasks/result'])
      expect(await refused(said(method, { taskId }))).toEqual([404, -32601, 't']);
    const plain = await answered(said('tools/call', named('stages'), FORMS));
    expect(plain.result.resultType).toBe('input_required');
  });
});

describe('what is stored', () => {
  it('is over some day, and what a session left open is withdrawn with it [R106]', async () => {
    const stores = memoryStores();
    await using deployment = await deployed(AWAIT, {}, () => ({ ...stores, close: async () => {} }));
    const asked = async () => {
      const client = await WireClient.open(deployment.url);
      const call = await WireCall.of(client, client.tool('introduce'));
      await call.question();
      call.leave();
      return client;
    };
    const [leaves, stays] = [await asked(), await asked()];
    // A store may delete late: what has expired is not there for anyone who reads.
    const open = async ({ sessionId = '' }: WireClient) =>
      (await stores.exchanges.unsettled(sessionId)).filter(({ expiresAtMs }) => expiresAtMs > Date.now()).length;
    expect([await open(leaves), await open(stays)]).toEqual([1, 1]);
    await leaves.delete();
    expect([await open(leaves), await open(stays)]).toEqual([0, 1]);
    const exchange = await stores.exchanges.load(stays.sessionId ?? '', 'n1');
    expect(isObject(exchange) && Number(exchange.expiresAtMs) - Date.now()).toBeLessThanOrEqual(15 * DAY_MS);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 15 * DAY_MS });
    expect(await open(stays)).toBe(0);
    expect((await stays.resume('n1.0')).status).toBe(404);
  });
});
