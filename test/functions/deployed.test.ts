/**
 * Client, Function URL, proxy, driver, upstream and table together, each function from its bundle and in processes that are frozen
 * whenever nothing is asked of them, and killed whenever a test likes.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RpcRequest } from '../../core/protocol/messages.ts';
import { isRequest, isResponse } from '../../core/protocol/messages.ts';
import { type CallRecord, patientCall, UNASKED } from '../support/clients/patient-call.ts';
import { messagesIn, textIn, WireClient } from '../support/clients/wire.ts';
import type { FaultProxy, Mishap } from '../support/dynamodb/fault-proxy.ts';
import { startFaultProxy } from '../support/dynamodb/fault-proxy.ts';
import { Deployment } from '../support/lambda/deployment.ts';

/** Every environment starts a process, and machines that run tests are busy. */
const PATIENCE_MS = 120_000;

const EXPENSE: Readonly<Record<string, unknown>> = {
  amount: 12.5,
  description: 'Lunch',
  category: 'food',
  confirmation: true,
};

/** Fills in any form of the expense tracker. */
const filledIn = (params: unknown) => {
  const { properties = {} } = (params as { requestedSchema: { properties?: object } }).requestedSchema;
  const content = Object.fromEntries(Object.keys(properties).map(name => [name, EXPENSE[name]]));
  return { action: 'accept', content };
};

const sequencesIn = ({ attachments }: CallRecord) =>
  attachments.flatMap(({ events }) => events.flatMap(({ id, message }) => (message && id ? [id] : [])));

describe.each(['runner', 'stdio'] as const)('the expense tracker as the function %s', {
  timeout: PATIENCE_MS,
}, upstream => {
  let deployment: Deployment;
  beforeAll(async () => {
    deployment = await Deployment.start({ upstream, variables: { FERMATA_HOLD: '1s' } });
  });
  afterAll(() => deployment[Symbol.asyncDispose]());
  const open = () => WireClient.open(deployment.url, { headers: { ...deployment.headers } });

  it('lists its tools and answers a plain call', async () => {
    const client = await open();
    const [list] = await messagesIn(await client.post(client.request('tools/list')));
    expect(JSON.stringify(list)).toContain('add_expense');
    const { response } = await patientCall(client, client.tool('list_expenses'), UNASKED, PATIENCE_MS);
    expect(textIn(response)).toMatch(/expense/i);
  });

  it('asks four questions in a row, each answered by whichever environments there are', async () => {
    const client = await open();
    const record = await patientCall(
      client,
      client.tool('add_expense'),
      { answer: async ({ params }) => filledIn(params) },
      PATIENCE_MS,
    );
    expect(textIn(record.response)).toContain('Lunch');
    expect(record.answers).toHaveLength(4);
    expect(new Set(sequencesIn(record)).size).toBe(sequencesIn(record).length);
  });

  it('goes on though every process is killed between each question and its answer', async () => {
    const client = await open();
    let killed = 0;
    const record = await patientCall(
      client,
      client.tool('add_expense'),
      {
        answer: async ({ params }) => {
          await deployment.quiet();
          killed += deployment.killAll();
          return filledIn(params);
        },
      },
      PATIENCE_MS,
    );
    expect(textIn(record.response)).toContain('Lunch');
    expect(record.answers).toHaveLength(4);
    expect(killed).toBeGreaterThanOrEqual(4);
  });

  it.runIf(upstream === 'runner')(
    'is a task whose result is read on from where it was, though every process was killed meanwhile',
    async () => {
      const client = await open();
      const created = { name: 'add_expense', arguments: {}, task: {} };
      const [made] = await messagesIn(await client.post(client.request('tools/call', created)));
      const { taskId } = Object(made).result.task;
      let killed = 0;
      const answer = async ({ params }: RpcRequest) => {
        await deployment.quiet();
        if (killed === 0) killed = deployment.killAll();
        return filledIn(params);
      };
      const record = await patientCall(client, client.request('tasks/result', { taskId }), { answer }, PATIENCE_MS);
      expect(textIn(record.response)).toContain('Lunch');
      expect(record.answers).toHaveLength(4);
      expect(killed).toBeGreaterThan(0);
      expect(record.attachments.length).toBeGreaterThan(1);
    },
  );

  it('is not reached by a URL of its function, but only by whoever may invoke it', async () => {
    const { options } = deployment.lambda.get('upstream');
    await deployment.lambda.create('public', { ...options, url: 'RESPONSE_STREAM' });
    const client = new WireClient(`${deployment.lambda.urlOf('public')}/mcp`);
    expect((await client.post(client.request('tools/list'))).status).toBe(401);
  });

  it('streams what a long call reports, in order and once', async () => {
    const client = await open();
    const request = client.tool('generate_report', {}, { progressToken: 'p' });
    const record = await patientCall(client, request, { answer: async () => ({}) }, PATIENCE_MS);
    const progress = record.attachments.flatMap(({ events }) =>
      events.flatMap(({ message }) =>
        message && 'method' in message && message.method === 'notifications/progress' ? [message.params?.progress] : [],
      ),
    );
    expect(progress).toEqual([1, 2, 3, 4, 5]);
    expect(record.attachments.length).toBeGreaterThan(1);
  });
});

