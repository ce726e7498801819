/**
 * Programs that misbehave, over stdio and in process, behind the product as it is composed: whoever called gets a clear error
 * within bounds, everybody else notices nothing, and no child process remains.
 */
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Message } from '../../core/protocol/messages.ts';
import { isObject } from '../../core/protocol/messages.ts';
import { eventsIn, messagesIn, textIn, WireClient } from '../support/clients/wire.ts';
import type { TestDeployment } from '../support/deployment.ts';
import { deployed } from '../support/deployment.ts';
import { leftBehind, processesMarked } from '../support/processes.ts';
import { lastingPort, startProduct } from '../support/product.ts';

const STDIO = fileURLToPath(new URL('../support/servers/stdio-unruly.mjs', import.meta.url));
const IN_PROCESS = fileURLToPath(new URL('../support/servers/v1-unruly.ts', import.meta.url));

let marks = 0;

interface Unruly extends AsyncDisposable {
  readonly deployment: TestDeployment;
  readonly client: WireClient;
  readonly mark: string;
}

/** The unruly program behind the product; at the end everything is well and nothing is left. */
async function unruly(): Promise<Unruly> {
  const mark = `--mark=${process.pid}-${++marks}`;
  const deployment = await deployed(['--', process.execPath, STDIO, mark]);
  const client = await WireClient.open(deployment.url);
  return {
    deployment,
    client,
    mark,
    async [Symbol.asyncDispose]() {
      const last = await WireClient.open(deployment.url);
      expect(await called(last, 'fine')).toMatchObject({ result: { content: [{ text: 'fine' }] } });
      for (const one of [client, last]) await ended(one);
      expect(await leftBehind(mark)).toEqual([]);
      await deployment[Symbol.asyncDispose]();
    },
  };
}

/** Ends a client's session, and with it the program that is kept for it. */
async function ended({ url, sessionId }: WireClient): Promise<void> {
  const headers = { 'mcp-session-id': String(sessionId) };
  expect((await fetch(url, { method: 'DELETE', headers })).status).toBe(200);
}

const called = async (client: WireClient, tool: string): Promise<Message | undefined> =>
  (await messagesIn(await client.post(client.tool(tool)))).at(-1);

function codeOf(message: Message | undefined): readonly unknown[] {
  if (message === undefined || !('error' in message)) return [message];
  const { code, data } = message.error;
  return [code, isObject(data) ? data.code : undefined];
}

