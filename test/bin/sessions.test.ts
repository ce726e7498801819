/** `fermata sessions` against a server that runs, and the admin API as strangers meet it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newApiKey } from '../../core/http/api-keys.ts';
import { WireClient } from '../support/clients/wire.ts';
import type { Running } from '../support/command-line.ts';
import { starting } from '../support/command-line.ts';

const admin = newApiKey('root');
const user = newApiKey('ada');
let server: Running;
let origin: string;

const serving = async (env: Record<string, string>): Promise<[Running, string]> => {
  const running = starting(['serve', '--memory', '--port', '0', '--json'], env, true);
  const said = await running.says(/"url":"(http:\/\/[^/"]+)\/mcp"/);
  return [running, String(said[1])];
};
beforeAll(async () => {
  [server, origin] = await serving({ FERMATA_API_KEYS: user.line, FERMATA_ADMIN_KEYS: admin.line });
});
afterAll(async () => {
  server.child.kill('SIGTERM');
  await server.ended;
});

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const opened = async (): Promise<WireClient> => WireClient.open(`${origin}/mcp`, { headers: bearer(user.key) });
const command = (...args: string[]) =>
  starting(['sessions', ...args], { FERMATA_ADMIN_URL: origin, FERMATA_ADMIN_KEY: admin.key }).ended;

describe('fermata sessions', () => {
  test('lists, shows and stops, and the client then hears why', async () => {
    const client = await opened();
    const id = String(client.sessionId);
    const list = await command();
    expect(list).toMatchObject({ code: 0, stderr: '' });
    expect(list.stdout).toMatch(/^SESSION +PRINCIPAL +PHASE +CLIENT +OPENED +LAST SEEN +ENDS\n/);
    expect(list.stdout).toContain(`${id}  key:ada    open`);
    const shown = await command('show', id, '--json');
    expect(JSON.parse(shown.stdout)).toMatchObject({ session: id, principal: 'key:ada', phase: 'open', exchanges: [] });
    expect(await command('stop', id)).toMatchObject({ code: 0, stdout: `Stopped ${id} of key:ada.\n` });
    const after = await client.post(client.request('ping'));
    expect(after.status).toBe(404);
    expect(await after.json()).toMatchObject({ error: { data: { code: 'session_ended', reason: 'stopped' } } });
    expect(await command('stop', id)).toMatchObject({ code: 2, stderr: expect.stringContaining('no such session') });
  });

  test('has a companion that prints what gates decided', async () => {
    const env = { FERMATA_ADMIN_URL: origin, FERMATA_ADMIN_KEY: admin.key };
    const [all, wrong] = await Promise.all([
      starting(['audit', '--since', '7d'], env).ended,
      starting(['audit', '--event', 'forgotten'], env).ended,
    ]);
    expect(all).toMatchObject({ code: 0, stderr: '', stdout: 'There is nothing of that kind.\n' });
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('none of asked, passed, refused, failed') });
  });

  test('that is given wrongly says what to write', async () => {
    expect(await command('stop')).toMatchObject({ code: 2, stderr: expect.stringContaining('sessions stop ID') });
    const strange = await starting(['sessions'], { FERMATA_ADMIN_URL: origin, FERMATA_ADMIN_KEY: user.key }).ended;
    expect(strange).toMatchObject({ code: 2, stderr: expect.stringContaining('unknown or was withdrawn') });
  });
});

describe('the admin API', () => {
  test.each([
    ['no key', {}, 401],
    ['the key of a client', bearer(user.key), 401],
    ['an admin key from a page of another origin', { ...bearer(admin.key), origin: 'https://evil.example' }, 403],
    ['an admin key', bearer(admin.key), 200],
  ])('with %s', async (_, headers, status) => {
    expect((await fetch(`${origin}/admin/sessions`, { headers })).status).toBe(status);
  });

  test('is not there unless it has keys', async () => {
    const [other, elsewhere] = await serving({});
    try {
      const response = await fetch(`${elsewhere}/admin/sessions`, { headers: bearer(admin.key) });
      expect(response.status).toBe(404);
    } finally {
      other.child.kill('SIGTERM');
      await other.ended;
    }
  });
});