describe('a deployment', { timeout: PATIENCE_MS }, () => {
  let deployment: Deployment;
  beforeAll(async () => {
    deployment = await Deployment.start({ upstream: 'express', variables: { FERMATA_HOLD: '1s' } });
  });
  afterAll(() => deployment[Symbol.asyncDispose]());
  const open = () => WireClient.open(deployment.url, { headers: { ...deployment.headers } });
  const yes = async () => ({ action: 'accept', content: { sure: true } });

  it('gives an Express server, which knows nothing of it, sessions and questions', async () => {
    const client = await open();
    const record = await patientCall(
      client,
      client.tool('cancel_order', { order: 'A-1001' }),
      { answer: yes },
      PATIENCE_MS,
    );
    expect(textIn(record.response)).toBe('Order A-1001 is cancelled.');
    await deployment.quiet();
    deployment.takeBilled();
    expect((await client.delete()).status).toBe(200);
    await deployment.quiet();
    expect(deployment.takeBilled().map(({ functionName }) => functionName)).toEqual(['proxy']);
  });

  it('lets nobody in without a key, and nobody into the session of another', async () => {
    const client = await open();
    const stranger = new WireClient(client.url);
    stranger.sessionId = client.sessionId;
    expect((await stranger.post(stranger.request('tools/list'))).status).toBe(401);
  });

  it('runs nothing while a person thinks, but for the looks of a client that comes back', async () => {
    const client = await open();
    const asked = await client.post(client.tool('cancel_order', { order: 'A-1002' }));
    const events = await messagesIn(asked);
    const question = events.find(isRequest);
    if (question === undefined) throw new Error(`no question in ${JSON.stringify(events)}`);
    await deployment.quiet();
    deployment.takeBilled();
    await pause(1_000);
    expect(deployment.takeBilled()).toEqual([]);

    for (let look = 0; look < 5; look++) {
      await pause(200);
      expect(await messagesIn(await client.resume('n1.1'))).toEqual([]);
    }
    await deployment.quiet();
    // One short invocation for each look, and none of the driver or the upstream.
    expect(deployment.takeBilled().map(({ functionName }) => functionName)).toEqual(Array(5).fill('proxy'));
    expect((await client.answer(question.id, await yes())).status).toBe(202);
  });

  it('takes an answer in one environment while another still holds the stream', async () => {
    const client = await open();
    const record = await patientCall(
      client,
      client.tool('cancel_order', { order: 'A-1003' }),
      { answer: yes },
      PATIENCE_MS,
    );
    expect(textIn(record.response)).toContain('A-1003');
    expect(deployment.lambda.get('proxy').environments.size).toBeGreaterThan(1);
  });

  it('goes on when there is no capacity for the driver at first', async () => {
    const client = await open();
    const answer = async () => {
      deployment.lambda.get('driver').throttle(2);
      return yes();
    };
    const record = await patientCall(client, client.tool('cancel_order', { order: 'A-1004' }), { answer }, PATIENCE_MS);
    expect(textIn(record.response)).toContain('cancelled');
  });

  it('keeps its bundles small', () => {
    expect(deployment.sizes.proxy).toBeLessThan(600_000);
    expect(deployment.sizes.drive).toBeLessThan(600_000);
  });
});

