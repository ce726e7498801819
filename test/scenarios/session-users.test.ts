/**
 * Sessions with users of the system: what one session's program writes another's cannot read, even by its path, nor can it read the
 * store. Giving programs users takes root; without it the start says so.
 */
import { chmod, copyFile, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { messagesIn, textIn, WireClient } from '../support/clients/wire.ts';
import { deployed } from '../support/deployment.ts';

const FILES = fileURLToPath(new URL('../support/servers/stdio-files.mjs', import.meta.url));
const isRoot = process.getuid?.() === 0;

/** A place that every user can read, with the server in it. */
async function given(): Promise<{ readonly serve: string[]; readonly data: string }> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'fermata-users-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const server = join(folder, 'server.mjs');
  await copyFile(FILES, server);
  const data = join(folder, 'data');
  await chmod(folder, 0o755);
  return { serve: ['--data', data, '--workspace', '--users', '20001-20002', '--', process.execPath, server], data };
}

const run = async (client: WireClient, code: string): Promise<unknown> =>
  textIn((await messagesIn(await client.post(client.tool('run', { code })))).at(-1));

it.runIf(isRoot)('a session reads no file of another session, none of the store, and keeps its own', async () => {
  const { serve, data } = await given();
  await using deployment = await deployed(serve);
  const [one, two] = [await WireClient.open(deployment.url), await WireClient.open(deployment.url)];
  const secret = await run(
    one,
    `fs.writeFileSync('secret', 'swordfish', { mode: 0o666 }); return fs.realpathSync('secret')`,
  );
  expect(await run(two, `return fs.readFileSync(${secret}, 'utf8')`)).toContain('EACCES');
  expect(await run(two, `return fs.readdirSync(${JSON.stringify(data)})`)).toContain('EACCES');
  const who = `return [process.getuid(), process.getgid(), ...process.getgroups(), process.env.HOME === process.env.TMPDIR]`;
  const users = [await run(one, who), await run(two, who)];
  expect(users.toSorted()).toEqual(['[20001,20001,20001,true]', '[20002,20002,20002,true]']);
  expect(await run(one, `return fs.readFileSync('secret', 'utf8')`)).toBe('"swordfish"');
  // Both users are taken, and one is given again when a session has ended.
  const third = await WireClient.open(deployment.url);
  expect(JSON.stringify(await messagesIn(await third.post(third.tool('run', { code: '' }))))).toContain(
    'Each of the 2 users for sessions is taken.',
  );
  await fetch(deployment.url, { method: 'DELETE', headers: { 'mcp-session-id': one.sessionId ?? '' } });
  await expect.poll(() => run(third, `return fs.readdirSync('.')`)).toBe('[]');
});

it.skipIf(isRoot)('a server that may not start programs as other users does not start', async () => {
  const { serve } = await given();
  await expect(deployed(serve)).rejects.toThrow('--users is for a server that runs as root');
});
