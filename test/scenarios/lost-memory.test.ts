/** A deployment whose program needs its memory: its sessions end with it, and say why and when; others go on as if nothing had been. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Message, RequestId } from '../../core/protocol/messages.ts';
import { isRequest } from '../../core/protocol/messages.ts';
import { eventsIn, messagesIn, textIn, WireClient } from '../support/clients/wire.ts';
import { deployed } from '../support/deployment.ts';

const PROGRAM = new URL('../support/servers/remembering.mjs', import.meta.url).pathname;

let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'fermata-memory-'));
});
afterEach(() => rm(data, { recursive: true, force: true }));

const serve = (...options: string[]) => deployed(['--data', data, ...options, '--program', PROGRAM]);

async function calls(client: WireClient, name: string): Promise<string> {
  const messages = await messagesIn(await client.post(client.tool(name)));
  return textIn(messages.at(-1));
}

/** A call that asks: the question's id, and the event to come back to; the connection is left. */
async function waiting(client: WireClient): Promise<{ readonly id: RequestId; readonly lastEventId: string }> {
  let lastEventId = '';
  for await (const { id, message } of eventsIn(await client.post(client.tool('ask')))) {
    lastEventId = id ?? lastEventId;
    if (message !== undefined && isRequest(message)) return { id: message.id, lastEventId };
  }
  throw new Error('It did not ask.');
}

const ENDED = {
  error: {
    code: -32001,
    message: expect.stringContaining('its program kept state in memory, and that memory is gone'),
    data: { code: 'session_ended', reason: 'memory_lost', endedAt: expect.stringMatching(/^20\d\d-.*Z$/) },
  },
};

it('ends a session whose memory went with a restart: 404, with why and when, also for the call that finds out', async () => {
  let client: WireClient;
  {
    await using first = await serve('--program-memory', 'required');
    client = await WireClient.open(first.url);
    expect([await calls(client, 'count'), await calls(client, 'count')]).toEqual(['1', '2']);
  }
  await using second = await serve('--program-memory', 'required');
  const late = client.at(second.url);
  for (let time = 0; time < 2; time++) {
    const response = await late.post(late.tool('count'));
    expect([response.status, await response.json()]).toMatchObject([404, ENDED]);
  }
  const fresh = await WireClient.open(second.url);
  expect(await calls(fresh, 'count')).toBe('1');
  expect(second.observed).toContainEqual(expect.objectContaining({ event: 'session.ended', reason: 'memory_lost' }));
});

it('ends it at the answer of a call that waited over the restart', async () => {
  let client: WireClient;
  let asked: { readonly id: RequestId; readonly lastEventId: string };
  {
    await using first = await serve('--program-memory', 'required');
    client = await WireClient.open(first.url);
    asked = await waiting(client);
  }
  await using second = await serve('--program-memory', 'required');
  const late = client.at(second.url);
  expect((await late.answer(asked.id, { action: 'accept', content: { value: 'Ada' } })).status).toBe(202);
  await expect
    .poll(async () => second.observed.map(({ event, reason }) => [event, reason]))
    .toContainEqual(['session.ended', 'memory_lost']);
  const response = await late.resume(asked.lastEventId);
  expect([response.status, await response.json()]).toMatchObject([404, ENDED]);
});

it('lets the same call go on where nobody said that memory is needed', async () => {
  let client: WireClient;
  let asked: { readonly id: RequestId; readonly lastEventId: string };
  {
    await using first = await serve();
    client = await WireClient.open(first.url);
    await calls(client, 'count');
    asked = await waiting(client);
  }
  await using second = await serve();
  const late = client.at(second.url);
  await late.answer(asked.id, { action: 'accept', content: { value: 'Ada' } });
  const messages = await messagesIn(await late.resume(asked.lastEventId));
  expect(textIn(messages.at(-1))).toBe('Ada 0');
});

it('keeps nothing of a session that its client deletes: the stream, the question and the child are gone at once', async () => {
  await using only = await deployed(['--data', data, '--', process.execPath, PROGRAM]);
  const client = await WireClient.open(only.url);
  const pid = Number(await calls(client, 'pid'));
  const stream = eventsIn(await client.post(client.tool('ask')));
  const seen: Message[] = [];
  const following = (async () => {
    for await (const { message } of stream) if (message !== undefined) seen.push(message);
  })();
  await expect.poll(() => seen.some(isRequest)).toBe(true);
  const question = seen.find(isRequest);
  expect((await client.delete()).status).toBe(200);
  await following;
  expect(seen.at(-1)).toMatchObject({ method: 'notifications/cancelled', params: { requestId: question?.id } });
  await expect.poll(() => isAlive(pid)).toBe(false);
  const response = await client.answer(question?.id ?? 0, { action: 'accept', content: { value: 'late' } });
  expect([response.status, await response.json()]).toMatchObject([404, { error: { data: { reason: 'deleted' } } }]);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
