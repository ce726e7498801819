/** Tasks of 2025-11-25: any tool may be one, whatever process serves the next request about it. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/base/limits.ts';
import type { Reply } from '../../core/ports/stateful-server.ts';
import { isNotification } from '../../core/protocol/messages.ts';
import { LegacyClient, type Stream } from '../support/legacy-client.ts';
import { proxyUnderTest } from '../support/proxies.ts';
import { progress, question, scriptedUpstream, text } from '../support/upstreams/scripted.ts';

const upstream = () =>
  scriptedUpstream({
    ask: async function* (request) {
      const { inputResponses } = request.params;
      if (inputResponses === undefined)
        return { resultType: 'input_required', inputRequests: { q: question('?') }, requestState: 's' };
      return text(JSON.stringify(inputResponses));
    },
    safe_wait: async function* (_, call) {
      await new Promise(resolve => call.signal.addEventListener('abort', resolve));
      return text('stopped');
    },
    safe_report: async function* (request) {
      if (request.params.inputResponses === undefined) {
        yield progress(request, 1, 3);
        return { resultType: 'input_required', inputRequests: { q: question('?') }, requestState: 's' };
      }
      yield { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'said' } };
      yield progress(request, 2, 3);
      return text('done');
    },
    visit: async function* (request) {
      const q = { method: 'elicitation/create', params: { mode: 'url', message: 'Go', url: 'https://a.example/' } };
      if (request.params.inputResponses === undefined)
        return { resultType: 'input_required', inputRequests: { q }, requestState: 's' };
      return text('visited');
    },
    fail: async function* () {
      return { ...text('broken'), isError: true };
    },
  });

const resultOf = (reply: Reply): Record<string, unknown> => {
  if (reply.kind !== 'json' || !('result' in reply.body)) throw new Error(`no result: ${JSON.stringify(reply)}`);
  return reply.body.result as Record<string, unknown>;
};

interface LegacyTask {
  readonly taskId: string;
  readonly status: string;
}

async function begin(client: LegacyClient, name: string, task: Record<string, unknown> = {}): Promise<LegacyTask> {
  const reply = await client.post(client.request('tools/call', { name, arguments: {}, task }));
  return resultOf(reply).task as LegacyTask;
}

const get = async (client: LegacyClient, { taskId }: LegacyTask) =>
  resultOf(await client.post(client.request('tasks/get', { taskId })));

async function until(client: LegacyClient, task: LegacyTask, status: string): Promise<Record<string, unknown>> {
  for (;;) {
    const found = await get(client, task);
    if (found.status === status) return found;
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}

describe('a task of 2025-11-25', () => {
  it('asks through tasks/result of another process, and gives its result there', async () => {
    const first = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(first.server);
    const task = await begin(client, 'ask', { ttl: 60_000 });
    expect(task).toMatchObject({ status: 'working', ttl: 60_000, pollInterval: 1_000 });
    await until(client, task, 'input_required');
    await first.server.close();

    const second = new LegacyClient(first.again().server);
    second.sessionId = client.sessionId;
    const stream = await second.stream({
      jsonrpc: '2.0',
      id: 77,
      method: 'tasks/result',
      params: { taskId: task.taskId },
    });
    const asked = await stream.question();
    const related = { 'io.modelcontextprotocol/related-task': { taskId: task.taskId } };
    expect(asked.params?._meta).toEqual(related);
    await second.answer(asked, { action: 'accept', content: { a: 1 } });
    expect(await stream.response()).toEqual({
      jsonrpc: '2.0',
      id: 77,
      result: { ...text('{"q":{"action":"accept","content":{"a":1}}}'), _meta: related },
    });
    expect(await get(second, task)).toMatchObject({ status: 'completed' });
  });

  it('is cancelled once, which stops the round that runs', async () => {
    const under = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(under.server);
    const task = await begin(client, 'safe_wait');
    const cancel = () => client.post(client.request('tasks/cancel', { taskId: task.taskId }));
    expect(resultOf(await cancel())).toMatchObject({ taskId: task.taskId, status: 'cancelled' });
    await under.server.idle();
    expect(await cancel()).toMatchObject({ body: { error: { code: -32602 } } });
    expect(await get(client, task)).toMatchObject({ status: 'cancelled' });
  });

  it('runs again in another process when the one that ran it has died and the tool allows it', async () => {
    const first = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(first.server);
    const task = await begin(client, 'safe_wait');
    const calls = scriptedUpstream({
      safe_wait: async function* () {
        return text('ran again');
      },
    });
    const second = new LegacyClient(first.again(calls.server).server);
    second.sessionId = client.sessionId;
    await until(second, task, 'completed');
    expect(calls.requests.filter(({ method }) => method === 'tools/call')).toHaveLength(1);
    await first.server.close();
  });

  it('has failed when its tool says so, and is gone when its time is over', async () => {
    const under = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(under.server);
    const task = await begin(client, 'fail', { ttl: 60_000 });
    await until(client, task, 'failed');
    under.clock.offsetMs += 60_000;
    const gone = await client.post(client.request('tasks/get', { taskId: task.taskId }));
    expect(gone).toMatchObject({ kind: 'json', body: { error: { code: -32602 } } });
  });

  it('is unknown under a guessed id, in another session, and in a revision without tasks', async () => {
    const under = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(under.server);
    const { taskId } = await begin(client, 'ask');
    const others = [
      [client, `${taskId.split('.')[0]}.guess`, -32602],
      [await LegacyClient.open(under.server), taskId, -32602],
      [await LegacyClient.open(under.server, { revision: '2025-06-18' }), taskId, -32601],
    ] as const;
    for (const [other, id, code] of others) {
      const reply = await other.post(other.request('tasks/get', { taskId: id }));
      expect(reply).toMatchObject({ kind: 'json', body: { error: { code } } });
    }
  });

  it('is offered to clients whose revision has tasks, and there is no list of them for nobody in particular', async () => {
    const under = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(under.server);
    const list = resultOf(await client.post(client.request('tools/list')));
    expect(list.tools).toContainEqual(expect.objectContaining({ execution: { taskSupport: 'optional' } }));
    expect(await client.post(client.request('tasks/list'))).toMatchObject({ body: { error: { code: -32601 } } });
    const old = await LegacyClient.open(under.server, { revision: '2025-06-18' });
    const reply = await old.post(old.request('tools/call', { name: 'fail', arguments: {}, task: {} }));
    expect(resultOf(reply)).toEqual({ ...text('broken'), isError: true });
  });

  it('outlives a connection that reads its result', async () => {
    const under = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(under.server);
    const task = await begin(client, 'ask');
    const result = () => client.stream(client.request('tasks/result', { taskId: task.taskId }));
    const left: Stream = await result();
    const asked = await left.question();
    await left.leave();
    const again = await result();
    expect((await again.question()).id).toBe(asked.id);
    await client.answer(asked, { action: 'decline' });
    expect(await again.response()).toMatchObject({ result: text('{"q":{"action":"decline"}}') });
  });

  it('is listed to its authenticated principal, page by page, with a cursor that is good for nobody else', async () => {
    const { server } = proxyUnderTest(upstream().server);
    const alice = await LegacyClient.open(server, { principal: 'alice' });
    const bob = await LegacyClient.open(server, { principal: 'bob' });
    const made = new Set<string>();
    for (let n = 0; n <= LIMITS.tasksPerPageMax; n++) made.add((await begin(alice, 'fail')).taskId);
    const theirs = await begin(bob, 'fail');
    const page = async (client: LegacyClient, params?: Record<string, unknown>) =>
      resultOf(await client.post(client.request('tasks/list', params))) as { tasks: LegacyTask[]; nextCursor?: string };
    const first = await page(alice);
    const second = await page(alice, { cursor: first.nextCursor });
    expect(first.tasks).toHaveLength(LIMITS.tasksPerPageMax);
    expect(second).not.toHaveProperty('nextCursor');
    expect(new Set([...first.tasks, ...second.tasks].map(({ taskId }) => taskId))).toEqual(made);
    expect((await page(bob)).tasks.map(({ taskId }) => taskId)).toEqual([theirs.taskId]);
    for (const cursor of [first.nextCursor, 'n1', 'n1.x', 7])
      expect(await bob.post(bob.request('tasks/list', { cursor }))).toMatchObject({
        body: { error: { code: -32602 } },
      });
  });

  it('reports with the token of its call on its result stream, where it was left or from the newest on', async () => {
    const under = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(under.server);
    const call = client.request('tools/call', { name: 'safe_report', task: {}, _meta: { progressToken: 'p' } });
    const task = resultOf(await client.post(call)).task as LegacyTask;
    await until(client, task, 'input_required');
    const result = () => client.stream(client.request('tasks/result', { taskId: task.taskId }));
    const told = ({ seen }: Stream) =>
      seen.flatMap(({ message }) => (message !== undefined && isNotification(message) ? [message] : []));
    const first = await result();
    const asked = await first.question();
    const _meta = { 'io.modelcontextprotocol/related-task': { taskId: task.taskId } };
    expect(told(first)).toEqual([
      {
        jsonrpc: '2.0',
        method: 'notifications/progress',
        params: { progressToken: 'p', progress: 1, total: 3, _meta },
      },
    ]);
    await first.leave();
    await client.answer(asked, { action: 'decline' });
    await until(client, task, 'completed');
    const resumed = await client.resume(first.lastEventId);
    expect(await resumed.response()).toMatchObject({ result: text('done') });
    expect(told(resumed).map(({ method }) => method)).toEqual(['notifications/message', 'notifications/progress']);
    const anew = await result();
    await anew.response();
    expect(told(anew)).toMatchObject([{ params: { progress: 2 } }]);
  });

  it('tells that a page is done with before it gives its result', async () => {
    const { server } = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(server, { capabilities: { elicitation: { url: {} } } });
    const task = await begin(client, 'visit');
    const stream = await client.stream(client.request('tasks/result', { taskId: task.taskId }));
    const asked = await stream.question();
    await client.answer(asked, { action: 'accept' });
    await stream.response();
    const complete = stream.seen.flatMap(({ message }) =>
      message !== undefined && isNotification(message) && message.method === 'notifications/elicitation/complete'
        ? [message.params?.elicitationId]
        : [],
    );
    expect(complete).toEqual([asked.params?.elicitationId]);
  });

  it('belongs to its principal: in another session it is listed, asks, gives its result and is cancelled', async () => {
    const { server } = proxyUnderTest(upstream().server);
    const first = await LegacyClient.open(server, { principal: 'alice' });
    const asking = await begin(first, 'ask');
    const working = await begin(first, 'safe_wait');
    const second = await LegacyClient.open(server, { principal: 'alice' });
    const own = await begin(second, 'fail');
    await until(second, own, 'failed');
    const listed = resultOf(await second.post(second.request('tasks/list'))).tasks as LegacyTask[];
    expect(new Set(listed.map(({ taskId }) => taskId))).toEqual(
      new Set([asking, working, own].map(task => task.taskId)),
    );

    const message = { jsonrpc: '2.0', id: 'r', method: 'tasks/result', params: { taskId: asking.taskId } };
    const left = await second.stream(message);
    await second.answer(await left.question(), { action: 'decline' });
    expect(await left.response()).toMatchObject({ id: 'r', result: text('{"q":{"action":"decline"}}') });
    const cancelled = await second.post(second.request('tasks/cancel', { taskId: working.taskId }));
    expect(resultOf(cancelled)).toMatchObject({ status: 'cancelled' });
    expect(await get(first, working)).toMatchObject({ status: 'cancelled' });
  });

  it('is resumed from another session of its principal, and asks nothing that its client cannot answer', async () => {
    const under = proxyUnderTest(upstream().server, { holdMs: 50 });
    under.clock.runs = true;
    const first = await LegacyClient.open(under.server, { principal: 'alice' });
    const task = await begin(first, 'ask');
    await until(first, task, 'input_required');
    const second = await LegacyClient.open(under.server, { principal: 'alice', capabilities: {} });
    const stream = await second.stream(second.request('tasks/result', { taskId: task.taskId }));
    expect((await stream.rest()).filter(({ message }) => message !== undefined)).toEqual([]);
    const asked = await (await first.stream(first.request('tasks/result', { taskId: task.taskId }))).question();
    await first.answer(asked, { action: 'decline' });
    const again = await second.resume(stream.lastEventId);
    expect(await again.response()).toMatchObject({ result: text('{"q":{"action":"decline"}}') });
  });

  it('is nothing to another principal, and over with its session', async () => {
    const { server } = proxyUnderTest(upstream().server);
    const alice = await LegacyClient.open(server, { principal: 'alice' });
    const task = await begin(alice, 'ask');
    await until(alice, task, 'input_required');
    const reader = await LegacyClient.open(server, { principal: 'alice' });
    const stream = await reader.stream(reader.request('tasks/result', { taskId: task.taskId }));
    const asked = await stream.question();
    const bob = await LegacyClient.open(server, { principal: 'bob' });
    const unknown = { body: { error: { code: -32602 } } };
    for (const method of ['tasks/get', 'tasks/cancel', 'tasks/result'])
      expect(await bob.post(bob.request(method, { taskId: task.taskId }))).toMatchObject(unknown);
    await expect(bob.resume(stream.lastEventId)).rejects.toMatchObject({ code: 'stream_unknown' });
    await bob.answer(asked, { action: 'accept', content: {} });
    expect(await get(alice, task)).toMatchObject({ status: 'input_required' });
    expect(resultOf(await bob.post(bob.request('tasks/list'))).tasks).toEqual([]);

    await server.end(alice.call());
    expect(await reader.post(reader.request('tasks/get', { taskId: task.taskId }))).toMatchObject(unknown);
    expect(resultOf(await reader.post(reader.request('tasks/list'))).tasks).toEqual([]);
  });

  it('tells on its result stream how its status changes, and in every status when it last did', async () => {
    const under = proxyUnderTest(upstream().server);
    const client = await LegacyClient.open(under.server);
    const task = await begin(client, 'ask');
    const asking = await until(client, task, 'input_required');
    expect(asking.statusMessage).toBe('Waiting for an answer.');
    under.clock.offsetMs += 5_000;
    const stream = await client.stream(client.request('tasks/result', { taskId: task.taskId }));
    await client.answer(await stream.question(), { action: 'decline' });
    await stream.response();
    const notices = stream.seen.flatMap(({ message }) =>
      message !== undefined && isNotification(message) ? [message] : [],
    );
    expect(notices.at(-1)).toMatchObject({
      method: 'notifications/tasks/status',
      params: { taskId: task.taskId, status: 'completed' },
    });
    const done = await get(client, task);
    const elapsedMs = Date.parse(String(done.lastUpdatedAt)) - Date.parse(String(asking.lastUpdatedAt));
    expect(elapsedMs).toBeGreaterThanOrEqual(5_000);
  });

  it('is read on several connections, each of which ends when it is held no longer and goes on where it was', async () => {
    const under = proxyUnderTest(upstream().server, { holdMs: 50 });
    under.clock.runs = true;
    const client = await LegacyClient.open(under.server);
    const task = await begin(client, 'ask');
    await until(client, task, 'input_required');
    const message = { jsonrpc: '2.0', id: 'a.b', method: 'tasks/result', params: { taskId: task.taskId } };
    const first = await client.stream(message);
    const asked = await first.question();
    expect((await first.rest()).filter(({ message }) => message !== undefined)).toHaveLength(1);

    const second = await client.resume(first.lastEventId);
    expect((await second.rest()).filter(({ message }) => message !== undefined)).toEqual([]);
    const elsewhere = new LegacyClient(under.again().server);
    elsewhere.sessionId = client.sessionId;
    await elsewhere.answer(asked, { action: 'decline' });
    const third = await elsewhere.resume(second.lastEventId);
    expect(await third.response()).toMatchObject({ id: 'a.b', result: text('{"q":{"action":"decline"}}') });

    const stranger = await LegacyClient.open(under.server, { principal: 'bob' });
    await expect(stranger.resume(first.lastEventId)).rejects.toMatchObject({ code: 'stream_unknown' });
    for (const broken of ['task.x.1.1', 'task.%.1.1', 'task.%5B1%5D.1.1', 'task.'])
      await expect(client.resume(broken)).rejects.toMatchObject({ code: 'stream_unknown' });
  });

  it('is refused to a principal that has as many unfinished ones as it may, in all its sessions together', async () => {
    const { server } = proxyUnderTest(upstream().server);
    const clients = [await LegacyClient.open(server), await LegacyClient.open(server)] as const;
    const made: LegacyTask[] = [];
    for (let n = 0; n < LIMITS.tasksPerPrincipalMax; n++) made.push(await begin(clients[n % 2 === 0 ? 0 : 1], 'ask'));
    await expect(begin(clients[0], 'ask')).rejects.toMatchObject({
      code: 'tasks_exceeded',
      data: { limit: LIMITS.tasksPerPrincipalMax },
    });
    const [first] = made;
    await clients[0].post(clients[0].request('tasks/cancel', { taskId: first?.taskId }));
    await begin(clients[1], 'ask');
    await begin(await LegacyClient.open(server, { principal: 'bob' }), 'ask');
  });
});
