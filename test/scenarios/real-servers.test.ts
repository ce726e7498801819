/**
 * Servers nobody here wrote, over stdio through the whole product: every tool they list is called with valid arguments and
 * answers. What cannot work by nature, because nothing stays in memory, is pinned at the end of each.
 */
import { mkdtemp, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isObject } from '../../core/protocol/messages.ts';
import type { SdkCall, SdkClient, Side } from '../support/clients/sdk.ts';
import { SDK_CLIENTS } from '../support/clients/sdk.ts';
import { messagesIn, textIn, WireClient } from '../support/clients/wire.ts';
import type { TestDeployment } from '../support/deployment.ts';
import { deployed } from '../support/deployment.ts';

const bin = (path: string): string => fileURLToPath(import.meta.resolve(`@modelcontextprotocol/${path}`));
const stdio = (path: string, ...args: string[]): Promise<TestDeployment> =>
  deployed(['--', process.execPath, bin(path), ...args]);

/** The same with a fresh program for every call. */
const cold = (path: string, ...args: string[]): Promise<TestDeployment> =>
  deployed(['--warm', 'nothing', '--', process.execPath, bin(path), ...args]);

const SIDE: Side = {
  elicit: ({ mode }) => (mode === 'url' ? { action: 'accept' } : { action: 'accept', content: { name: 'Ada' } }),
  sample: () => 'It is short.',
  roots: ['file:///a'],
};

/** A call and what its texts must say. */
type Case = readonly [tool: string, args: Record<string, unknown>, says: string | RegExp];

function saidBy({ content }: SdkCall): string {
  const blocks: readonly unknown[] = Array.isArray(content) ? content : [];
  return blocks.map(block => (isObject(block) && 'text' in block ? block.text : JSON.stringify(block))).join('\n');
}

async function check(client: SdkClient, [tool, args, says]: Case): Promise<void> {
  const call = await client.call(tool, args);
  expect({ tool, isError: call.isError, said: saidBy(call) }).toEqual({
    tool,
    isError: false,
    said: typeof says === 'string' ? expect.stringContaining(says) : expect.stringMatching(says),
  });
}

async function listed(client: SdkClient): Promise<readonly string[]> {
  return (await client.listTools()).map(({ name }) => name).sort();
}

const toolsOf = (cases: readonly Case[], ...others: string[]): readonly string[] =>
  [...new Set([...cases.map(([tool]) => tool), ...others])].sort();

