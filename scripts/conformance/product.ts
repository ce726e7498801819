/**
 * Starts the product as a person would, with the conformance fixture behind it, and ends it again.
 *
 * The whole stack at one URL, in a process of its own, with an embedded store in a folder that is thrown away. It knows the
 * command line and nothing else of the product.
 */
import type { ChildProcessByStdio } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const START_MS_MAX = 60_000;
const STOP_MS_MAX = 5_000;
/** The polling scenario wants to see a connection end before its call does. */
const HOLD = '1s';
const SAID_CHARACTERS_MAX = 16_384;

export interface Product {
  readonly url: string;
  stop(): Promise<void>;
}

/** Resolves once the product has said where it listens. Rejects with what it said if it does not get there. */
export async function startProduct(root: string): Promise<Product> {
  const data = await mkdtemp(join(tmpdir(), 'fermata-conformance-'));
  const program = join(root, 'test/conformance/fixture.ts');
  const serve = ['bin/fermata.ts', 'serve', '--program', program, '--port', '0', '--data', data];
  const child = spawn(process.execPath, ['--import', 'tsx', ...serve, '--hold', HOLD, '--json'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
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

function endpointOf(child: ChildProcessByStdio<null, Readable, Readable>): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const timer = setTimeout(
      () => reject(new Error(`The product did not say where it listens:\n${said}`)),
      START_MS_MAX,
    );
    const hear = (line: string) => {
      said = `${said}${line}\n`.slice(-SAID_CHARACTERS_MAX);
      const url = listeningAt(line);
      if (url !== undefined) resolve(url);
    };
    for (const output of [child.stdout, child.stderr]) createInterface({ input: output }).on('line', hear);
    child.once('error', reject);
    child.once('close', code => reject(new Error(`The product ended at its start with exit code ${code}:\n${said}`)));
    child.once('close', () => clearTimeout(timer));
    timer.unref();
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
