/** `fermata serve` as it is started, used and stopped: what it prints, and that nothing is left behind and nothing is lost. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectTo } from '../../bin/demo/client.ts';
import { newApiKey } from '../../core/http/api-keys.ts';
import { built } from '../support/built.ts';
import type { Running } from '../support/command-line.ts';
import { isAlive, starting } from '../support/command-line.ts';
import { lastingPort } from '../support/product.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-serve-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const ENDPOINT = /Endpoint\s+(http:\/\/127\.0\.0\.1:\d+\/mcp)/;

async function endpointOf(running: Running): Promise<{ url: string }> {
  const [, url = ''] = await running.says(ENDPOINT);
  return { url };
}

const silent = { sample: () => Promise.reject(new Error('nobody asks')), log: () => {} };

describe('fermata serve', () => {
  test('says where it is, what to paste and what to do next, and answers there', async () => {
    const running = starting(['serve', '--port', '0', '--data', join(folder, 'welcome')]);
    const { url } = await endpointOf(running);
    await running.says(/Stop:/);
    const health = await fetch(new URL('/healthz', url));
    expect(await health.json()).toMatchObject({ status: 'ok', pid: running.child.pid });
    running.child.kill('SIGINT');
    const { code, stdout, stderr } = await running.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const json = stdout.slice(stdout.indexOf('{'), stdout.lastIndexOf('}') + 1);
    expect(JSON.parse(json)).toEqual({ mcpServers: { 'expense-tracker': { type: 'http', url } } });
    expect(stdout).toContain(`Store      ${join(folder, 'welcome')}\n`);
    expect(stdout).toContain(`npx fermata demo --url ${url}\n`);
    expect(stdout).toContain(`npx @modelcontextprotocol/inspector --transport http --server-url ${url}\n`);
    expect(stdout.endsWith('Stopped. What waits goes on when it is started again.\n')).toBe(true);
  });

  test('writes everything as JSON lines on request', async () => {
    const running = starting(['serve', '--port', '0', '--memory', '--json']);
    await running.says(/server\.listening/);
    running.child.kill('SIGTERM');
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    const entries = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(entries.map(entry => entry.event)).toEqual(['server.listening', 'server.stopping', 'server.stopped']);
    expect(entries[0]).toMatchObject({
      level: 'info',
      name: 'expense-tracker',
      store: 'memory',
      pid: running.child.pid,
    });
  });

  test('ends in order as well when somebody holds a channel to it, or lets go of it', async () => {
    for (const end of ['kill', 'disconnect'] as const) {
      const running = starting(['serve', '--port', '0', '--memory', '--json'], {}, true);
      await running.says(/server\.listening/);
      running.child[end]();
      const { code, stdout } = await running.ended;
      expect({ code, stopped: stdout.includes('server.stopped') }).toEqual({ code: 0, stopped: true });
    }
  });

  test('leaves no child behind when it is interrupted', async () => {
    const pids = join(folder, 'pids');
    const program = `require('node:fs').appendFileSync(${JSON.stringify(pids)}, process.pid + '\\n'); import(${JSON.stringify(built('expense-tracker'))})`;
    const command = ['--', process.execPath, '-e', program];
    const running = starting(['serve', '--port', '0', '--memory', ...command]);
    await endpointOf(running);
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(0);
    const started = readFileSync(pids, 'utf8').trim().split('\n').map(Number);
    expect(started.length).toBeGreaterThan(0);
    expect(started.filter(isAlive)).toEqual([]);
  });

  test('is asked to stop while a call waits: the call goes on after a restart', async () => {
    const data = join(folder, 'restarted');
    const port = String(await lastingPort());
    let running = starting(['serve', '--port', port, '--data', data]);
    const { url } = await endpointOf(running);
    let questions = 0;
    const client = await connectTo(url, undefined, {
      ...silent,
      async elicit(form) {
        questions += 1;
        if (questions === 1) {
          running.child.kill('SIGINT');
          expect((await running.ended).code).toBe(0);
          running = starting(['serve', '--port', port, '--data', data]);
          await endpointOf(running);
        }
        const [name = ''] = Object.keys(form.requestedSchema.properties);
        const content = { amount: 7, description: 'Tram', category: 'travel', confirmation: true };
        return { action: 'accept', content: { [name]: content[name as keyof typeof content] } };
      },
    });
    const result = await client.call('add_expense', () => {});
    await client.close();
    running.child.kill('SIGINT');
    await running.ended;
    expect(result.content).toEqual([{ type: 'text', text: 'Recorded 7.00 for "Tram" (travel).' }]);
    expect(questions).toBe(4);
    expect(readFileSync(join(data, 'expenses.jsonl'), 'utf8').trim().split('\n')).toHaveLength(1);
  });

  test('lets in whoever shows an API key, and nobody else', async () => {
    const { key, line } = newApiKey('alice');
    const running = starting(['serve', '--port', '0', '--memory'], { FERMATA_API_KEYS: line });
    const { url } = await endpointOf(running);
    const side = { ...silent, elicit: async () => ({ action: 'cancel' as const }) };
    await expect(connectTo(url, undefined, side)).rejects.toThrow('It asks for an API key: give one with --key');
    const client = await connectTo(url, key, side);
    expect((await client.tools()).map(tool => tool.name)).toContain('add_expense');
    await client.close();
    running.child.kill('SIGINT');
    const { stdout } = await running.ended;
    expect(stdout).toContain('holders of an API key');
    expect(stdout).not.toContain(key);
  });
});
