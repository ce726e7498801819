/** HTTP with SSE of 2024-11-05, with the SDK's own transport and on the wire, against the whole product. */
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { createParser } from 'eventsource-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newApiKey } from '../../core/http/api-keys.ts';
import type { Message, RpcRequest } from '../../core/protocol/messages.ts';
import { isRequest, isResponse } from '../../core/protocol/messages.ts';
import { textIn } from '../support/clients/wire.ts';
import type { TestDeployment } from '../support/deployment.ts';
import { deployed, deployedTwice } from '../support/deployment.ts';
import { Latch } from '../support/latch.ts';
import { scriptedOverHttp } from '../support/upstreams/scripted.ts';

const server = (name: string): string => fileURLToPath(new URL(`../support/servers/${name}.ts`, import.meta.url));
const ADA = newApiKey('ada');
const BOB = newApiKey('bob');
const CONTENT: Readonly<Record<string, Record<string, string | boolean>>> = {
  'What is your name?': { name: 'Ada' },
  'Which colour do you like?': { colour: 'green' },
  'May I say so?': { yes: true },
};
const answerTo = ({ params }: RpcRequest) => ({ action: 'accept', content: CONTENT[String(params?.message)] });
const SSE = { accept: 'text/event-stream' };

interface Heard {
  readonly event: string | undefined;
  readonly id: string | undefined;
  readonly data: string;
}

/** A client that is only its messages, on a line of its own. */
class OldClient {
  readonly seen: Heard[] = [];
  readonly #url: URL;
  readonly #headers: Record<string, string>;
  readonly #leaving = new AbortController();
  readonly #events: AsyncGenerator<Heard, void, undefined>;
  endpoint = '';

  private constructor(url: URL, response: Response, headers: Record<string, string>, leaving: AbortController) {
    this.#url = url;
    this.#headers = headers;
    this.#leaving = leaving;
    this.#events = heardIn(response);
  }

  /** With a line, whose first event said where to post. */
  static async open(base: string, headers: Record<string, string> = {}): Promise<OldClient> {
    const leaving = new AbortController();
    const url = new URL('/sse', base);
    const response = await fetch(url, { headers: { ...SSE, ...headers }, signal: leaving.signal });
    if (response.status !== 200) throw new Error(`There is no line: ${response.status} ${await response.text()}`);
    const client = new OldClient(url, response, headers, leaving);
    const first = await client.next();
    expect([first.event, first.id]).toEqual(['endpoint', undefined]);
    client.endpoint = first.data;
    return client;
  }

  async initialize(protocolVersion = '2024-11-05', capabilities: Record<string, unknown> = {}): Promise<Message> {
    const clientInfo = { name: 'old', version: '1.0.0' };
    await this.post({
      jsonrpc: '2.0',
      id: 0,
      method: 'initialize',
      params: { protocolVersion, capabilities, clientInfo },
    });
    const answer = await this.response();
    await this.post({ jsonrpc: '2.0', method: 'notifications/initialized' });
    return answer;
  }

  post(body: unknown): Promise<Response> {
    const headers = { 'content-type': 'application/json', ...this.#headers };
    return fetch(new URL(this.endpoint, this.#url), { method: 'POST', headers, body: JSON.stringify(body) });
  }

  async call(name: string, args: Record<string, unknown> = {}, id: string | number = 1): Promise<void> {
    const response = await this.post({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } });
    expect(response.status).toBe(202);
  }

  question = (): Promise<RpcRequest> => this.#until(isRequest);
  response = (): Promise<Message> => this.#until(isResponse);

  get lastEventId(): string {
    return this.seen.findLast(({ id }) => id !== undefined)?.id ?? '';
  }

  leave(): void {
    this.#leaving.abort();
  }

  async next(): Promise<Heard> {
    const { value, done } = await this.#events.next();
    if (done) throw new Error(`The line ended: ${JSON.stringify(this.seen)}`);
    this.seen.push(value);
    return value;
  }

  async #until<T extends Message>(wanted: (message: unknown) => message is T): Promise<T> {
    for (;;) {
      const { event, data } = await this.next();
      expect(event).toBeUndefined();
      const message: unknown = JSON.parse(data);
      if (wanted(message)) return message;
    }
  }
}

async function* heardIn(response: Response): AsyncGenerator<Heard, void, undefined> {
  const ready: Heard[] = [];
  const parser = createParser({ onEvent: ({ event, id, data }) => ready.push({ event, id, data }) });
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    parser.feed(chunk);
    yield* ready.splice(0);
  }
}

