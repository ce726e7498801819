/** The extension `io.modelcontextprotocol/tasks`: a call that is slow or asks is a task of the principal that made it. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/base/limits.ts';
import type { StatelessServer } from '../../core/ports/stateless-server.ts';
import type { ModernRequest } from '../../core/protocol/envelope.ts';
import type { RpcNotification, RpcResponse } from '../../core/protocol/messages.ts';
import { proxyUnderTest } from '../support/proxies.ts';
import { progress, question, scriptedUpstream, text } from '../support/upstreams/scripted.ts';

const EXTENSION = 'io.modelcontextprotocol/tasks';
const DECLARED = { elicitation: { form: {} }, extensions: { [EXTENSION]: {} } };

const upstream = () =>
  scriptedUpstream({
    ask: async function* (request) {
      const { inputResponses, requestState } = request.params;
      if (inputResponses !== undefined) return text(`${requestState} ${JSON.stringify(inputResponses)}`);
      return {
        resultType: 'input_required',
        inputRequests: { a: question('a?'), b: question('b?') },
        requestState: 's',
      };
    },
    safe_wait: async function* (_, call) {
      await new Promise(resolve => call.signal.addEventListener('abort', resolve));
      return text('stopped');
    },
    quick: async function* (request) {
      yield progress(request, 1);
      return { ...text('at once'), structuredContent: [1] };
    },
    ask_before: async function* (request) {
      const { inputResponses, requestState } = request.params;
      if (inputResponses === undefined) {
        const _meta = { 'dev.fermata/beforeTask': true, kept: 1 };
        return { resultType: 'input_required', inputRequests: { a: question('a?') }, requestState: 's', _meta };
      }
      await new Promise(resolve => setTimeout(resolve, 300));
      return text(`${requestState} ${JSON.stringify(inputResponses)}`);
    },
    capabilities: async function* (request) {
      yield progress(request, 1);
      return text(JSON.stringify(request.params._meta['io.modelcontextprotocol/clientCapabilities']));
    },
  });

interface Ask {
  readonly principal?: string;
  readonly capabilities?: Record<string, unknown>;
}

function requestOf(
  method: string,
  params: Record<string, unknown>,
  capabilities: Record<string, unknown>,
): ModernRequest {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '0' },
    'io.modelcontextprotocol/clientCapabilities': capabilities,
  };
  return { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } } as ModernRequest;
}

/** The first messages of a stream that nobody ends. */
async function taken(said: AsyncIterable<RpcNotification | RpcResponse>, count = 1) {
  const heard: (RpcNotification | RpcResponse)[] = [];
  for await (const message of said) if (heard.push(message) === count) break;
  return heard;
}

async function all(
  server: StatelessServer,
  method: string,
  params: Record<string, unknown>,
  { principal = 'alice', capabilities = DECLARED }: Ask = {},
): Promise<(RpcNotification | RpcResponse)[]> {
  const request = requestOf(method, params, capabilities);
  const said = [];
  const context = { principal: { id: principal }, signal: new AbortController().signal };
  for await (const message of server(request, context)) said.push(message);
  return said;
}

async function ask(...given: Parameters<typeof all>): Promise<Record<string, unknown>> {
  const last = (await all(...given)).at(-1);
  if (last === undefined || !('result' in last)) throw new Error(`no result: ${JSON.stringify(last)}`);
  return last.result;
}

const call = (server: StatelessServer, name: string, options?: Ask) =>
  ask(server, 'tools/call', { name, arguments: {} }, options);

