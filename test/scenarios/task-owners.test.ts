/** Whose a task of 2025-11-25 is, and what its owner hears of it: over the whole product, with clients that show who they are. */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { isObject, isRequest } from '../../core/protocol/messages.ts';
import { AuthorizationServer } from '../support/authorization-server.ts';
import { eventsIn, messagesIn, textIn, WireClient } from '../support/clients/wire.ts';
import { deployed } from '../support/deployment.ts';

const PROGRAM = ['--program', fileURLToPath(new URL('../support/servers/v1-await.ts', import.meta.url))];
const AUDIENCE = 'https://mcp.example/mcp';
const ANSWERS = { name: 'Alice', colour: 'green', yes: true };
type Json = Record<string, unknown>;

async function said(client: WireClient, method: string, params: Json = {}): Promise<Json> {
  const last: unknown = (await messagesIn(await client.post(client.request(method, params)))).at(-1);
  return isObject(last) ? last : {};
}
const resultOf = async (client: WireClient, method: string, params: Json = {}): Promise<Json> => {
  const { result } = await said(client, method, params);
  if (!isObject(result)) throw new Error(`${method} has no result`);
  return result;
};
async function taskOf(client: WireClient, name: string, args: Json, _meta: Json = {}): Promise<unknown> {
  const { task } = await resultOf(client, 'tools/call', { name, arguments: args, task: {}, _meta });
  return isObject(task) ? task.taskId : undefined;
}
const listed = async (client: WireClient): Promise<readonly unknown[]> => {
  const { tasks } = await resultOf(client, 'tasks/list');
  return Array.isArray(tasks) ? tasks.map(task => (isObject(task) ? task.taskId : undefined)) : [];
};

it('is its principal’s in every session, and nobody else’s [R107]', async () => {
  await using issuer = await AuthorizationServer.start(AUDIENCE);
  const env = { FERMATA_JWT_ISSUER: issuer.issuer, FERMATA_JWT_AUDIENCE: AUDIENCE };
  await using fermata = await deployed(PROGRAM, env);
  const clientOf = async (subject: string) =>
    WireClient.open(fermata.url, { headers: { authorization: `Bearer ${await issuer.token(subject)}` } });
  const [first, second, eve] = [await clientOf('alice'), await clientOf('alice'), await clientOf('eve')];
  expect(first.capabilities).toContain('"tasks":{"list":{}');
  const taskId = await taskOf(first, 'introduce', {});
  expect(await listed(second)).toEqual([taskId]);
  expect(await listed(eve)).toEqual([]);
  for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel'])
    expect(await said(eve, method, { taskId })).toMatchObject({ error: { code: -32602 } });

  for await (const { message } of eventsIn(await second.post(second.request('tasks/result', { taskId })))) {
    if (isRequest(message)) {
      const [field = ''] = Object.keys(Object(Object(message.params?.requestedSchema).properties));
      const content = { [field]: Object(ANSWERS)[field] };
      expect((await second.answer(message.id, { action: 'accept', content })).status).toBe(202);
    } else if (message !== undefined && 'result' in message) expect(textIn(message)).toBe('Alice likes green.');
  }
  expect(await resultOf(first, 'tasks/get', { taskId })).toMatchObject({ status: 'completed' });
});

it('is not listed without authentication [R108], and reports under the token of its call until it has ended [R109]', async () => {
  await using fermata = await deployed(PROGRAM);
  const client = await WireClient.open(fermata.url);
  expect(client.capabilities).toContain('"tasks":{"cancel":{}');
  expect(await said(client, 'tasks/list')).toMatchObject({ error: { code: -32601 } });
  const taskId = await taskOf(client, 'count', { to: 3 }, { progressToken: 'p' });
  const messages = await messagesIn(await client.post(client.request('tasks/result', { taskId })));
  const progress = messages.flatMap(message =>
    'method' in message && message.method === 'notifications/progress' ? [message.params] : [],
  );
  const _meta = { 'io.modelcontextprotocol/related-task': { taskId } };
  expect(progress.at(-1)).toEqual({ progressToken: 'p', progress: 3, total: 3, _meta });
  expect(textIn(messages.at(-1))).toBe('Counted to 3.');
});
