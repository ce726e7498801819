import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SqliteStores } from '../../../core/adapters/sqlite/stores.ts';
import { sqliteStores } from '../../../core/adapters/sqlite/stores.ts';
import { built } from '../../support/built.ts';
import { makeFolder, removeFolder } from './stores-on-disk.ts';

interface Child {
  readonly process: ChildProcess;
  /** The next line it reports; `undefined` at its end. */
  next(): Promise<Record<string, unknown> | undefined>;
  kill(): Promise<void>;
}

describe('one process owns the folder', () => {
  let folder: string;
  const children: Child[] = [];

  beforeEach(async () => {
    folder = await makeFolder();
  });
  afterEach(async () => {
    await Promise.all(children.splice(0).map(child => child.kill()));
    await removeFolder(folder);
  });

  const open = (): SqliteStores =>
    sqliteStores({ folder, environment: { now: Date.now }, owner: `owner-${process.pid}` });

  const start = (mode: 'hold' | 'write'): Child => {
    const started = spawn(process.execPath, [built('sqlite-child'), mode, folder], { stdio: 'pipe' });
    const lines = createInterface({ input: started.stdout })[Symbol.asyncIterator]();
    const exited = once(started, 'exit');
    const child: Child = {
      process: started,
      async next() {
        const { value, done } = await lines.next();
        return done ? undefined : JSON.parse(value);
      },
      async kill() {
        started.kill('SIGKILL');
        await exited;
      },
    };
    children.push(child);
    return child;
  };

  test('a second process is told which process has it, where, since when, and what to do', async () => {
    const stores = open();
    const told = await start('hold').next();
    await stores.close();
    expect(told).toEqual({ code: 'store_locked', message: expect.any(String) });
    expect(told?.message).toMatch(
      new RegExp(
        `^The store in ${folder} is in use by process ${process.pid} on ${hostname()}, started at 20..-..-..T`,
      ),
    );
    expect(told?.message).toContain('Stop that process, or give this one another folder');
  });

  test('this process is told about another one, and about itself', async () => {
    const child = start('hold');
    const { opened } = (await child.next()) ?? {};
    expect(open).toThrow(new RegExp(`in use by process ${opened} `));
    await child.kill();
    const stores = open();
    expect(open).toThrow(new RegExp(`in use by process ${process.pid} `));
    await stores.close();
  });

  test('the folder is free once its owner has closed it', async () => {
    const child = start('hold');
    await child.next();
    child.process.stdin?.write('close\n');
    expect(await child.next()).toEqual({ closed: true });
    await open().close();
    const next = start('hold');
    expect(await next.next()).toMatchObject({ opened: next.process.pid });
  });

  test('a killed owner never blocks, not even when its process id belongs to somebody else by now', async () => {
    const child = start('hold');
    await child.next();
    await child.kill();
    const owner = JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8'));
    expect(owner.pid).toBe(child.process.pid);
    writeFileSync(join(folder, 'owner.json'), JSON.stringify({ ...owner, pid: process.ppid }));
    await open().close();
  });

  test('what was acknowledged before a SIGKILL is there afterwards, whole and without gaps, also after several', async () => {
    const acknowledged = new Map<string, number>();
    for (const lines of [40, 7, 111, 64, 1]) {
      const child = start('write');
      await child.next();
      const take = (line: Record<string, unknown> | undefined): void => {
        expect(line).toMatchObject({ committed: 'committed', appended: 'appended' });
        acknowledged.set(String(line?.session), Number(line?.round));
      };
      for (let i = 0; i < lines; i++) take(await child.next());
      await child.kill();
      for (let line = await child.next(); line !== undefined; line = await child.next()) take(line);

      const stores = open();
      for (const [session, round] of acknowledged) {
        const events = await stores.events.read({ session, stream: 'n7' }, 0, 1_000_000);
        expect(events.length).toBeGreaterThanOrEqual(3 * round);
        expect(events.map(event => [event.sequence, event.message])).toEqual(events.map((_, i) => [i + 1, eventAt(i)]));
        expect(events.length % 3).toBe(0);
        expect((await stores.exchanges.load(session, 'n7'))?.round).toBeGreaterThanOrEqual(round);
      }
      await stores.close();
    }
    expect(acknowledged.size).toBe(4);
  });
});

/** What the child wrote as event number `index`, three to a round. */
const eventAt = (index: number): object => ({
  jsonrpc: '2.0',
  method: 'notifications/message',
  params: { level: 'info', round: Math.floor(index / 3) + 1, data: (index % 3) + 1 },
});
