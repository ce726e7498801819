/**
 * Starts the product as a person would, with the conformance fixture behind it, and ends it again.
 *
 * The whole stack at one URL, in a process of its own, with an embedded store in a folder that is thrown away. It knows the
 * command line and nothing else of the product.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const START_MS_MAX = 60_000;
const STOP_MS_MAX = 5_000;
const ENDPOINT = /https?:\/\/[^\s"']+\/mcp/;

export interface Product {
  readonly url: string;
  stop(): Promise<void>;
}

/** Resolves once the product has said where it listens. Rejects with what it said if it does not get there. */
export async function startProduct(root: string): Promise<Product> {
  const data = await mkdtemp(join(tmpdir(), 'fermata-conformance-'));
  const serve = ['bin/fermata.ts', 'serve', '--program', 'test/conformance/fixture.ts', '--port', '0', '--data', data];
  const child = spawn(process.execPath, ['--import', 'tsx', ...serve], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  let said = '';
  const url = new Promise<string>((resolve, reject) => {
    const listen = (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-16_384);
      const found = ENDPOINT.exec(said)?.[0];
      if (found !== undefined) resolve(found);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('error', reject);
    child.once('exit', code => reject(new Error(`The product ended at its start with exit code ${code}:\n${said}`)));
    setTimeout(() => reject(new Error(`The product did not say where it listens:\n${said}`)), START_MS_MAX).unref();
  });
  const stop = async () => {
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
    if (child.exitCode === null && child.signalCode === null) await exited;
    clearTimeout(kill);
    await rm(data, { recursive: true, force: true });
  };
  try {
    return { url: await url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