describe('an outage', { timeout: PATIENCE_MS }, () => {
  let deployment: Deployment;
  let table: FaultProxy;
  beforeAll(async () => {
    const between = async (endpoint: string): Promise<string> => {
      table = await startFaultProxy(endpoint);
      return table.endpoint;
    };
    const variables = { FERMATA_HOLD: '1s', AWS_MAX_ATTEMPTS: '2' };
    deployment = await Deployment.start({ upstream: 'express', between, variables });
  });
  afterAll(async () => {
    await deployment[Symbol.asyncDispose]();
    await table.stop();
  });
  const open = () => WireClient.open(deployment.url, { headers: { ...deployment.headers } });
  const yes = { action: 'accept', content: { sure: true } };
  const questionOf = async (client: WireClient, order: string) => {
    const question = (await messagesIn(await client.post(client.tool('cancel_order', { order })))).find(isRequest);
    if (question === undefined) throw new Error(`no question about ${order}`);
    return question;
  };
  const resultOf = async (client: WireClient): Promise<unknown> => {
    for (;;) {
      const result = (await messagesIn(await client.resume('n1.1'))).find(isResponse);
      if (result !== undefined) return result;
    }
  };

  it.each([
    'throttled',
    'failed',
    'cut',
  ] as const)('of the table (%s) is 503 with Retry-After, and loses nothing', async (mishap: Mishap) => {
    const client = await open();
    const order = { throttled: 'A-1001', failed: 'A-1002', cut: 'A-1003' }[mishap as 'cut'];
    const question = await questionOf(client, order);
    await deployment.quiet();
    table.plan = () => mishap;
    const refused = [await client.answer(question.id, yes), await client.post(client.request('tools/list'))];
    table.plan = () => undefined;
    for (const response of refused) {
      expect(response.status).toBe(503);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await response.json()).toMatchObject({ jsonrpc: '2.0', error: { data: { code: 'store_unavailable' } } });
    }
    expect((await client.answer(question.id, yes)).status).toBe(202);
    expect(textIn(await resultOf(client))).toBe(`Order ${order} is cancelled.`);
  });

  it('of the upstream (throttled for good) is told with its code, and the session goes on', async () => {
    const client = await open();
    const upstream = deployment.lambda.get('upstream');
    upstream.throttle(100);
    // Its tries take longer than a response may before it becomes a stream, so the error comes on the stream.
    const request = client.request('tools/list');
    const { response } = await patientCall(client, request, { answer: async () => ({}) }, PATIENCE_MS);
    upstream.throttle(0);
    expect(response).toMatchObject({ error: { data: { code: 'upstream_busy' } } });
    expect(JSON.stringify(await messagesIn(await client.post(client.request('tools/list'))))).toContain('cancel_order');
  });
});

describe('a function with a setting missing', () => {
  it.each([
    [{ FERMATA_TABLE: '' }, 'FERMATA_TABLE is missing. For example: FERMATA_TABLE=fermata-state'],
    [{ FERMATA_UPSTREAM: 'no such thing!' }, 'FERMATA_UPSTREAM is "no such thing!", which is neither a function nor'],
    [{ FERMATA_HOLD: 'long' }, 'FERMATA_HOLD is "long", which is no time'],
  ])('does not start, and says which: %j', async (variables, message) => {
    await using deployment = await Deployment.start({ upstream: 'express', variables });
    expect((await fetch(deployment.url, { method: 'POST' })).status).toBe(502);
    await expect.poll(() => deployment.lambda.get('proxy').output).toContain(message);
  });
});