describe('a stdio program', () => {
  it('that prints garbage among its messages is understood all the same', async () => {
    await using program = await unruly();
    expect(textIn(await called(program.client, 'garbage'))).toBe('after the garbage');
    expect(program.deployment.observed.filter(({ event }) => event === 'program.garbage').length).toBeGreaterThan(0);
  });

  it.each([
    ['exits', 'program_crashed'],
    ['exits after progress', 'program_crashed'],
    ['is killed', 'program_crashed'],
    ['closes its output and stays', 'program_crashed'],
    ['writes a line without end', 'program_crashed'],
    ['floods', 'program_flooding'],
  ])('that %s ends the call with an error, and nothing else', async (tool, code) => {
    await using program = await unruly();
    expect(codeOf(await called(program.client, tool))).toEqual([-32603, code]);
  });

  it('that exits while its question waits loses nothing: it is not needed then', async () => {
    await using program = await unruly();
    const { client } = program;
    const events = eventsIn(await client.post(client.tool('asks and exits')));
    for await (const { message } of events) {
      if (message === undefined) continue;
      if ('method' in message && 'id' in message) {
        const pids = processesMarked(program.mark);
        for (const pid of pids) process.kill(Number(pid), 'SIGUSR2');
        // Its parent, this process, has taken note of its death once its number is free.
        await expect.poll(() => pids.filter(pid => existsSync(`/proc/${pid}`))).toEqual([]);
        expect((await client.answer(message.id, { action: 'accept', content: { name: 'Ada' } })).status).toBe(202);
      } else expect(textIn(message)).toBe('asked');
    }
  });

  it('that hangs is ended when its caller cancels', async () => {
    await using program = await unruly();
    const { client, mark } = program;
    const request = client.tool('hangs');
    const response = await client.post(request);
    expect(processesMarked(mark)).toHaveLength(1);
    const params = { requestId: request.id };
    expect((await client.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params })).status).toBe(202);
    expect(await messagesIn(response)).toEqual([]);
    expect(await leftBehind(mark)).toEqual([]);
  });

  it('that hangs and will not end is killed when its session ends', async () => {
    await using program = await unruly();
    const other = await WireClient.open(program.deployment.url);
    const response = await other.post(other.tool('hangs for ever'));
    expect(processesMarked(program.mark)).toHaveLength(1);
    await ended(other);
    expect(await messagesIn(response)).toEqual([]);
    expect(await leftBehind(program.mark)).toEqual([]);
  });

  it('that hangs does not keep the product from ending', async () => {
    const mark = `--mark=${process.pid}-${++marks}`;
    const deployment = await deployed(['--', process.execPath, STDIO, mark]);
    const client = await WireClient.open(deployment.url);
    const response = await client.post(client.tool('hangs for ever'));
    const ended = messagesIn(response);
    await deployment[Symbol.asyncDispose]();
    expect(await ended).toEqual([]);
    expect(await leftBehind(mark)).toEqual([]);
  });

  it('that starts children of its own leaves none of them', async () => {
    await using program = await unruly();
    const other = await WireClient.open(program.deployment.url);
    expect(textIn(await called(other, 'starts a child'))).toBe('started');
    await ended(other);
    expect(await leftBehind(program.mark)).toEqual([]);
  });

  it.each([
    ['exits at its start', 'exit', /exit|ended/i],
    ['refuses to initialize', 'refuse', /refused to initialize/],
    ['does not exist', 'none', /not found/],
  ])('that %s is told to whoever starts the product', async (_, how, says) => {
    const command = how === 'none' ? ['no-such-command-anywhere'] : [process.execPath, STDIO, `--start=${how}`];
    await expect(deployed(['--', ...command])).rejects.toThrow(says);
  });
});

describe('a program in the process of the product', () => {
  it('that throws, rejects or gives nonsense does not end the process', async () => {
    const data = mkdtempSync(join(tmpdir(), 'fermata-bad-programs-'));
    const product = await startProduct({ data, port: await lastingPort(), serve: ['--program', IN_PROCESS] });
    const client = await WireClient.open(product.url);
    expect(await called(client, 'throws')).toMatchObject({ result: { isError: true } });
    expect(textIn(await called(client, 'rejects_later'))).toBe('rejects later');
    expect(textIn(await called(client, 'throws_later'))).toBe('throws later');
    expect(await called(client, 'gives_nonsense')).toMatchObject({ result: { isError: true } });
    expect(textIn(await called(client, 'fine'))).toBe('fine');
    expect((await fetch(new URL('/healthz', product.url))).status).toBe(200);
    const strays = product.observed.filter(({ event }) => event === 'process.stray_error');
    expect(strays.map(({ message }) => String(message).replace(/^.*: /, ''))).toEqual([
      'Nobody looks after this promise.',
      'Nobody is there to catch this.',
    ]);
    expect(await product.stop()).toBe(0);
  });

  it.each([
    ['has no default export', 'export const server = 1;', /has no default export/],
    ['throws when it is loaded', 'throw new Error("not today");', /not today/],
    ['is no JavaScript', 'export default (', /Cannot use/],
    ['builds no server', 'export default () => 7;', /server/],
  ])('that %s is told to whoever starts the product', async (_, source, says) => {
    const file = join(mkdtempSync(join(tmpdir(), 'fermata-program-')), 'server.mjs');
    writeFileSync(file, source);
    await expect(deployed(['--program', file])).rejects.toThrow(says);
  });
});
