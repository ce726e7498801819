/** What of a program's notifications reaches the client, on which stream, and how often. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { expect, test } from 'vitest';
import { sdkProgram } from '../../core/adapters/sdk/program.ts';
import type { RpcNotification, RpcResponse } from '../../core/protocol/messages.ts';
import {
  type Caller,
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

const LEVEL = 'io.modelcontextprotocol/logLevel';

test('progress goes out under the token of its request, and only upwards', async () => {
  const program = scripted({
    tools: {
      work: scene => {
        for (const progress of [1, 3, 2, 3, 4]) scene.progress(progress);
        scene.notify('notifications/progress', { progressToken: 'foreign', progress: 99 });
        return text('ok');
      },
    },
  });
  const { notifications } = await told(callerOf(program), toolCall('work', {}, { progressToken: 't' }));
  expect(notifications.map(({ params }) => params)).toEqual([
    { progressToken: 't', progress: 1 },
    { progressToken: 't', progress: 3 },
    { progressToken: 't', progress: 4 },
  ]);
});

const logging = () =>
  scripted({
    tools: {
      work: scene => {
        for (const level of ['debug', 'info', 'warning', 'error']) scene.log(level, level);
        return text('ok');
      },
    },
  });

test('log messages go out only if the client names a level, from that level on', async () => {
  expect((await told(callerOf(logging()), toolCall('work'))).notifications).toEqual([]);
  const { notifications } = await told(callerOf(logging()), toolCall('work', {}, { [LEVEL]: 'warning' }));
  expect(notifications.map(({ params }) => params?.data)).toEqual(['warning', 'error']);
});

test('the program is told client, level and subscriptions, then pinged, then asked', async () => {
  const program = scripted({
    tools: { x: () => text('x') },
    capabilities: { tools: {}, logging: {}, resources: { subscribe: true } },
  });
  const meta = {
    [LEVEL]: 'error',
    'dev.fermata/subscriptions': ['a:1'],
    'dev.fermata/roots': { roots: [] },
    traceparent: '00-1',
    progressToken: 9,
  };
  await told(callerOf(program), toolCall('x', { task: {}, inputResponses: {} }, meta));
  expect(program.received).toEqual([
    {
      jsonrpc: '2.0',
      id: 'initialize',
      method: 'initialize',
      params: {
        protocolVersion: '2025-11-25',
        capabilities: { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} },
        clientInfo: { name: 'test-client', version: '1.2.3' },
      },
    },
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    { jsonrpc: '2.0', id: 'level', method: 'logging/setLevel', params: { level: 'error' } },
    { jsonrpc: '2.0', id: 'subscribe a:1', method: 'resources/subscribe', params: { uri: 'a:1' } },
    { jsonrpc: '2.0', id: 'barrier', method: 'ping' },
    {
      jsonrpc: '2.0',
      id: expect.any(String),
      method: 'tools/call',
      params: { name: 'x', arguments: {}, _meta: { traceparent: '00-1', progressToken: 9 } },
    },
  ]);
});

test('what a program says again on replay is not sent again', async () => {
  const program = scripted({
    tools: {
      work: async scene => {
        scene.progress(1);
        scene.log('start');
        await scene.text('Go?');
        scene.progress(2);
        scene.log('start');
        scene.log('end');
        return text('ok');
      },
    },
  });
  const caller = callerOf(program);
  const call = toolCall('work', {}, { [LEVEL]: 'info', progressToken: 1 });
  const asked = await told(caller, call);
  const [key = ''] = Object.keys(questionsIn(asked));
  const answer = await told(caller, retried(call, asked, { [key]: value('yes') }));
  const said = ({ params }: RpcNotification) => params?.progress ?? params?.data;
  expect(asked.notifications.map(said)).toEqual([1, 'start']);
  expect(answer.notifications.map(said)).toEqual([2, 'start', 'end']);
});

const CHANGES = { tools: { listChanged: true }, prompts: { listChanged: true }, resources: { subscribe: true } };

const changing = () =>
  scripted({
    capabilities: CHANGES,
    tools: {
      tools: scene => {
        scene.notify('notifications/tools/list_changed', {});
        return text('ok');
      },
      resource: scene => {
        scene.notify('notifications/resources/updated', { uri: 'test://a/part' });
        scene.notify('notifications/resources/updated', { uri: 'test://ab' });
        scene.notify('notifications/elicitation/complete', { elicitationId: 'x' });
        return text('ok');
      },
    },
  });

function listen(caller: Caller, notifications: unknown, id: string | number = 7) {
  const closing = new AbortController();
  const request = requestOf('subscriptions/listen', { notifications }, {}, id);
  const messages = caller.server(request, contextOf({ signal: closing.signal }))[Symbol.asyncIterator]();
  const next = async (): Promise<RpcNotification | RpcResponse | undefined> => (await messages.next()).value;
  return { next, close: () => closing.abort() };
}

test('changes stay off response streams, and reach those who listen', async () => {
  const caller = callerOf(changing());
  const listener = listen(caller, {
    toolsListChanged: true,
    resourcesListChanged: true,
    resourceSubscriptions: ['test://a'],
  });
  const _meta = { 'io.modelcontextprotocol/subscriptionId': 7 };
  expect(await listener.next()).toEqual({
    jsonrpc: '2.0',
    method: 'notifications/subscriptions/acknowledged',
    params: { notifications: { toolsListChanged: true, resourceSubscriptions: ['test://a'] }, _meta },
  });

  expect((await told(caller, toolCall('tools'))).notifications).toEqual([]);
  expect(await listener.next()).toEqual({
    jsonrpc: '2.0',
    method: 'notifications/tools/list_changed',
    params: { _meta },
  });
  expect((await told(caller, toolCall('resource'))).notifications).toEqual([]);
  expect(await listener.next()).toMatchObject({
    method: 'notifications/resources/updated',
    params: { uri: 'test://a/part', _meta },
  });

  const last = listener.next();
  listener.close();
  expect(await last).toMatchObject({ id: 7, result: { resultType: 'complete', _meta } });
  expect(await listener.next()).toBeUndefined();
});

test('a listener hears only what it asked for, and one that left nothing at all', async () => {
  const caller = callerOf(changing());
  const prompts = listen(caller, { promptsListChanged: true }, 'p');
  const tools = listen(caller, { toolsListChanged: true }, 't');
  await Promise.all([prompts.next(), tools.next()]);
  await told(caller, toolCall('tools'));
  expect(await tools.next()).toMatchObject({ method: 'notifications/tools/list_changed' });
  prompts.close();
  expect(await prompts.next()).toMatchObject({ id: 'p', result: { resultType: 'complete' } });
});

test('runs subscribe at their program to what someone listens for', async () => {
  const program = changing();
  const caller = callerOf(program);
  const listener = listen(caller, { resourceSubscriptions: ['test://a'] });
  await listener.next();
  await told(caller, toolCall('tools'));
  expect(program.received).toContainEqual(
    expect.objectContaining({ method: 'resources/subscribe', params: { uri: 'test://a' } }),
  );
  listener.close();
  await listener.next();
  program.received.length = 0;
  await told(caller, toolCall('tools'));
  expect(JSON.stringify(program.received)).not.toContain('resources/subscribe');
});

test('listening to nothing in particular is refused', async () => {
  await expect(listen(callerOf(changing()), undefined).next()).rejects.toMatchObject({ code: 'invalid_params' });
});

test('the noise of the handshake reaches nobody', async () => {
  const program = scripted({
    capabilities: CHANGES,
    onInitialized: scene => scene.notify('notifications/tools/list_changed', {}),
    tools: { x: () => text('x') },
  });
  const caller = callerOf(program);
  const listener = listen(caller, { toolsListChanged: true });
  await listener.next();
  expect(textOf(await told(caller, toolCall('x')))).toBe('x');
  listener.close();
  expect(await listener.next()).toMatchObject({ result: { resultType: 'complete' } });
});

test('a connection is ended once for each place in the program, however often it is run', async () => {
  const factory = () => {
    const server = new McpServer({ name: 'polling', version: '1.0.0' });
    server.registerTool('work', {}, async ({ closeSSEStream }) => {
      closeSSEStream?.();
      await server.server.elicitInput({ message: 'Name?', requestedSchema: { type: 'object', properties: {} } });
      closeSSEStream?.();
      return { content: [] };
    });
    return server;
  };
  const call = toolCall('work', {}, { 'dev.fermata/endsConnections': true });
  const end = { jsonrpc: '2.0', method: 'notifications/dev.fermata/connection_end', params: { stream: 'call' } };
  const asked = await told(callerOf(sdkProgram(factory)), call);
  expect(asked.notifications).toEqual([end]);
  const [key = ''] = Object.keys(questionsIn(asked));
  const elsewhere = callerOf(sdkProgram(factory));
  const done = await told(elsewhere, retried(call, asked, { [key]: { action: 'decline' } }));
  expect(done).toMatchObject({ notifications: [end], result: { content: [] } });
});
