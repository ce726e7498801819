/**
 * The product as a person starts it: `fermata serve` in a process of its own, to be killed and started again.
 *
 * It knows the command line and the log, and nothing else of the product. The process ends with the test, however that ends:
 * the channel between them closes, and the product stops when it does.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { lastingPort as freePort } from '../../bin/demo/server-process.ts';
import type { Observation } from '../../core/ports/observer.ts';
import { isObject } from '../../core/protocol/messages.ts';
import { built, withBuilt } from './built.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const START_MS_MAX = 120_000;

export interface ProductOptions {
  /** The folder of the store. */
  readonly data: string;
  /** One that stays the same over restarts: `lastingPort()`. */
  readonly port: number;
  /** What follows `serve`: `--program <file>`, or `-- <command>`. */
  readonly serve: readonly string[];
}

export interface Product {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Its log so far. */
  readonly observed: readonly Observation[];
  /** SIGKILL: nothing is tidied up. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM. Resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** Resolves when the product listens. */
export async function startProduct({ data, port, serve }: ProductOptions): Promise<Product> {
  const options = ['--json', '--port', String(port), '--data', data, ...withBuilt(serve)];
  const child = spawn(process.execPath, [built('fermata'), 'serve', ...options], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: ownEnvironment(),
  });
  const observed: Observation[] = [];
  const url = await listening(child, observed);
  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid ?? 0,
    observed,
    kill: async () => void (await ended(child, 'SIGKILL')),
    stop: () => ended(child, 'SIGTERM'),
  };
}

/**
 * A port that stays free while the product is down, as the demo finds one, and not one that another test process looks at: each
 * holds the UDP port of the same number until it ends, which takes nothing from a product that listens on TCP.
 */
export async function lastingPort(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (await isOurs(port)) return port;
  }
}

function isOurs(port: number): Promise<boolean> {
  const holder = createSocket('udp4').unref();
  return new Promise(resolve => {
    holder.once('error', error => resolve(!('code' in error && error.code === 'EADDRINUSE')));
    holder.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(true));
  });
}

/** Without settings that are meant for another product. */
const ownEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(FERMATA_.*|PORT|HOST|VITEST.*)$/.test(name)));

async function ended(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
  return child.exitCode;
}

function listening(child: ChildProcess, observed: Observation[]): Promise<string> {
  let complaints = '';
  child.stderr?.on('data', chunk => {
    complaints = (complaints + String(chunk)).slice(-4096);
  });
  return new Promise((resolve, reject) => {
    const failed = (): void => reject(new Error(`The product did not start: ${complaints}`));
    const timer = setTimeout(failed, START_MS_MAX);
    child.once('close', failed);
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on('line', line => {
      const observation: unknown = JSON.parse(line);
      if (!isObservation(observation)) return;
      observed.push(observation);
      if (observation.event !== 'server.listening') return;
      clearTimeout(timer);
      child.off('close', failed);
      resolve(String(observation.url));
    });
  });
}

const isObservation = (value: unknown): value is Observation => isObject(value) && typeof value.event === 'string';
