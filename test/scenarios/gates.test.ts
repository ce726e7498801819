/**
 * The filesystem server, unmodified, behind the approval gate, with real clients of both eras: approved, declined, for the session,
 * on the page by oneself and by others, too late, with altered states and arguments, and replayed. Killed while it waits: `gates-kill.test.ts`.
 */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, realpath } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newApiKey } from '../../core/http/api-keys.ts';
import { approver } from '../support/clients/approver.ts';
import { modernCall } from '../support/clients/modern.ts';
import type { Elicited, SdkClientName } from '../support/clients/sdk.ts';
import { SDK_CLIENTS } from '../support/clients/sdk.ts';
import type { TestDeployment } from '../support/deployment.ts';
import { deployed } from '../support/deployment.ts';
import { waitingCall } from '../support/waiting-call.ts';

const FILESYSTEM = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-filesystem/dist/index.js'));
/** One of each era. */
const NAMES = ['SDK v1', 'SDK v2 auto'] as const;
const [ALICE, BOB, CAROL, ROOT] = [
  newApiKey('alice'),
  newApiKey('bob'),
  newApiKey('carol', ['approve']),
  newApiKey('root'),
];
const KEYS = { FERMATA_API_KEYS: [ALICE, BOB, CAROL].map(({ line }) => line).join(','), FERMATA_ADMIN_KEYS: ROOT.line };
const bearer = ({ key }: { readonly key: string }) => ({ authorization: `Bearer ${key}` });
const POLICIES = [
  { name: 'moving', tools: ['move_file'], approvers: ['scope:approve'] },
  { name: 'making', tools: ['create_directory'], withoutElicitation: 'page' },
  { name: 'writing', tools: ['write_file'] },
];

let folder: string;
let chat: Awaited<ReturnType<typeof chatRoom>>;
let deployment: TestDeployment;
let hasty: TestDeployment;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'gates-')));
  chat = await chatRoom();
  const serving = (gates: object) =>
    deployed(['--', process.execPath, FILESYSTEM, folder], {
      ...KEYS,
      FERMATA_CONFIG: JSON.stringify({ gates }),
      FERMATA_WEBHOOK_SECRET: 'a secret',
    });
  [deployment, hasty] = await Promise.all([
    serving({ approval: POLICIES, webhook: { url: chat.url, private: true } }),
    serving({ approval: POLICIES, wait: '1s' }),
  ]);
});
afterAll(async () => {
  await Promise.all([deployment[Symbol.asyncDispose](), hasty[Symbol.asyncDispose]()]);
  chat.close();
});

/** Where the webhook tells of calls that wait: their links, by tool. */
async function chatRoom() {
  const links: Record<string, string[]> = {};
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { data } = JSON.parse(body);
    links[data.tool] = [...(links[data.tool] ?? []), data.link];
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { links, url: `http://127.0.0.1:${port}/`, close: () => server.close() };
}

const deciding = (decision: string, reason?: string): Elicited => ({
  action: 'accept',
  content: { decision, ...(reason === undefined ? {} : { reason }) },
});
const write = (name: string) => ({ path: join(folder, name), content: `in ${name}` });
const inFolder = (name: string): string => join(folder, name);

async function audited(query: string): Promise<readonly Record<string, unknown>[]> {
  const response = await fetch(`${new URL(deployment.url).origin}/admin/audit?${query}`, { headers: bearer(ROOT) });
  return (await response.json()).entries;
}

async function talk(name: SdkClientName): Promise<void> {
  const said: string[] = [];
  let answer = deciding('no', 'Not today.');
  const side = {
    elicit: (params: Record<string, unknown>) => {
      said.push(String(params.message).split('\n')[0] ?? '');
      return answer;
    },
  };
  const client = await SDK_CLIENTS[name](deployment.url, side, bearer(ALICE));
  const own = (file: string): string => `${client.era}-${file}`;
  const declined = await client.call('write_file', write(own('a.txt')));
  expect([declined.isError, existsSync(inFolder(own('a.txt')))]).toEqual([true, false]);
  expect(JSON.stringify(declined.content)).toContain('Not today.');
  answer = deciding('once');
  expect((await client.call('write_file', write(own('b.txt')))).isError).toBe(false);
  expect(readFileSync(inFolder(own('b.txt')), 'utf8')).toBe(`in ${own('b.txt')}`);
  expect((await client.call('read_text_file', { path: inFolder(own('b.txt')) })).isError).toBe(false);
  const title = 'Allow the call of write_file (Write File)?';
  expect(said).toEqual([title, title]);
  if (client.era === 'legacy') {
    answer = deciding('session');
    await client.call('write_file', write(own('c.txt')));
    await client.call('write_file', write(own('d.txt')));
    expect([said.length, existsSync(inFolder(own('d.txt')))]).toEqual([3, true]);
  }
  await client.close();
}