async function until(server: StatelessServer, taskId: unknown, status: string): Promise<Record<string, unknown>> {
  for (;;) {
    const found = await ask(server, 'tasks/get', { taskId });
    if (found.status === status) return found;
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}

const accept = (value: number) => ({ action: 'accept', content: { value } });

describe('a task of 2026-07-28', () => {
  it('asks through tasks/get and takes its answers one by one, in another process', async () => {
    const first = proxyUnderTest(upstream().server);
    const created = await call(first.server.modern, 'ask');
    expect(created).toMatchObject({ resultType: 'task', status: 'working', pollIntervalMs: 1_000 });
    const { taskId } = created;
    await until(first.server.modern, taskId, 'input_required');
    await first.server.close();

    const { modern } = first.again().server;
    const asked = await ask(modern, 'tasks/get', { taskId });
    expect(Object.keys(asked.inputRequests as object)).toEqual(['1.a', '1.b']);
    expect(
      await ask(modern, 'tasks/update', { taskId, inputResponses: { '1.a': accept(1), '9.z': accept(9) } }),
    ).toEqual({
      resultType: 'complete',
    });
    expect(Object.keys((await ask(modern, 'tasks/get', { taskId })).inputRequests as object)).toEqual(['1.b']);
    await ask(modern, 'tasks/update', { taskId, inputResponses: { '1.a': accept(3), '1.b': accept(2) } });
    const done = await until(modern, taskId, 'completed');
    expect(done.result).toMatchObject(
      text('s {"a":{"action":"accept","content":{"value":1}},"b":{"action":"accept","content":{"value":2}}}'),
    );
  });

  it('is not made of a call that ends soon, whose notifications and result pass untouched', async () => {
    const { modern } = proxyUnderTest(upstream().server).server;
    const [first, last] = await all(modern, 'tools/call', { name: 'quick', arguments: {}, task: { ttl: 1 } });
    expect(first).toMatchObject({ method: 'notifications/progress' });
    expect(last).toMatchObject({ id: 1, result: { resultType: 'complete', structuredContent: [1] } });
  });

  it('is made after the questions that belong before it, with their answers', async () => {
    const { modern } = proxyUnderTest(upstream().server).server;
    const asked = await call(modern, 'ask_before');
    expect(asked).toEqual({
      resultType: 'input_required',
      inputRequests: { a: question('a?') },
      requestState: 's',
      _meta: { kept: 1 },
    });
    const retry = { name: 'ask_before', arguments: {}, inputResponses: { a: accept(1) }, requestState: 's' };
    const created = await ask(modern, 'tools/call', retry);
    expect(created).toMatchObject({ resultType: 'task', status: 'working' });
    expect(created).not.toHaveProperty('requestState');
    const done = await until(modern, created.taskId, 'completed');
    expect(done.result).toMatchObject(text('s {"a":{"action":"accept","content":{"value":1}}}'));
  });

  it('takes no state that only the proxy can have made', async () => {
    const { modern } = proxyUnderTest(upstream().server).server;
    const forged = { name: 'ask', arguments: {}, requestState: 'fermata-task:{"taskId":"x","answered":[]}' };
    await expect(ask(modern, 'tools/call', forged)).rejects.toMatchObject({ code: 'state_rejected' });
    const broken = { ...forged, requestState: 'fermata-tasks-declared:{', inputResponses: {} };
    expect(await ask(modern, 'tools/call', broken)).toMatchObject({ resultType: 'complete' });
  });

  it('is not made for a client that does not declare the extension, and hidden from the upstream', async () => {
    const { modern } = proxyUnderTest(upstream().server).server;
    const plain = { elicitation: { form: {} } };
    expect(await call(modern, 'ask', { capabilities: plain })).toMatchObject({ resultType: 'input_required' });
    expect(await call(modern, 'capabilities')).toMatchObject(text(JSON.stringify(plain)));
    await expect(ask(modern, 'tasks/get', { taskId: 'x' }, { capabilities: plain })).rejects.toMatchObject({
      code: 'capability_missing',
      data: { requiredCapabilities: { extensions: { [EXTENSION]: {} } } },
    });
  });

  it('is told of on a stream that listens to it, beside what the upstream tells', async () => {
    const tick = { jsonrpc: '2.0', method: 'notifications/tools/list_changed', params: {} } as const;
    const acknowledged = 'notifications/subscriptions/acknowledged';
    const { server } = scriptedUpstream(
      {
        ask: async function* ({ params }) {
          if (params.inputResponses !== undefined) return text('thanks');
          return { resultType: 'input_required', inputRequests: { a: question('a?') }, requestState: 's' };
        },
      },
      {
        'subscriptions/listen': async function* ({ params }, { signal }) {
          yield { jsonrpc: '2.0', method: acknowledged, params: { notifications: params.notifications } };
          yield tick;
          await new Promise(resolve => signal.addEventListener('abort', resolve));
          return {};
        },
      },
    );
    const { modern } = proxyUnderTest(server).server;
    const { taskId } = await call(modern, 'ask');
    const leaving = new AbortController();
    const notifications = { toolsListChanged: true, taskIds: [taskId, taskId, 'unknown', 7] };
    const listen = (capabilities: Record<string, unknown>, principal: string) =>
      modern(requestOf('subscriptions/listen', { notifications }, capabilities), {
        principal: { id: principal },
        signal: leaving.signal,
      });
    await expect(listen({}, 'alice')[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'capability_missing',
    });

    const seen: unknown[] = [];
    for await (const message of listen(DECLARED, 'alice')) {
      if (!('method' in message)) break;
      const { method, params } = message;
      seen.push(method === 'notifications/tasks' ? params?.status : method);
      if (method === acknowledged) {
        expect(params?.notifications).toEqual({ toolsListChanged: true, taskIds: [taskId] });
        expect(params?._meta).toEqual({ 'io.modelcontextprotocol/subscriptionId': 1 });
      }
      if (params?.status === 'input_required')
        await ask(modern, 'tasks/update', { taskId, inputResponses: { '1.a': accept(1) } });
      if (params?.status === 'completed') {
        expect(params).toMatchObject({ taskId, result: text('thanks') });
        break;
      }
    }
    expect(seen[0]).toBe(acknowledged);
    expect(seen).toContain(tick.method);
    expect(seen.at(-1)).toBe('completed');
    const [first] = await taken(listen(DECLARED, 'bob'));
    expect(first).toMatchObject({ params: { notifications: { taskIds: [] } } });
    leaving.abort();
  });

  it('is told of although the upstream knows no listening', async () => {
    const { modern } = proxyUnderTest(upstream().server).server;
    const { taskId } = await call(modern, 'ask');
    const { signal } = new AbortController();
    const request = requestOf('subscriptions/listen', { notifications: { taskIds: [taskId] } }, DECLARED);
    const [first, second] = await taken(modern(request, { principal: { id: 'alice' }, signal }), 2);
    expect(first).toMatchObject({ params: { notifications: { taskIds: [taskId] } } });
    expect(second).toMatchObject({ method: 'notifications/tasks', params: { taskId } });
  });

  it('is not made where its principal has no room for it: the call is answered when it is done', async () => {
    const under = proxyUnderTest(upstream().server);
    const { modern } = under.server;
    const made: unknown[] = [];
    for (let n = 0; n < LIMITS.tasksPerPrincipalMax; n++) made.push((await call(modern, 'ask')).taskId);
    const asked = await call(modern, 'ask');
    expect(asked).toMatchObject({ resultType: 'input_required', requestState: 's' });
    expect(await call(modern, 'ask', { principal: 'bob' })).toMatchObject({ resultType: 'task' });
    await ask(modern, 'tasks/cancel', { taskId: made[0] });
    expect(await call(modern, 'ask')).toMatchObject({ resultType: 'task' });
  });

  it('is cancelled as often as one likes, which stops the round that runs', async () => {
    const under = proxyUnderTest(upstream().server);
    const { taskId } = await call(under.server.modern, 'safe_wait');
    const cancel = () => ask(under.server.modern, 'tasks/cancel', { taskId });
    expect(await cancel()).toEqual({ resultType: 'complete' });
    await under.server.idle();
    expect(await cancel()).toEqual({ resultType: 'complete' });
    expect(await ask(under.server.modern, 'tasks/get', { taskId })).toMatchObject({ status: 'cancelled' });
  });

  it('belongs to its principal, names no session, and is gone when its time is over', async () => {
    const under = proxyUnderTest(upstream().server);
    const { modern } = under.server;
    const { taskId } = await call(modern, 'ask');
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel'])
      await expect(ask(modern, method, { taskId }, { principal: 'bob' })).rejects.toMatchObject({
        code: 'invalid_params',
      });
    const { signal } = new AbortController();
    const legacy = { principal: { id: 'alice' }, sessionId: String(taskId), revision: undefined, signal };
    await expect(under.server.receive({ jsonrpc: '2.0', id: 1, method: 'ping' }, legacy)).rejects.toMatchObject({
      code: 'session_unknown',
    });
    under.clock.offsetMs += 2 * 24 * 60 * 60_000;
    await expect(ask(modern, 'tasks/get', { taskId })).rejects.toMatchObject({ code: 'invalid_params' });
  });

  it('has only the methods of the extension, which discovery offers', async () => {
    const { modern } = proxyUnderTest(upstream().server).server;
    const discovered = await ask(modern, 'server/discover', {});
    expect(discovered.capabilities).toMatchObject({ extensions: { [EXTENSION]: {} } });
    for (const method of ['tasks/result', 'tasks/list'])
      await expect(ask(modern, method, {})).rejects.toMatchObject({ code: 'method_unknown' });
  });
});
