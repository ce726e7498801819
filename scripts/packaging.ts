/**
 * Checks the package as its users get it: packed, installed into an empty folder, and run from there.
 *
 * What is missing from the package, or is there only in this repository, shows here and nowhere else. It takes the registry
 * for the dependencies, as a user would.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startProduct } from './product.ts';

const ROOT = join(import.meta.dirname, '..');
const NEEDED = [
  'README.md',
  'LICENSE',
  'package.json',
  'dist/index.js',
  'dist/index.d.ts',
  'dist/aws.js',
  'dist/aws.d.ts',
  'dist/bin/fermata.js',
  'examples/expense-tracker/server.ts',
];
const UNWANTED = /^(test|scripts|bench|docs|\.)|\.test\.|\.map$/;
const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'packaging', version: '1.0.0' } },
};

/** A program as a user writes it, in TypeScript, with the SDK that came with the package. */
const PROGRAM = `
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
export default function stranger(): McpServer {
  const server: McpServer = new McpServer({ name: 'stranger', version: '1.0.0' });
  server.registerTool('hello', { description: 'Says hello.' }, async () => ({ content: [{ type: 'text', text: 'hello' }] }));
  return server;
}
`;
const LIBRARY = `
import type { StatelessServer, Stores } from 'fermata';
import { httpApp, memoryStores, proxy, runner, sdkServer } from 'fermata';
import type { StreamingHandler } from 'fermata/aws';
import { dynamodbStores, lambdaServer, streamingEntry } from 'fermata/aws';
export const entry = (app: Parameters<typeof streamingEntry>[0]): StreamingHandler => streamingEntry(app);
export const onAws: unknown = [dynamodbStores, lambdaServer];
export const stores: Stores = memoryStores({});
export const parts = (upstream: StatelessServer): unknown => [upstream, proxy, runner, sdkServer, httpApp];
/** Refused by the compiler where the types are missing, since \`any\` extends everything. */
export const typed: 0 extends 1 & Stores ? never : true = true;
`;
const COMPILER = { module: 'nodenext', target: 'es2022', strict: true, noEmit: true, skipLibCheck: true, types: [] };

const run = promisify(execFile);
const say = (line: string): void => console.log(`✓ ${line}`);

function expect(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}

async function pack(folder: string): Promise<string> {
  const { stdout } = await run('npm', ['pack', '--json', '--loglevel=error', '--pack-destination', folder], {
    cwd: ROOT,
    maxBuffer: 16 * 1024 * 1024,
  });
  // What `prepack` prints comes before the JSON.
  const [packed] = JSON.parse(stdout.slice(stdout.search(/^\[/m))) as { filename: string; files: { path: string }[] }[];
  expect(packed !== undefined, 'npm packed nothing.');
  const paths = packed.files.map(file => file.path);
  const missing = NEEDED.filter(path => !paths.includes(path));
  const unwanted = paths.filter(path => UNWANTED.test(path));
  expect(missing.length === 0, `The package lacks ${missing.join(', ')}.`);
  expect(unwanted.length === 0, `The package holds ${unwanted.join(', ')}.`);
  say(`packed ${paths.length} files`);
  return join(folder, packed.filename);
}

/** A session, as far as the list of tools, which holds the one named. */
async function useServer(url: string, tool: string): Promise<void> {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const post = (body: unknown, more: Record<string, string> = {}) =>
    fetch(url, { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify(body) });
  const opened = await post(INITIALIZE);
  const session = opened.headers.get('mcp-session-id');
  expect(opened.ok && session !== null, `initialize was answered with ${opened.status}.`);
  const listed = await post({ jsonrpc: '2.0', id: 2, method: 'tools/list' }, { 'mcp-session-id': session });
  const text = await listed.text();
  expect(text.includes(tool), `tools/list was answered with ${listed.status}: ${text}`);
}

async function check(folder: string): Promise<void> {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const archive = await pack(folder);
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  await run('npm', ['install', '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error', archive], { cwd: folder });
  say('installed into an empty folder');
  const bin = await run('npx', ['--no-install', 'fermata', '--version'], { cwd: folder });
  expect(bin.stdout.includes(version), `fermata --version says ${bin.stdout}`);
  say(`fermata --version says ${version}`);
  for (const name of ['fermata', 'fermata/aws']) {
    const print = `import('${name}').then(all => console.log(Object.keys(all).join()))`;
    const { stdout } = await run(process.execPath, ['-e', print], { cwd: folder });
    expect(stdout.trim() !== '', `${name} exports nothing.`);
    say(`${name} exports ${stdout.trim()}`);
  }
  await serves(folder, [], 'add_expense');
  say('serves the bundled example');
  await writeFile(join(folder, 'server.ts'), PROGRAM);
  await serves(folder, ['--program', 'server.ts'], 'hello');
  say("serves a user's program in TypeScript");
  await tellsTheDemo(folder);
  await compiles(folder);
}

async function serves(folder: string, serve: readonly string[], tool: string): Promise<void> {
  const product = await startProduct({ node: ['node_modules/fermata/dist/bin/fermata.js'], cwd: folder, serve });
  try {
    await useServer(product.url, tool);
  } finally {
    await product.stop();
  }
}

async function tellsTheDemo(folder: string): Promise<void> {
  const demo = await run('npx', ['--no-install', 'fermata', 'demo', '--auto', '--kill'], { cwd: folder });
  expect(demo.stdout.includes('The call outlived its server.'), `The demo did not get to its end:\n${demo.stdout}`);
  say('fermata demo --kill: a call outlives its server');
}

/** The declarations that came along are found, and mean something. */
async function compiles(folder: string): Promise<void> {
  await writeFile(join(folder, 'library.ts'), LIBRARY);
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: COMPILER, files: ['library.ts'] }));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [tsc, '-p', folder]).catch((error: Error & { stdout?: string }) => {
    throw new Error(`The types of the package do not compile:\n${error.stdout ?? error.message}`);
  });
  say('its types compile');
}

const folder = await mkdtemp(join(tmpdir(), 'fermata-packaging-'));
try {
  await check(folder);
} finally {
  await rm(folder, { recursive: true, force: true });
}
