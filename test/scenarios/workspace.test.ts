/**
 * The files of sessions through the whole product: servers nobody here wrote keep their state per session when everything is
 * killed, calls that come to no end leave nothing, and one session finds nothing of another's.
 */
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { RpcRequest } from '../../core/protocol/messages.ts';
import { isObject } from '../../core/protocol/messages.ts';
import { eventsIn, messagesIn, textIn, WireClient } from '../support/clients/wire.ts';
import type { TestDeployment } from '../support/deployment.ts';
import { deployed } from '../support/deployment.ts';
import type { ProductOptions } from '../support/product.ts';
import { lastingPort, startProduct } from '../support/product.ts';

const bin = (path: string): string => fileURLToPath(import.meta.resolve(`@modelcontextprotocol/${path}`));
const FILES = fileURLToPath(new URL('../support/servers/stdio-files.mjs', import.meta.url));
const V1_FILES = fileURLToPath(new URL('../support/servers/v1-files.ts', import.meta.url));

/** Tests that run at the same time must each give their own `finished`: the global one belongs to any of them. */
async function newFolder(finished = onTestFinished): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'fermata-scenario-')));
  finished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

const deployedAgain = ({ data, port, serve }: ProductOptions): Promise<TestDeployment> =>
  deployed(['--data', data, '--port', String(port), ...serve]);

/** What a call says in the end. */
async function said(client: WireClient, tool: string, args: Record<string, unknown>): Promise<string> {
  const message = (await messagesIn(await client.post(client.tool(tool, args)))).at(-1);
  if (message === undefined || !('result' in message)) return JSON.stringify(message);
  const { content } = message.result;
  const [block]: readonly unknown[] = Array.isArray(content) ? content : [];
  return isObject(block) ? String(block.text) : JSON.stringify(message.result);
}

describe.concurrent('servers that nobody here wrote', () => {
  it('server-memory keeps the graph of each session over SIGKILL', async ({ onTestFinished: finished }) => {
    const server = ['--env', 'MEMORY_FILE_PATH={workspace}/graph.jsonl', '--', process.execPath];
    const serve = ['--workspace', ...server, bin('server-memory/dist/index.js')];
    const options = { data: await newFolder(finished), port: await lastingPort(), serve };
    const before = await startProduct(options);
    const [ada, bob] = [await WireClient.open(before.url), await WireClient.open(before.url)];
    const entity = (name: string) => ({ entities: [{ name, entityType: 'thing', observations: [] }] });
    expect(await said(ada, 'create_entities', entity('Engine'))).toContain('Engine');
    expect(await said(bob, 'create_entities', entity('Compiler'))).toContain('Compiler');
    await before.kill();
    await using _after = await deployedAgain(options);
    const [hers, his] = [await said(ada, 'read_graph', {}), await said(bob, 'read_graph', {})];
    expect(hers).toContain('Engine');
    expect(hers).not.toContain('Compiler');
    expect(his).toContain('Compiler');
    expect(his).not.toContain('Engine');
  });

  it('server-filesystem finds the files of its session at the same place after SIGKILL, and no others', async ({
    onTestFinished: finished,
  }) => {
    const serve = ['--workspace', '--', process.execPath, bin('server-filesystem/dist/index.js'), '.'];
    const options = { data: await newFolder(finished), port: await lastingPort(), serve };
    const before = await startProduct(options);
    const clients = await Promise.all([1, 2].map(() => WireClient.open(before.url, { capabilities: {} })));
    const folders: string[] = [];
    for (const [n, client] of clients.entries()) {
      const folder = (await said(client, 'list_allowed_directories', {})).split('\n').at(-1) ?? '';
      folders.push(folder);
      await said(client, 'create_directory', { path: `${folder}/sub` });
      await said(client, 'write_file', { path: `${folder}/sub/note.txt`, content: `note ${n}` });
    }
    await before.kill();
    await using _after = await deployedAgain(options);
    for (const [n, client] of clients.entries()) {
      const [own = '', other = ''] = n === 0 ? folders : folders.toReversed();
      expect(await said(client, 'read_text_file', { path: `${own}/sub/note.txt` })).toBe(`note ${n}`);
      expect(await said(client, 'read_text_file', { path: `${other}/sub/note.txt` })).toContain('Access denied');
    }
  });
});

const run = (client: WireClient, code: string): Promise<string> => said(client, 'run', { code });

const serving = (...options: string[]): Promise<TestDeployment> =>
  deployed(['--workspace', ...options, '--', process.execPath, FILES]);