describe('the filesystem server behind an approval', () => {
  it.each(NAMES)('does what %s lets it do, and nothing else', name => talk(name));

  it.each(NAMES)('shows %s the way to the page, where someone else lets the call go on', async name => {
    const link: string[] = [];
    const side = {
      elicit: async (params: Record<string, unknown>): Promise<Elicited> => {
        link.push(String(params.url));
        const carol = await approver(String(params.url), CAROL.key);
        expect(carol.page).toContain('key:alice asked for it.');
        await carol.send('once');
        return { action: 'accept' };
      },
    };
    const client = await SDK_CLIENTS[name](deployment.url, side, bearer(ALICE));
    const args = { source: inFolder(`${client.era}-b.txt`), destination: inFolder(`${client.era}-e.txt`) };
    expect((await client.call('move_file', args)).isError).toBe(false);
    expect([link.length, existsSync(args.destination)]).toEqual([1, true]);
    await client.close();
    expect(await audited('tool=move_file&event=passed&limit=1')).toMatchObject([
      { principal: 'key:alice', by: 'key:carol', via: 'page', because: 'key:carol approved it once' },
    ]);
  });

  it('shows neither the asker nor a stranger what only others may decide, and waits', async () => {
    const capabilities = { elicitation: { url: {} } };
    const args = { source: inFolder('x'), destination: inFolder('y') };
    const call = await waitingCall(deployment.url, 'move_file', args, { headers: bearer(ALICE), capabilities });
    const link = String(call.question.url);
    for (const { key } of [ALICE, BOB]) {
      const person = await approver(link, key);
      expect([person.status, person.page.includes('move_file')]).toEqual([403, false]);
      await person.send('once');
      expect(person.status).toBe(403);
    }
    await call.answer({ action: 'accept' });
    const carol = await approver(link, CAROL.key);
    await carol.send('no', 'Leave it there.');
    expect(await call.result()).toContain('Leave it there.');
    const altered = `${link.slice(0, -3)}${link.endsWith('xyz') ? 'abc' : 'xyz'}`;
    expect((await fetch(altered)).status).toBe(404);
  });

  it('lets clients wait for the page that cannot ask, if the policy says so', async () => {
    const told = (): readonly string[] => chat.links.create_directory ?? [];
    const legacy = await SDK_CLIENTS['SDK v1'](deployment.url, {}, bearer(ALICE));
    const modern = await SDK_CLIENTS['SDK v2 auto'](deployment.url, {}, bearer(ALICE));
    for (const client of [legacy, modern]) {
      const pending = client.call('create_directory', { path: inFolder(`${client.era}-made`) });
      await expect.poll(told).toHaveLength(client === legacy ? 1 : 2);
      const alice = await approver(told().at(-1) ?? '', ALICE.key);
      await alice.send('once');
      expect([(await pending).isError, existsSync(inFolder(`${client.era}-made`))]).toEqual([false, true]);
      expect((await client.call('write_file', write('never.txt'))).isError).toBe(true);
      await client.close();
    }
  });

  it.each(NAMES)('is too late for an answer of %s after its time', async name => {
    const side = {
      elicit: async (): Promise<Elicited> => {
        await setTimeout(1_100);
        return deciding('once');
      },
    };
    const client = await SDK_CLIENTS[name](hasty.url, side, bearer(ALICE));
    await expect(client.call('write_file', write('late.txt'))).rejects.toThrow('has expired');
    expect(existsSync(inFolder('late.txt'))).toBe(false);
    await client.close();
  });

  it('takes no altered state, no other arguments, nobody else’s answer, and no answer twice', async () => {
    const ask = modernCall(deployment.url, bearer(ALICE));
    const args = { name: 'write_file', arguments: write('once.txt') };
    const { requestState } = await ask(args);
    const next = { ...args, requestState, inputResponses: { gate: deciding('once') } };
    const rejected = { error: expect.stringContaining('This requestState is not valid here') };
    expect(await ask({ ...next, arguments: write('other.txt') })).toMatchObject(rejected);
    expect(await ask({ ...next, requestState: `${requestState}A` })).toMatchObject(rejected);
    expect(await modernCall(deployment.url, bearer(BOB))(next)).toMatchObject(rejected);
    expect([existsSync(inFolder('once.txt')), existsSync(inFolder('other.txt'))]).toEqual([false, false]);
    expect(await ask(next)).toMatchObject({ resultType: 'complete' });
    expect(await ask(next)).toMatchObject(rejected);
  });
});
