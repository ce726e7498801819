/** Upstreams that make tasks themselves: followed to their end for clients that know nothing of it, whatever process dies. */
import { describe, expect, it } from 'vitest';
import type { ModernRequest } from '../../core/protocol/envelope.ts';
import { LegacyClient } from '../support/legacy-client.ts';
import { proxyUnderTest } from '../support/proxies.ts';
import { question, scriptedUpstream, text } from '../support/upstreams/scripted.ts';

const EXTENSION = 'io.modelcontextprotocol/tasks';
const REFUSED = {
  code: -32021,
  message: 'Missing required client capability',
  data: { requiredCapabilities: { extensions: { [EXTENSION]: {} } } },
};
const isDeclared = ({ params }: ModernRequest): boolean =>
  Object.hasOwn(Object(params._meta['io.modelcontextprotocol/clientCapabilities'].extensions), EXTENSION);

type Shown = Record<string, unknown>;

/** A server whose one tool is a task, which shows one status after the other. */
function taskMaker(shown: readonly Shown[]) {
  const asked: string[] = [];
  const left = [...shown];
  const { server } = scriptedUpstream(
    {},
    {
      'tools/call': async function* () {
        return { resultType: 'task', taskId: 'there', status: 'working', ttlMs: null };
      },
      'tasks/get': async function* () {
        const next = left.length > 1 ? left.shift() : left[0];
        return { taskId: 'there', pollIntervalMs: 1, ttlMs: null, ...next };
      },
      'tasks/update': async function* () {
        return {};
      },
      'tasks/cancel': async function* () {
        return {};
      },
    },
  );
  const refusing: typeof server = async function* (request, call) {
    const { method, params, id } = request;
    const about = method === 'tasks/update' ? ` ${JSON.stringify(params.inputResponses)}` : '';
    if (method.startsWith('tasks/') || method === 'tools/call')
      asked.push(`${method}${isDeclared(request) ? '' : ' undeclared'}${about}`);
    if (method === 'tools/call' && !isDeclared(request)) yield { jsonrpc: '2.0', id, error: REFUSED };
    else yield* server(request, call);
  };
  return { server: refusing, asked };
}

const done = { status: 'completed', result: { ...text('done'), resultType: 'complete' } };
const asking = { status: 'input_required', inputRequests: { q: question('?') } };

describe('a task of the upstream', () => {
  it('is made once the upstream insists, and its result is the result of the call', async () => {
    const { server, asked } = taskMaker([{ status: 'working' }, done]);
    const client = await LegacyClient.open(proxyUnderTest(server).server);
    const stream = await client.stream(client.request('tools/call', { name: 'slow', arguments: {} }));
    expect(await stream.response()).toMatchObject({ result: text('done') });
    expect(asked).toEqual(['tools/call undeclared', 'tools/call', 'tasks/get', 'tasks/get']);
  });

  it('asks the client of the call, once for each question, and gets its answer', async () => {
    const { server, asked } = taskMaker([asking, asking, { status: 'working' }, done]);
    const client = await LegacyClient.open(proxyUnderTest(server).server);
    const stream = await client.stream(client.request('tools/call', { name: 'slow', arguments: {} }));
    await client.answer(await stream.question(), { action: 'accept', content: { value: 'v' } });
    expect(await stream.response()).toMatchObject({ result: text('done') });
    const answers = '{"q":{"action":"accept","content":{"value":"v"}}}';
    expect(asked.slice(2)).toEqual(['tasks/get', `tasks/update ${answers}`, 'tasks/get', 'tasks/get', 'tasks/get']);
  });

  it.each([
    ['failed', { status: 'failed', error: { code: -32000, message: 'No.' } }, { code: -32000, message: 'No.' }],
    ['cancelled', { status: 'cancelled' }, { code: -32603 }],
    ['unknown', { status: 'odd' }, { data: { code: 'upstream_invalid' } }],
  ])('that has %s ends the call with an error', async (_, shown, error) => {
    const client = await LegacyClient.open(proxyUnderTest(taskMaker([shown]).server).server);
    const stream = await client.stream(client.request('tools/call', { name: 'slow', arguments: {} }));
    expect(await stream.response()).toMatchObject({ error });
  });

  it('is followed by another process when the one that followed it has died, and is not made again', async () => {
    const { server, asked } = taskMaker([{ status: 'working' }]);
    const first = proxyUnderTest(server);
    const client = await LegacyClient.open(first.server);
    const stream = await client.stream({ jsonrpc: '2.0', id: 9, method: 'tools/call', params: { name: 'slow' } });
    const following = async () => {
      while (!asked.includes('tasks/get')) await new Promise(resolve => setTimeout(resolve, 5));
    };
    await following();
    const later = taskMaker([done]);
    const second = new LegacyClient(first.again(later.server).server);
    second.sessionId = client.sessionId;
    await stream.next();
    const again = await second.resume(stream.lastEventId);
    expect(await again.response()).toMatchObject({ result: text('done') });
    expect(later.asked).toEqual(['tasks/get']);
    await first.server.close();
    await stream.leave();
    expect(asked).not.toContain('tasks/cancel');
  });

  it('is cancelled with the call', async () => {
    const { server, asked } = taskMaker([{ status: 'working' }]);
    const under = proxyUnderTest(server);
    const client = await LegacyClient.open(under.server);
    await client.stream({ jsonrpc: '2.0', id: 9, method: 'tools/call', params: { name: 'slow' } });
    while (!asked.includes('tasks/get')) await new Promise(resolve => setTimeout(resolve, 5));
    await client.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 9 } });
    await under.server.idle();
    expect(asked.at(-1)).toBe('tasks/cancel');
  });
});
