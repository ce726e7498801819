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
const NEEDED = ['README.md', 'LICENSE', 'package.json', 'dist/index.js', 'dist/index.d.ts', 'dist/bin/fermata.js'];
const UNWANTED = /^(test|scripts|bench|docs|\.)|\.test\.|\.map$/;
const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'packaging', version: '1.0.0' } },
};

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

/** A session with the bundled example, as far as its list of tools. */
async function useServer(url: string): Promise<void> {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const post = (body: unknown, more: Record<string, string> = {}) =>
    fetch(url, { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify(body) });
  const opened = await post(INITIALIZE);
  const session = opened.headers.get('mcp-session-id');
  expect(opened.ok && session !== null, `initialize was answered with ${opened.status}.`);
  const listed = await post({ jsonrpc: '2.0', id: 2, method: 'tools/list' }, { 'mcp-session-id': session });
  const text = await listed.text();
  expect(text.includes('add_expense'), `tools/list was answered with ${listed.status}: ${text}`);
  say('serves the bundled example');
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
  const surface = await run(
    process.execPath,
    ['-e', "import('fermata').then(all => console.log(Object.keys(all).join()))"],
    {
      cwd: folder,
    },
  );
  expect(surface.stdout.trim() !== '', 'The package exports nothing.');
  say(`exports ${surface.stdout.trim()}`);
  const product = await startProduct({ node: ['node_modules/fermata/dist/bin/fermata.js'], cwd: folder, serve: [] });
  try {
    await useServer(product.url);
  } finally {
    await product.stop();
  }
}

const folder = await mkdtemp(join(tmpdir(), 'fermata-packaging-'));
try {
  await check(folder);
} finally {
  await rm(folder, { recursive: true, force: true });
}
