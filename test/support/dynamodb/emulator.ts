/**
 * A DynamoDB on loopback that speaks the real wire protocol: dynoxide, one process for whoever asks, ended by its own id.
 *
 * It is installed on demand into `.cache/`, since its package exists for one platform only. Elsewhere the tests need an endpoint
 * in FERMATA_TEST_DYNAMODB (DynamoDB Local will do); they fail without one, rather than being skipped.
 */
import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { lastingPort } from '../product.ts';

const ROOT = join(import.meta.dirname, '../../..');
const TOOL = join(import.meta.dirname, 'tool');
const PLATFORM = 'linux-x64';
const START_MS_MAX = 60_000;
const STARTS_MAX = 5;

export interface Emulator {
  readonly endpoint: string;
  stop(): Promise<void>;
}

export async function startEmulator(): Promise<Emulator> {
  const endpoint = process.env.FERMATA_TEST_DYNAMODB;
  if (endpoint) return { endpoint, stop: async () => {} };
  const binary = await installed();
  for (let start = 1; start <= STARTS_MAX; start++) {
    const port = await lastingPort();
    const child = spawn(binary, ['serve', '--host', '127.0.0.1', '--port', String(port)], { stdio: 'ignore' });
    if (await listens(child, port)) return { endpoint: `http://127.0.0.1:${port}`, stop: () => stopped(child) };
    await stopped(child);
  }
  throw new Error(`dynoxide (${binary}) did not start listening in ${STARTS_MAX} attempts.`);
}

/** The binary. Several test files may want it at once: each fills a folder of its own, and one of them gets the name. */
async function installed(): Promise<string> {
  if (`${process.platform}-${process.arch}` !== PLATFORM) {
    throw new Error(
      `The tests of the DynamoDB store run against dynoxide, which exists for ${PLATFORM} only. On this machine, start ` +
        'DynamoDB Local and name it: FERMATA_TEST_DYNAMODB=http://127.0.0.1:8000 npm test',
    );
  }
  const lock = JSON.parse(await readFile(join(TOOL, 'package-lock.json'), 'utf8'));
  const version: string = lock.packages['node_modules/@dynoxide/linux-x64'].version;
  const folder = join(ROOT, '.cache', `dynoxide-${version}`);
  const binary = join(folder, 'node_modules/@dynoxide/linux-x64/dynoxide');
  if (existsSync(binary)) return binary;
  const draft = `${folder}.${process.pid}`;
  await mkdir(draft, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) await copyFile(join(TOOL, file), join(draft, file));
  try {
    await promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund', '--prefix', draft]);
    await rename(draft, folder);
  } catch (cause) {
    await rm(draft, { recursive: true, force: true });
    if (!existsSync(binary)) {
      throw new Error('dynoxide, which the tests of the DynamoDB store need, could not be installed.', { cause });
    }
  }
  return binary;
}

/** Whether the child listens on a port before it exits: another process may have been faster to take it. */
async function listens(child: ChildProcess, port: number): Promise<boolean> {
  for (const untilMs = performance.now() + START_MS_MAX; performance.now() < untilMs; await setTimeout(10)) {
    if (child.exitCode !== null || child.pid === undefined) return false;
    if (await accepts(port)) return child.exitCode === null;
  }
  return false;
}

const accepts = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    const end = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });

function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return Promise.resolve();
  return new Promise(resolve => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