describe.concurrent('server-everything', () => {
  const CASES: readonly Case[] = [
    ['echo', { message: 'hello' }, 'Echo: hello'],
    ['get-annotated-message', { messageType: 'error' }, 'Error: Operation failed'],
    ['get-env', {}, '"PATH"'],
    ['get-resource-links', { count: 2 }, 'demo://resource/dynamic/'],
    ['get-resource-reference', { resourceType: 'Text', resourceId: 1 }, 'demo://resource/dynamic/text/1'],
    ['get-structured-content', { location: 'Chicago' }, '"temperature":36'],
    ['get-sum', { a: 2, b: 3 }, 'The sum of 2 and 3 is 5.'],
    ['get-tiny-image', {}, '"mimeType":"image/png"'],
    [
      'gzip-file-as-resource',
      { name: 'a.gz', data: 'data:text/plain,abc', outputType: 'resource' },
      'application/gzip',
    ],
    ['toggle-simulated-logging', {}, 'Started simulated'],
    ['toggle-subscriber-updates', {}, 'Started simulated'],
    ['trigger-long-running-operation', { duration: 0.1, steps: 2 }, 'Long running operation completed.'],
    ['get-roots-list', {}, 'URI: file:///a'],
    ['trigger-elicitation-request', {}, '- Name: Ada'],
    ['trigger-url-elicitation', { url: 'https://example.com/' }, 'accept'],
    ['trigger-sampling-request', { prompt: 'hello' }, 'It is short.'],
  ];

  it('answers every tool it lists', async () => {
    await using deployment = await stdio('server-everything/dist/index.js', 'stdio');
    const client = await SDK_CLIENTS['SDK v1'](deployment.url, SIDE);
    expect(await listed(client)).toEqual(toolsOf(CASES, 'simulate-research-query'));
    await Promise.all(CASES.map(one => check(client, one)));
    await client.close();
  });

  it('remembers between the calls of a session what it keeps in memory', async () => {
    await using deployment = await stdio('server-everything/dist/index.js', 'stdio');
    const client = await SDK_CLIENTS['SDK v1'](deployment.url, SIDE);
    await check(client, ['toggle-simulated-logging', {}, 'Started simulated']);
    await check(client, ['toggle-simulated-logging', {}, 'Stopped simulated']);
    await client.close();
  });

  it('remembers nothing where nothing stays in memory', async () => {
    await using deployment = await cold('server-everything/dist/index.js', 'stdio');
    const client = await SDK_CLIENTS['SDK v1'](deployment.url, SIDE);
    // A second toggle would stop what the first began, if the program that began it were still there.
    await check(client, ['toggle-simulated-logging', {}, 'Started simulated']);
    await check(client, ['toggle-simulated-logging', {}, 'Started simulated']);
    await client.close();
  });

  it('sends to the same page again after it was visited, where it cannot remember that it sent somebody there', async () => {
    await using deployment = await cold('server-everything/dist/index.js', 'stdio');
    const client = await SDK_CLIENTS['SDK v1'](deployment.url, SIDE);
    for (let n = 0; n < 2; n++) {
      const call = client.call('trigger-url-elicitation', { url: 'https://example.com/', errorPath: true });
      await expect(call).rejects.toMatchObject({
        code: -32042,
        // The server's own: one has to go there before the page that was asked for.
        data: { elicitations: [{ mode: 'url', url: 'https://modelcontextprotocol.io' }] },
      });
    }
    await client.close();
  });

  it('runs a tool that exists as a task only as a call like any other', async () => {
    await using deployment = await stdio('server-everything/dist/index.js', 'stdio');
    // The SDK would not even send it. Without roots, of which the server would ask first.
    const client = await WireClient.open(deployment.url, { capabilities: { elicitation: {} } });
    const said = await messagesIn(await client.post(client.tool('simulate-research-query', { topic: 'a' })));
    expect(textIn(said.at(-1))).toMatch(/^# Research Report: a\n/);
  });
});

describe.concurrent('server-memory', () => {
  const relation = { from: 'Ada', to: 'Engine', relationType: 'wrote for' };
  const CASES: readonly Case[] = [
    ['create_entities', { entities: [entity('Ada'), entity('Engine')] }, '"name": "Engine"'],
    ['create_relations', { relations: [relation] }, '"relationType": "wrote for"'],
    ['add_observations', { observations: [{ entityName: 'Ada', contents: ['likes numbers'] }] }, 'likes numbers'],
    ['read_graph', {}, 'likes numbers'],
    ['search_nodes', { query: 'numbers' }, '"name": "Ada"'],
    ['open_nodes', { names: ['Engine'] }, '"name": "Engine"'],
    ['delete_observations', { deletions: [{ entityName: 'Ada', observations: ['likes numbers'] }] }, /deleted/i],
    ['delete_relations', { relations: [relation] }, /deleted/i],
    ['delete_entities', { entityNames: ['Engine'] }, /deleted/i],
    ['read_graph', {}, /^(?![\s\S]*Engine)[\s\S]*"name": "Ada"/],
  ];

  it('answers every tool it lists, and remembers, since it keeps its graph in a file', async () => {
    const graph = join(await mkdtemp(join(tmpdir(), 'fermata-memory-')), 'graph.jsonl');
    const server = [process.execPath, bin('server-memory/dist/index.js')];
    await using deployment = await deployed(['--env', `MEMORY_FILE_PATH=${graph}`, '--', ...server]);
    const client = await SDK_CLIENTS['SDK v1'](deployment.url, SIDE);
    expect(await listed(client)).toEqual(toolsOf(CASES));
    for (const one of CASES) await check(client, one);
    await client.close();
  });
});

const entity = (name: string) => ({ name, entityType: 'thing', observations: [] });

describe.concurrent('server-filesystem', () => {
  const files = (folder: string) => {
    const at = (name: string): string => join(folder, name);
    const changes: readonly Case[] = [
      ['create_directory', { path: at('sub') }, 'Successfully created directory'],
      ['write_file', { path: at('sub/a.txt'), content: 'one\ntwo\n' }, 'Successfully wrote'],
      ['edit_file', { path: at('sub/a.txt'), edits: [{ oldText: 'two', newText: 'three' }] }, '+three'],
      ['move_file', { source: at('sub/a.txt'), destination: at('sub/b.txt') }, 'Successfully moved'],
    ];
    const looks: readonly Case[] = [
      ['list_allowed_directories', {}, folder],
      ['read_text_file', { path: at('sub/b.txt') }, 'one\nthree'],
      ['read_file', { path: at('sub/b.txt'), head: 1 }, 'one'],
      ['read_multiple_files', { paths: [at('sub/b.txt'), at('pixel.png')] }, 'b.txt'],
      ['read_media_file', { path: at('pixel.png') }, 'image/png'],
      ['list_directory', { path: folder }, '[DIR] sub'],
      ['list_directory_with_sizes', { path: folder }, 'Total: 1 files, 1 directories'],
      ['directory_tree', { path: folder }, '"name": "b.txt"'],
      ['search_files', { path: folder, pattern: '**/*.txt' }, 'b.txt'],
      ['get_file_info', { path: at('sub/b.txt') }, 'isFile: true'],
    ];
    return { changes, looks };
  };

  it('answers every tool it lists', async () => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'fermata-files-')));
    await writeFile(join(folder, 'pixel.png'), Buffer.from('89504e470d0a1a0a', 'hex'));
    await using deployment = await stdio('server-filesystem/dist/index.js', folder);
    const client = await SDK_CLIENTS['SDK v1'](deployment.url, { ...SIDE, roots: [`file://${folder}`] });
    const { changes, looks } = files(folder);
    expect(await listed(client)).toEqual(toolsOf([...changes, ...looks]));
    for (const one of changes) await check(client, one);
    await Promise.all(looks.map(one => check(client, one)));
    await client.close();
  });
});

