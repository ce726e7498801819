/** What the cases of the bench share: processes and folders that end with them, and a line that says what is going on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiled } from './compiled.ts';
import type { Started } from './started.ts';
import { started } from './started.ts';

export class Bench {
  readonly #servers: Started[] = [];
  readonly #folders: string[] = [];
  readonly #startedAt = performance.now();

  say(what: string): void {
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(0);
    process.stderr.write(`${seconds.padStart(4)} s  ${what}\n`);
  }

  async start(name: string, args: readonly string[] = []): Promise<Started> {
    const server = await started(name, args);
    this.#servers.push(server);
    return server;
  }

  /** Fermata before a program of `bench/servers`, with a store on the disk: a fresh one unless it is given. */
  async fermata(program: string, data = this.folder(), options: readonly string[] = []): Promise<Started> {
    const store = data === 'in memory' ? ['--memory'] : ['--data', data];
    return this.start('fermata', ['--program', await compiled(program), '--port', '0', ...store, ...options]);
  }

  /** Fermata before a server on the network. */
  fermataBefore(url: string): Promise<Started> {
    return this.start('fermata', ['--upstream', url, '--port', '0', '--data', this.folder()]);
  }

  /** A fresh folder on a disk, for a store. */
  folder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'fermata-bench-'));
    this.#folders.push(folder);
    return folder;
  }

  async endAll(): Promise<void> {
    await Promise.all(this.#servers.splice(0).map(server => server.kill()));
    for (const folder of this.#folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  }
}