let one: TestDeployment;
let other: TestDeployment;
let closed: TestDeployment;
beforeAll(async () => {
  [one, other] = await deployedTwice(['--program', server('v1-await')]);
  closed = await deployed(['--program', server('v1-await')], { FERMATA_API_KEYS: `${ADA.line},${BOB.line}` });
});
afterAll(async () => {
  for (const deployment of [one, other, closed]) await deployment[Symbol.asyncDispose]();
});

describe('the SDK’s own transport', () => {
  it('gets all that its revision has: questions, models, progress and what changed', async () => {
    await using changing = await deployed(['--program', server('v1-changing')]);
    const connected = async ({ url }: TestDeployment) => {
      const client = new Client({ name: 'sdk', version: '1.0.0' }, { capabilities: { elicitation: {}, sampling: {} } });
      const content = (params: { message: string }) => CONTENT[params.message];
      client.setRequestHandler(ElicitRequestSchema, ({ params }) => ({ action: 'accept', content: content(params) }));
      client.setRequestHandler(CreateMessageRequestSchema, () => ({
        role: 'assistant',
        model: 'canned',
        content: { type: 'text', text: 'It is short.' },
      }));
      const transport = new SSEClientTransport(new URL('/sse', url));
      await client.connect(transport as Parameters<typeof client.connect>[0]);
      return client;
    };
    const client = await connected(one);
    const called = async (name: string, args: Record<string, unknown> = {}) =>
      textIn({ result: await client.callTool({ name, arguments: args }) });
    const all = await Promise.all([called('introduce'), called('summarize', { text: 'long' })]);
    expect(all).toEqual(['Ada likes green.', 'Summary: It is short.']);
    await client.close();

    const listener = await connected(changing);
    const told = new Latch();
    listener.setNotificationHandler(ToolListChangedNotificationSchema, () => told.resolve());
    await listener.callTool({ name: 'change_tools', arguments: {} });
    await told.promise;
    await listener.close();

    await using library = await deployed(['--program', server('v1-library')]);
    const reader = await connected(library);
    const values: number[] = [];
    const onprogress = ({ progress }: { progress: number }) => void values.push(progress);
    const done = await reader.callTool({ name: 'stages', arguments: {} }, undefined, { onprogress });
    expect(textIn({ result: done })).toBe('Done, Ada.');
    // What comes in one piece with the response is dropped by the SDK itself.
    expect(values.slice(0, 3)).toEqual([1, 2, 3]);
    await reader.close();
  });
});

describe('a client of 2024-11-05', () => {
  it('is told first where to post, and then everything as messages, in its own words [R53]', async () => {
    await using upstream = await scriptedOverHttp({
      async *weigh() {
        return { structuredContent: { kg: 3 }, content: [{ type: 'audio', data: 'AA==', mimeType: 'audio/wav' }] };
      },
      async *plain() {
        return { structuredContent: { kg: 3 } };
      },
    });
    await using deployment = await deployed(['--upstream', upstream.url]);
    const client = await OldClient.open(deployment.url);
    expect(client.endpoint).toMatch(/^\/messages\?line=[\w-]{24}$/);
    expect(await client.initialize()).toMatchObject({ id: 0, result: { protocolVersion: '2024-11-05' } });
    await client.call('weigh');
    expect(await client.response()).toEqual({
      jsonrpc: '2.0',
      id: 1,
      result: { content: [{ type: 'text', text: expect.stringContaining('audio/wav') }] },
    });
    await client.call('plain', {}, 2);
    expect(textIn(await client.response())).toBe('{"kg":3}');
    expect(client.seen.slice(1).map(({ event }) => event)).toEqual([undefined, undefined, undefined]);
    client.leave();
  });

  it('is asked nothing that its revision has no words for', async () => {
    const client = await OldClient.open(one.url);
    await client.initialize('2024-11-05', { elicitation: {}, sampling: {} });
    await client.call('introduce');
    expect(await client.response()).toMatchObject({ result: { isError: true } });
    await client.call('summarize', { text: 'x' }, 2);
    const asked = await client.question();
    expect(asked).toMatchObject({ method: 'sampling/createMessage', params: { maxTokens: 100 } });
    const result = { role: 'assistant', model: 'm', content: { type: 'text', text: 'Short.' } };
    expect((await client.post({ jsonrpc: '2.0', id: asked.id, result })).status).toBe(202);
    expect(textIn(await client.response())).toBe('Summary: Short.');
    client.leave();
  });
});

