/**
 * Starts the product as a person would, in a process of its own with a store that is thrown away, and ends it again.
 *
 * It knows the command line and its log, and nothing else of the product. The process does not outlive this one: the channel
 * between them closes, and the product stops when it does.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const START_MS_MAX = 60_000;
const STOP_MS_MAX = 10_000;
const SAID_CHARACTERS_MAX = 16_384;

export interface ProductOptions {
  /** What starts `fermata`: Node's arguments, the last of them the command line's own file. */
  readonly node: readonly string[];
  readonly cwd: string;
  /** What follows `serve`, besides where to listen and what to keep. */
  readonly serve: readonly string[];
}

export interface Product {
  readonly url: string;
  stop(): Promise<void>;
}

/** Resolves once the product has said where it listens. Rejects with what it said if it does not get there. */
export async function startProduct({ node, cwd, serve }: ProductOptions): Promise<Product> {
  const data = await mkdtemp(join(tmpdir(), 'fermata-'));
  const args = [...node, 'serve', '--port', '0', '--data', data, '--json', ...serve];
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: ownEnvironment() });
  const stop = async () => {
    const exited = child.exitCode !== null || child.signalCode !== null ? undefined : once(child, 'exit');
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
    await exited;
    clearTimeout(kill);
    await rm(data, { recursive: true, force: true });
  };
  try {
    return { url: await endpointOf(child), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Without settings that are meant for another server. */
const ownEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(FERMATA_.*|PORT|HOST)$/.test(name)));

function endpointOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const timer = setTimeout(
      () => reject(new Error(`The product did not say where it listens:\n${said}`)),
      START_MS_MAX,
    ).unref();
    const hear = (line: string) => {
      said = `${said}${line}\n`.slice(-SAID_CHARACTERS_MAX);
      const url = listeningAt(line);
      if (url !== undefined) resolve(url);
    };
    for (const output of [child.stdout, child.stderr]) if (output) createInterface({ input: output }).on('line', hear);
    child.once('error', reject);
    child.once('close', code => reject(new Error(`The product ended at its start with exit code ${code}:\n${said}`)));
    child.once('close', () => clearTimeout(timer));
  });
}

/** The URL in the one line that says `server.listening`. */
function listeningAt(line: string): string | undefined {
  try {
    const { event, url } = JSON.parse(line) as { event?: unknown; url?: unknown };
    return event === 'server.listening' && typeof url === 'string' ? url : undefined;
  } catch {
    return undefined;
  }
}
