/**
 * A server of the demo's own, as a process that can be killed: `fermata serve` on a folder, at a port that stays the same.
 *
 * It ends with the demo, however the demo ends: a channel to the child closes with us, and the child stops when it does.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Fault, invariant } from '../../core/base/errors.ts';

export interface ServerProcess {
  readonly pid: number;
  readonly url: string;
  /** SIGKILL: no handler runs, nothing is tidied up. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM: it ends as it should. */
  stop(): Promise<void>;
}

/**
 * A free port from below those that systems give to whoever asks for any: it is still free when the server is started again. 0, which
 * is any, where none of many is free: then starting says what is wrong.
 */
export async function lastingPort(): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
  return 0;
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise(resolve => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Starts `fermata serve` with its store in a folder. Resolves when it listens. */
export async function startServer(folder: string, port: number): Promise<ServerProcess> {
  const [program] = process.argv.slice(1);
  invariant(program !== undefined, 'a command line has a program');
  const args = [
    ...process.execArgv,
    program,
    'serve',
    '--json',
    '--port',
    String(port),
    '--data',
    join(folder, 'store'),
  ];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: ownEnvironment(folder),
  });
  const url = await listening(child);
  invariant(child.pid !== undefined, 'a process that listens has a pid');
  return { pid: child.pid, url, kill: () => end(child, 'SIGKILL'), stop: () => end(child, 'SIGTERM') };
}

/** Ours, without the settings that are meant for another server. */
function ownEnvironment(folder: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(FERMATA_.*|PORT|HOST)$/.test(name));
  return { ...Object.fromEntries(kept), EXPENSES_FILE: join(folder, 'expenses.jsonl') };
}

async function end(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

/** Reads the log until the line that says where the server listens. */
function listening(child: ChildProcess): Promise<string> {
  let complaints = '';
  child.stderr?.on('data', chunk => {
    complaints = (complaints + String(chunk)).slice(-4096);
  });
  return new Promise((resolve, reject) => {
    const stopped = (): void =>
      reject(new Fault('program_unstartable', 'The server of the demo did not start.', { detail: complaints }));
    child.once('error', stopped);
    child.once('close', stopped);
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on('line', line => {
      const entry: unknown = JSON.parse(line);
      if (!isListening(entry)) return;
      child.off('close', stopped);
      resolve(entry.url);
    });
  });
}

const isListening = (entry: unknown): entry is { url: string } =>
  typeof entry === 'object' &&
  entry !== null &&
  'event' in entry &&
  entry.event === 'server.listening' &&
  'url' in entry &&
  typeof entry.url === 'string';