/** Makes a call that asks, answers it, and gives what it says. */
async function answered(client: WireClient, call: RpcRequest): Promise<string> {
  for await (const { message } of eventsIn(await client.post(call))) {
    if (message === undefined) continue;
    if ('result' in message) return textIn(message);
    if ('method' in message && 'id' in message)
      await client.answer(message.id, { action: 'accept', content: { value: 'yes' } });
  }
  throw new Error('The call said nothing.');
}

describe('a call in its folder', () => {
  const LOG = `fs.appendFileSync('log', 'a'); await ask('Go on?'); fs.appendFileSync('log', 'b'); return fs.readFileSync('log', 'utf8')`;

  it.each([
    'nothing',
    'runs',
    'programs',
  ])('writes what it wrote before a question once, with --warm %s', async warm => {
    await using deployment = await serving('--warm', warm);
    const client = await WireClient.open(deployment.url);
    expect(await answered(client, client.tool('run', { code: LOG }))).toBe('"ab"');
    expect(await run(client, `return fs.readFileSync('log', 'utf8')`)).toBe('"ab"');
  });

  it.each(['nothing', 'runs', 'programs'])('has its folder in this process too, with --warm %s', async warm => {
    await using deployment = await deployed(['--workspace', '--warm', warm, '--program', V1_FILES]);
    const [one, two] = [await WireClient.open(deployment.url), await WireClient.open(deployment.url)];
    expect(await answered(one, one.tool('log'))).toBe('ab');
    expect(await answered(one, one.tool('log'))).toBe('abab');
    expect(await answered(two, two.tool('log'))).toBe('ab');
  });

  it('that crashed leaves nothing, and one over its limit fails and leaves the state before it', async () => {
    await using deployment = await serving();
    const client = await WireClient.open(deployment.url);
    await run(client, `fs.writeFileSync('a', 'kept'); memory.is = 'there'`);
    expect(await run(client, `fs.writeFileSync('a', 'half'); process.exit(3)`)).toContain('program_crashed');
    const state = `return [fs.readFileSync('a', 'utf8'), fs.readdirSync('.').length, memory.is ?? 'gone']`;
    expect(await run(client, state)).toBe('["kept",1,"gone"]');
    const large = `fs.writeFileSync('a', 'lost'); fs.writeFileSync('large', ''); fs.truncateSync('large', 65 * 1024 * 1024)`;
    expect(await run(client, large)).toContain('workspace_too_large');
    expect(await run(client, state)).toBe('["kept",1,"gone"]');
  });
});

describe('a session', () => {
  const HIDE = `memory.secret = process.env.SECRET = 'swordfish';
    for (const folder of ['.', process.env.TMPDIR]) fs.writeFileSync(folder + '/secret', 'swordfish')`;
  const SEEK = `const read = folder => fs.readdirSync(folder).map(name => fs.readFileSync(folder + '/' + name, 'utf8'));
    return [memory, process.env, read('.'), read(process.env.TMPDIR), process.cwd() === fs.realpathSync(process.env.FERMATA_WORKSPACE)]`;

  it.each([
    'nothing',
    'programs',
  ])('finds no secret of another in memory, environment or files, with --warm %s', async warm => {
    vi.stubEnv('OPERATORS_SECRET', 'swordfish');
    onTestFinished(() => void vi.unstubAllEnvs());
    await using deployment = await serving('--warm', warm);
    const [one, two] = [await WireClient.open(deployment.url), await WireClient.open(deployment.url)];
    await run(one, HIDE);
    const found = await run(two, SEEK);
    expect(found).not.toContain('swordfish');
    expect(found).toMatch(/,\[\],\[\],true\]$/);
    expect(await run(one, `return fs.readFileSync('secret', 'utf8')`)).toBe('"swordfish"');
  });

  it('that ended leaves no file, neither in its folder nor in the store', async () => {
    const data = await newFolder();
    await using deployment = await serving('--data', data);
    const client = await WireClient.open(deployment.url);
    const folder: unknown = JSON.parse(await run(client, `fs.writeFileSync('a', 'kept'); return process.cwd()`));
    expect(readdirSync(join(data, 'workspaces'))).toHaveLength(1);
    await fetch(deployment.url, { method: 'DELETE', headers: { 'mcp-session-id': client.sessionId ?? '' } });
    expect(readdirSync(join(data, 'workspaces'))).toEqual([]);
    // Its program is given a moment to end in its folder.
    await vi.waitFor(() => expect(existsSync(String(folder))).toBe(false), { timeout: 60_000 });
  });
});
