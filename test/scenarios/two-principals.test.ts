/**
 * Two principals at one endpoint, each with good tokens: whatever one tries on the other's session, stream, question or state,
 * nothing of it is there for them, and nothing of it happens. Over the whole product: store, runner, proxy and HTTP.
 */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { META } from '../../core/protocol/envelope.ts';
import { standardHeaders } from '../../core/protocol/headers.ts';
import type { Message } from '../../core/protocol/messages.ts';
import { isObject, isRequest } from '../../core/protocol/messages.ts';
import { AuthorizationServer } from '../support/authorization-server.ts';
import type { WireEvent } from '../support/clients/wire.ts';
import { eventsIn, isStream, JSON_AND_STREAM, messagesIn, textIn, WireClient } from '../support/clients/wire.ts';
import type { TestDeployment } from '../support/deployment.ts';
import { deployed } from '../support/deployment.ts';

const PROGRAM = ['--program', fileURLToPath(new URL('../support/servers/v1-await.ts', import.meta.url))];
const AUDIENCE = 'https://mcp.example/mcp';
const UNKNOWN = [404, 'session_unknown'];

let issuer: AuthorizationServer;
let deployment: TestDeployment;
beforeAll(async () => {
  issuer = await AuthorizationServer.start(AUDIENCE);
  deployment = await deployed(PROGRAM, { FERMATA_JWT_ISSUER: issuer.issuer, FERMATA_JWT_AUDIENCE: AUDIENCE });
});
afterAll(async () => {
  await deployment[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

const bearer = async (subject: string) => ({ authorization: `Bearer ${await issuer.token(subject)}` });

/** A client of a subject, in a session of its own or in one that is known by its id. */
async function clientOf(subject: string, sessionId?: string): Promise<WireClient> {
  const headers = await bearer(subject);
  if (sessionId === undefined) return WireClient.open(deployment.url, { headers });
  return Object.assign(new WireClient(deployment.url, headers), { sessionId });
}

async function said(response: Promise<Response>): Promise<readonly unknown[]> {
  const { status, body } = await whole(response);
  return [status, isObject(body) && isObject(body.error) && isObject(body.error.data) ? body.error.data.code : body];
}

async function whole(pending: Promise<Response>): Promise<{ status: number; body: unknown }> {
  const response = await pending;
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

/** A call that waits for its first answer, its connection cut. */
interface Waiting {
  readonly client: WireClient;
  readonly sessionId: string;
  readonly callId: string | number;
  readonly question: string | number;
  readonly lastEventId: string;
}

async function waitingCall(client: WireClient): Promise<Waiting> {
  const call = client.tool('introduce');
  const cut = new AbortController();
  const { question, lastEventId } = await questionIn(await client.post(call, cut.signal));
  cut.abort();
  return { client, sessionId: client.sessionId ?? '', callId: call.id, question, lastEventId };
}

async function questionIn(response: Response, after = ''): Promise<{ question: string | number; lastEventId: string }> {
  let lastEventId = '';
  for await (const { id, message } of eventsIn(response) as AsyncIterable<WireEvent>) {
    lastEventId = id ?? lastEventId;
    if (isRequest(message) && message.id !== after) return { question: message.id, lastEventId };
  }
  throw new Error('It ended without a question.');
}

const CONTENT: Readonly<Record<string, Record<string, unknown>>> = {
  'What is your name?': { name: 'Alice' },
  'Which colour do you like?': { colour: 'green' },
  'May I say so?': { yes: true },
};

/** Answers everything that is open or comes, until the response. */
async function finish(client: WireClient, lastEventId: string): Promise<Message> {
  for await (const { message } of eventsIn(await client.resume(lastEventId))) {
    if (isRequest(message)) {
      const content = CONTENT[String(message.params?.message)];
      expect((await client.answer(message.id, { action: 'accept', content })).status).toBe(202);
    } else if (message !== undefined && 'result' in message) return message;
  }
  throw new Error('It ended without a response.');
}

describe('what one principal has', () => {
  let alice: Waiting;
  beforeEach(async () => {
    alice = await waitingCall(await clientOf('alice'));
  });

  /** Alice is asked what she was asked before, answers, and gets what she said. */
  async function aliceGoesOn(): Promise<void> {
    const again = await clientOf('alice', alice.sessionId);
    const { question } = await questionIn(await again.resume(alice.lastEventId.replace(/\d+$/, '0')));
    expect(question).toBe(alice.question);
    expect((await again.answer(question, { action: 'accept', content: { name: 'Alice' } })).status).toBe(202);
    expect(textIn(await finish(again, alice.lastEventId))).toBe('Alice likes green.');
  }

  const ATTEMPTS: Readonly<Record<string, (eve: WireClient) => Promise<Response>>> = {
    'calls a tool': eve => eve.post(eve.tool('greet', { name: 'Eve' })),
    'lists its tools': eve => eve.post(eve.request('tools/list')),
    'pings it': eve => eve.post(eve.request('ping')),
    'sets its log level': eve => eve.post(eve.request('logging/setLevel', { level: 'debug' })),
    'notifies it': eve => eve.post({ jsonrpc: '2.0', method: 'notifications/roots/list_changed' }),
    'answers its question': eve => eve.answer(alice.question, { action: 'accept', content: { name: 'Eve' } }),
    'refuses its question': eve =>
      eve.post({ jsonrpc: '2.0', id: alice.question, error: { code: -32603, message: 'no' } }),
    'cancels its call': eve =>
      eve.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: alice.callId } }),
    'resumes its stream': eve => eve.resume(alice.lastEventId),
    'resumes its stream from the start': eve => eve.resume(alice.lastEventId.replace(/\d+$/, '0')),
    'listens to it': eve => eve.listen(),
    'ends it': ({ url, sessionId = '' }) => endSession(url, sessionId, 'eve'),
  };

  async function endSession(url: string, sessionId: string, subject: string): Promise<Response> {
    return fetch(url, { method: 'DELETE', headers: { ...(await bearer(subject)), 'mcp-session-id': sessionId } });
  }

  it.each(Object.entries(ATTEMPTS))('is not there for another who %s [R8]', async (_, attempt) => {
    const eve = await clientOf('eve', alice.sessionId);
    expect(await said(attempt(eve))).toEqual(UNKNOWN);
    await aliceGoesOn();
  });

  it('is not there for those who know its session id and nothing else [R103]', async () => {
    const stranger = new WireClient(deployment.url, { 'mcp-session-id': alice.sessionId });
    for (const attempt of Object.values(ATTEMPTS).slice(0, -1))
      expect(await said(attempt(stranger))).toEqual([401, 'principal_required']);
    const expired = { authorization: `Bearer ${await issuer.token('alice', { expiresIn: -60 })}` };
    const late = new WireClient(deployment.url, { ...expired, 'mcp-session-id': alice.sessionId });
    for (const attempt of Object.values(ATTEMPTS).slice(0, -1))
      expect(await said(attempt(late))).toEqual([401, 'principal_required']);
    const deleting = fetch(deployment.url, { method: 'DELETE', headers: { 'mcp-session-id': alice.sessionId } });
    expect(await said(deleting)).toEqual([401, 'principal_required']);
    await aliceGoesOn();
  });

  it('is nowhere in another’s own session', async () => {
    const eve = await clientOf('eve');
    const answered = await eve.answer(alice.question, { action: 'accept', content: { name: 'Eve' } });
    expect([answered.status, await answered.text()]).toEqual([202, '']);
    const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: alice.callId } };
    expect((await eve.post(cancelled)).status).toBe(202);
    expect(await said(eve.resume(alice.lastEventId))).toEqual([400, 'stream_unknown']);
    await aliceGoesOn();
  });

  it('is not mixed with what another has under the same names', async () => {
    const eve = await waitingCall(await clientOf('eve'));
    expect([eve.callId, eve.question, eve.lastEventId]).toEqual([alice.callId, alice.question, alice.lastEventId]);
    const answer = { action: 'accept', content: { name: 'Eve' } };
    expect((await eve.client.answer(eve.question, answer)).status).toBe(202);
    await aliceGoesOn();
    expect(textIn(await finish(eve.client, eve.lastEventId))).toBe('Eve likes green.');
  });

  it('is, where it is a task, no task of another: not in the session it belongs to, and not in one of their own', async () => {
    const { client, sessionId } = alice;
    const call = client.request('tools/call', { name: 'introduce', arguments: {}, task: {} });
    const made: unknown = (await messagesIn(await client.post(call)))[0];
    const taskId = isObject(made) && isObject(made.result) && isObject(made.result.task) ? made.result.task.taskId : '';
    const own = await clientOf('eve');
    const intruder = await clientOf('eve', sessionId);
    for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel']) {
      expect(await said(intruder.post(intruder.request(method, { taskId })))).toEqual(UNKNOWN);
      const [refused] = await messagesIn(await own.post(own.request(method, { taskId })));
      expect(refused).toMatchObject({ error: { code: -32602, data: { code: 'invalid_params' } } });
    }
    await expect
      .poll(async () => messagesIn(await client.post(client.request('tasks/get', { taskId }))))
      .toMatchObject([{ result: { taskId, status: 'input_required' } }]);
  });

  it('is what the same principal finds again with a fresh token, and with an old session id opens a new session', async () => {
    await aliceGoesOn();
    const eve = await clientOf('eve', alice.sessionId);
    const initialize = eve.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'wire', version: '1' },
    });
    const response = await eve.post(initialize);
    expect(response.status).toBe(200);
    expect(response.headers.get('mcp-session-id')).not.toBe(alice.sessionId);
  });

  it('ends when its own principal ends it', async () => {
    expect((await endSession(deployment.url, alice.sessionId, 'alice')).status).toBe(200);
    expect(await said(alice.client.post(alice.client.request('ping')))).toEqual([404, 'session_ended']);
  });
});

