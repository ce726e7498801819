/** The proxy over DynamoDB stores that throttle, fail, delay and lose acknowledgements: nothing twice, nothing lost. */

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dynamodbStores } from '../../../core/adapters/dynamodb/stores.ts';
import { isResponse } from '../../../core/protocol/messages.ts';
import { clientOf, freshTable, stubbornClientOf } from '../../support/dynamodb/clients.ts';
import type { Emulator } from '../../support/dynamodb/emulator.ts';
import { startEmulator } from '../../support/dynamodb/emulator.ts';
import type { FaultProxy } from '../../support/dynamodb/fault-proxy.ts';
import { startFaultProxy } from '../../support/dynamodb/fault-proxy.ts';
import { atRandom } from '../../support/dynamodb/mishaps.ts';
import { LegacyClient } from '../../support/legacy-client.ts';
import type { ProxyUnderTest } from '../../support/proxies.ts';
import { proxyUnderTest, TestClock } from '../../support/proxies.ts';
import { progress, question, scriptedUpstream, text } from '../../support/upstreams/scripted.ts';

const PROGRESS = 40;

let emulator: Emulator;
let mishaps: FaultProxy;
let client: DynamoDBClient;
let table: string;

beforeAll(async () => {
  emulator = await startEmulator();
  mishaps = await startFaultProxy(emulator.endpoint);
  client = stubbornClientOf(mishaps.endpoint);
  const direct = clientOf(emulator.endpoint);
  table = await freshTable(direct);
  direct.destroy();
});
afterAll(async () => {
  client.destroy();
  await mishaps.stop();
  await emulator.stop();
});

const upstream = () =>
  scriptedUpstream({
    order: async function* (request) {
      for (let done = 1; done <= PROGRESS; done++) yield progress(request, done);
      const { requestState, inputResponses } = request.params;
      if (requestState === undefined)
        return { resultType: 'input_required', inputRequests: { what: question('What?') }, requestState: 'one' };
      if (requestState === 'one')
        return { resultType: 'input_required', inputRequests: { sure: question('Sure?') }, requestState: 'two' };
      return text(`${requestState} ${JSON.stringify(inputResponses)}`);
    },
  });

/** A process of its own: it shares the table with the others, and nothing else. */
function processOn(clock: TestClock, server: ReturnType<typeof upstream>): ProxyUnderTest {
  const stores = dynamodbStores({ client, table, environment: clock });
  return proxyUnderTest(server.server, {}, { stores, clock, mayBeAlive: stores.mayBeAlive });
}

describe.each([1, 2, 3, 4, 5, 6])('mishaps of seed %i', seed => {
  test('a call with two questions, each answered at another process, settles once and every event comes once and in order', async () => {
    const [clock, scripted] = [new TestClock(), upstream()];
    // A claim whose acknowledgement is lost for good lapses by itself.
    clock.runs = true;
    mishaps.plan = () => undefined;
    const processes = [0, 1, 2].map(() => processOn(clock, scripted));
    const [first, second, third] = processes.map(({ server }) => new LegacyClient(server));
    if (first === undefined || second === undefined || third === undefined) throw new Error('three processes');
    const { sessionId } = await LegacyClient.open(first.server);
    for (const visitor of [first, second, third]) visitor.sessionId = sessionId;
    mishaps.plan = atRandom(seed, 0.25);

    const stream = await first.stream(first.tool('order', {}, { progressToken: 'p' }));
    const what = await stream.question();
    await stream.leave();
    await second.answer(what, { action: 'accept', content: { value: 'a' } });
    const resumed = await third.resume(stream.lastEventId);
    const sure = await resumed.question();
    await Promise.all([1, 2].map(() => third.answer(sure, { action: 'accept', content: { value: 'b' } })));
    await resumed.rest();

    const events = [...stream.seen, ...resumed.seen].filter(event => event.message !== undefined);
    const numbers = events.flatMap(({ id }) => (id === undefined ? [] : [Number(id.split('.')[1])]));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    const responses = events.flatMap(({ message }) => (message && isResponse(message) ? [message] : []));
    expect(responses).toHaveLength(1);
    expect(responses[0]).toMatchObject({
      result: text('two {"sure":{"action":"accept","content":{"value":"b"}}}'),
    });
    expect(scripted.requests.filter(({ method }) => method === 'tools/call')).toHaveLength(3);
    await Promise.all(processes.map(({ server }) => server.close()));
  });
});

test('a task is made at one process, asked for and answered at another, and listed to its own principal alone', async () => {
  mishaps.plan = () => undefined;
  const [clock, scripted] = [new TestClock(), upstream()];
  const [first, second] = [processOn(clock, scripted), processOn(clock, scripted)];
  const alice = await LegacyClient.open(first.server, { principal: 'alice' });
  const bob = await LegacyClient.open(first.server, { principal: 'bob' });
  const made = await alice.post(alice.request('tools/call', { name: 'order', arguments: {}, task: {} }));
  const { taskId } = Object(made).body.result.task;
  const elsewhere = new LegacyClient(second.server, 'alice');
  elsewhere.sessionId = alice.sessionId;
  const stream = await elsewhere.stream({ jsonrpc: '2.0', id: 'r', method: 'tasks/result', params: { taskId } });
  for (const value of ['a', 'b'])
    await elsewhere.answer(await stream.question(), { action: 'accept', content: { value } });
  expect(await stream.response()).toMatchObject({
    id: 'r',
    result: text('two {"sure":{"action":"accept","content":{"value":"b"}}}'),
  });
  const listed = await alice.post(alice.request('tasks/list'));
  expect(listed).toMatchObject({ body: { result: { tasks: [{ taskId, status: 'completed' }] } } });
  expect(await bob.post(bob.request('tasks/list'))).toMatchObject({ body: { result: { tasks: [] } } });
  await Promise.all([first, second].map(({ server }) => server.close()));
});