describe('a line that breaks', () => {
  const ELICITS = { elicitation: {} };

  it('is taken up at the same instance, and nothing said meanwhile is lost or said twice', async () => {
    const client = await OldClient.open(one.url);
    await client.initialize('2025-06-18', ELICITS);
    await client.call('introduce');
    const asked = await client.question();
    client.leave();
    expect((await client.post({ jsonrpc: '2.0', id: asked.id, result: answerTo(asked) })).status).toBe(202);
    await client.post({ jsonrpc: '2.0', id: 'p', method: 'ping' });
    const back = await OldClient.open(one.url, { 'last-event-id': client.lastEventId });
    expect(back.endpoint).toBe(client.endpoint);
    const said = [JSON.parse((await back.next()).data), JSON.parse((await back.next()).data)];
    expect(said.find(isResponse)).toEqual({ jsonrpc: '2.0', id: 'p', result: {} });
    let question = said.find(isRequest) ?? (await back.question());
    for (const message of ['Which colour do you like?', 'May I say so?']) {
      expect(question).toMatchObject({ params: { message } });
      await back.post({ jsonrpc: '2.0', id: question.id, result: answerTo(question) });
      if (message === 'Which colour do you like?') question = await back.question();
    }
    expect(textIn(await back.response())).toBe('Ada likes green.');
    back.leave();
  });

  it('is taken up at another instance, with its session and the calls that were told of', async () => {
    const client = await OldClient.open(one.url);
    await client.initialize('2025-06-18', ELICITS);
    await client.call('introduce', {}, 'a');
    const first = await client.question();
    await client.call('introduce', {}, 'b');
    const second = await client.question();
    client.leave();
    const back = await OldClient.open(other.url, { 'last-event-id': client.lastEventId });
    expect(back.endpoint).not.toBe(client.endpoint);
    await back.post({ jsonrpc: '2.0', id: second.id, result: { action: 'decline' } });
    expect(await back.response()).toMatchObject({
      id: 'b',
      result: { content: [{ text: 'No introduction (decline).' }] },
    });
    await back.post({ jsonrpc: '2.0', id: first.id, result: { action: 'cancel' } });
    expect(await back.response()).toMatchObject({
      id: 'a',
      result: { content: [{ text: 'No introduction (cancel).' }] },
    });
    back.leave();
  });
});

describe('whoever is not let in', () => {
  const status = async (url: string, init: RequestInit = {}) => {
    const response = await fetch(new URL(url, closed.url), init);
    await response.text();
    return response.status;
  };
  const bearer = ({ key }: { key: string }) => ({ authorization: `Bearer ${key}` });
  const ping = { method: 'POST', body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' };
  const json = { 'content-type': 'application/json' };

  it('is refused as anywhere', async () => {
    expect(await status('/sse', { headers: SSE })).toBe(401);
    expect(await status('/sse', { headers: { ...SSE, ...bearer(ADA), origin: 'https://evil.example' } })).toBe(403);
    expect(await status('/sse', { headers: { ...bearer(ADA), accept: 'application/json' } })).toBe(406);
    expect(await status('/sse', { ...ping, headers: { ...json, ...bearer(ADA) } })).toBe(405);
    expect(await status('/messages', { headers: { ...SSE, ...bearer(ADA) } })).toBe(405);
    expect(await status('/messages', { ...ping, headers: json })).toBe(401);
    expect(await status('/messages?line=made-up', { ...ping, headers: { ...json, ...bearer(ADA) } })).toBe(404);
  });

  it('does not get onto the line or into the session of another', async () => {
    const ada = await OldClient.open(closed.url, bearer(ADA));
    expect(await status(ada.endpoint, { ...ping, headers: { ...json, ...bearer(ADA) } })).toBe(400);
    await ada.initialize('2025-06-18', { elicitation: {} });
    expect(await status(ada.endpoint, { ...ping, headers: { ...json, ...bearer(BOB) } })).toBe(404);
    expect(await status(ada.endpoint, { ...ping, headers: { ...bearer(ADA), 'content-type': 'text/plain' } })).toBe(
      415,
    );
    expect(await status(ada.endpoint, { ...ping, body: '{', headers: { ...json, ...bearer(ADA) } })).toBe(400);
    await ada.call('introduce');
    await ada.question();
    const back = { ...SSE, ...bearer(BOB), 'last-event-id': ada.lastEventId };
    expect(await status('/sse', { headers: back })).toBe(404);
    const again = await ada.post({ jsonrpc: '2.0', id: 2, method: 'initialize', params: {} });
    expect(again.status).toBe(400);
    ada.leave();
  });

  it('finds nothing where connections do not last', async () => {
    await using brief = await deployed(['--program', server('v1-await'), '--hold', '5s']);
    expect((await fetch(new URL('/sse', brief.url), { headers: SSE })).status).toBe(404);
  });
});