describe('the state of a modern call', () => {
  async function modern(subject: string, params: Record<string, unknown>): Promise<Message> {
    const _meta = { [META.protocolVersion]: '2026-07-28', [META.clientCapabilities]: { elicitation: { form: {} } } };
    const request = {
      jsonrpc: '2.0' as const,
      id: 1,
      method: 'tools/call',
      params: { name: 'introduce', arguments: {}, ...params, _meta },
    };
    const headers = { ...JSON_AND_STREAM, ...standardHeaders(request), ...(await bearer(subject)) };
    const response = await fetch(deployment.url, { method: 'POST', headers, body: JSON.stringify(request) });
    expect(isStream(response) || response.status === 200).toBe(true);
    const last = (await messagesIn(response)).at(-1);
    if (last === undefined) throw new Error('It ended without a response.');
    return last;
  }

  const resultOf = (message: Message): Record<string, unknown> =>
    'result' in message && isObject(message.result) ? message.result : {};

  /** The parameters by which a call goes on, with its one question answered. */
  function next(message: Message): Record<string, unknown> {
    const { inputRequests, requestState } = resultOf(message);
    const inputResponses = Object.fromEntries(
      Object.entries(isObject(inputRequests) ? inputRequests : {}).map(([key, request]) => {
        const { params } = request as { params: { message: string } };
        return [key, { action: 'accept', content: CONTENT[params.message] }];
      }),
    );
    return { inputResponses, requestState };
  }

  it('is worth nothing to another, and goes on for its own [R72]', async () => {
    const asked = await modern('alice', {});
    expect(await modern('eve', next(asked))).toMatchObject({ error: { data: { code: 'state_rejected' } } });
    let last = await modern('alice', next(asked));
    expect(await modern('eve', next(last))).toMatchObject({ error: { data: { code: 'state_rejected' } } });
    while (resultOf(last).resultType === 'input_required') last = await modern('alice', next(last));
    expect(textIn(last)).toBe('Alice likes green.');
  });
});