describe.concurrent('server-sequential-thinking', () => {
  const thought = (thoughtNumber: number) => ({
    thought: 'Think.',
    nextThoughtNeeded: true,
    thoughtNumber,
    totalThoughts: 3,
  });

  it('answers its tool, and remembers the earlier thoughts of its session', async () => {
    await using deployment = await stdio('server-sequential-thinking/dist/index.js');
    const client = await SDK_CLIENTS['SDK v1'](deployment.url, SIDE);
    expect(await listed(client)).toEqual(['sequentialthinking']);
    await check(client, ['sequentialthinking', thought(1), '"thoughtNumber": 1']);
    await check(client, ['sequentialthinking', thought(2), '"thoughtHistoryLength": 2']);
    const another = await SDK_CLIENTS['SDK v1'](deployment.url, SIDE);
    await check(another, ['sequentialthinking', thought(1), '"thoughtHistoryLength": 1']);
    await check(client, ['sequentialthinking', thought(3), '"thoughtHistoryLength": 3']);
    await client.close();
    await another.close();
  });

  it('cannot remember earlier thoughts where nothing stays in memory', async () => {
    await using deployment = await cold('server-sequential-thinking/dist/index.js');
    const client = await SDK_CLIENTS['SDK v1'](deployment.url, SIDE);
    await check(client, ['sequentialthinking', thought(1), '"thoughtHistoryLength": 1']);
    await check(client, ['sequentialthinking', thought(2), '"thoughtHistoryLength": 1']);
    await client.close();
  });
});
