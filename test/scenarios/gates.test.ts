/**
 * The filesystem server, unmodified, behind the approval gate, with real clients of both eras: approved, declined, for this
 * session, and killed while it waits.
 */
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Elicited, SdkClientName } from '../support/clients/sdk.ts';
import { SDK_CLIENTS } from '../support/clients/sdk.ts';
import { lastingPort, startProduct } from '../support/product.ts';

const FILESYSTEM = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-filesystem/dist/index.js'));
const CONFIG = fileURLToPath(new URL('../../examples/approval/fermata.config.ts', import.meta.url));

async function stage() {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'gates-')));
  const data = await mkdtemp(join(tmpdir(), 'gates-store-'));
  const options = {
    data,
    port: await lastingPort(),
    serve: ['--config', CONFIG, '--', process.execPath, FILESYSTEM, folder],
  };
  return { folder, options, product: await startProduct(options) };
}

/** One of each era. */
const NAMES = ['SDK v1', 'SDK v2 auto'] as const;

const deciding = (decision: string, reason?: string): Elicited => ({
  action: 'accept',
  content: { decision, ...(reason === undefined ? {} : { reason }) },
});
const write = (folder: string, name: string) => ({ path: join(folder, name), content: `in ${name}` });

async function talk(name: SdkClientName): Promise<void> {
  const { folder, product } = await stage();
  const said: string[] = [];
  let answer = deciding('no', 'Not today.');
  const client = await SDK_CLIENTS[name](product.url, {
    elicit: params => {
      said.push(String(params.message).split('\n')[0] ?? '');
      return answer;
    },
  });
  const declined = await client.call('write_file', write(folder, 'a.txt'));
  expect([declined.isError, existsSync(join(folder, 'a.txt'))]).toEqual([true, false]);
  expect(JSON.stringify(declined.content)).toContain('Not today.');
  answer = deciding('once');
  expect((await client.call('write_file', write(folder, 'b.txt'))).isError).toBe(false);
  expect(readFileSync(join(folder, 'b.txt'), 'utf8')).toBe('in b.txt');
  expect((await client.call('read_text_file', { path: join(folder, 'b.txt') })).isError).toBe(false);
  const title = 'Allow the call of write_file (Write File)?';
  expect(said).toEqual([title, title]);
  if (client.era === 'legacy') {
    answer = deciding('session');
    await client.call('write_file', write(folder, 'c.txt'));
    await client.call('write_file', write(folder, 'd.txt'));
    expect([said.length, existsSync(join(folder, 'd.txt'))]).toEqual([3, true]);
  }
  await client.close();
  await product.stop();
}

describe.concurrent('the filesystem server behind an approval', () => {
  it.each(NAMES)('does what %s lets it do, and nothing else', name => talk(name));

  it.each(NAMES)('goes on for %s after every process was killed while it waited', async name => {
    const { folder, options, product } = await stage();
    let again: Awaited<ReturnType<typeof startProduct>> | undefined;
    const client = await SDK_CLIENTS[name](product.url, {
      elicit: async () => {
        await product.kill();
        again = await startProduct(options);
        return deciding('once');
      },
    });
    expect((await client.call('write_file', write(folder, 'e.txt'))).isError).toBe(false);
    expect(readFileSync(join(folder, 'e.txt'), 'utf8')).toBe('in e.txt');
    await client.close();
    await again?.stop();
  });
});
