/** The command line with real processes: what it prints, where, and with which exit code. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashKey } from '../../core/http/api-keys.ts';
import type { Ran } from '../support/command-line.ts';
import { fermata, starting } from '../support/command-line.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-command-line-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

/** What must hold for every refusal: one message on stderr, nothing on stdout, no stack. */
function refusal({ code, stdout, stderr }: Ran, expected: { readonly code: number }): string {
  expect(stdout).toBe('');
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(stderr).toMatch(/^fermata: /);
  expect(code).toBe(expected.code);
  return stderr.slice('fermata: '.length).trimEnd();
}

describe('fermata', () => {
  test('shows help and version on stdout', async () => {
    expect(await fermata()).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('fermata help serve'),
      stderr: '',
    });
    expect(await fermata('--version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    const help = await fermata('help', 'serve');
    expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('--idle-timeout <time>'), stderr: '' });
    expect(await fermata('serve', '--port', '1', '--help')).toEqual(help);
  });

  test('says what was probably meant, with exit code 2', async () => {
    expect(refusal(await fermata('srve'), { code: 2 })).toBe(
      'There is no command "srve". Did you mean "fermata serve"?\nSee: fermata --help',
    );
    expect(refusal(await fermata('serve', '--prot', '1'), { code: 2 })).toBe(
      'There is no option --prot. Did you mean --port?\nSee: fermata help serve',
    );
    const wrong = await starting(['serve'], { PORT: 'abc' }).ended;
    expect(refusal(wrong, { code: 2 })).toContain('PORT is "abc", which is no port');
  });

  test('makes an API key, and adds its line to those there are', async () => {
    const { code, stdout } = await starting(['key', 'alice'], { FERMATA_API_KEYS: 'bob:00' }).ended;
    expect(code).toBe(0);
    const key = /fermata_[\w-]{43}/.exec(stdout)?.[0] ?? '';
    expect(stdout).toContain(`FERMATA_API_KEYS=bob:00,alice:${hashKey(key)}\n`);
    expect(refusal(await fermata('key'), { code: 2 })).toBe('"fermata key" needs a <name>.\nSee: fermata help key');
  });
});

describe('fermata serve refuses to start, and says why', () => {
  const serve = (...args: string[]): Promise<Ran> => fermata('serve', '--memory', '--port', '0', ...args);

  test('a program that is not there, or has no factory', async () => {
    expect(refusal(await serve('--program', 'nowhere.ts'), { code: 1 })).toMatch(
      /the file .*nowhere\.ts does not exist/,
    );
    const empty = file('empty.ts', 'export const server = 1;');
    expect(refusal(await serve('--program', empty), { code: 1 })).toContain('it has no default export');
  });

  test('a factory that throws, with its stack only if asked for', async () => {
    const broken = file('broken.ts', "export default () => { throw new Error('no database'); };");
    expect(refusal(await serve('--program', broken), { code: 1 })).toBe(
      'The server of broken could not be built: its factory threw: no database',
    );
    const { stderr } = await serve('--program', broken, '--debug');
    expect(stderr).toMatch(/^\s+at .*broken\.ts/m);
  });

  test('a command that does not exist, or exits, with what it said on stderr', async () => {
    expect(refusal(await serve('--', 'no-such-command'), { code: 1 })).toMatch(
      /the command no-such-command was not found/,
    );
    const exiting = ['node', '-e', 'console.error("cannot read config.toml"); process.exit(3)'];
    expect(refusal(await serve('--', ...exiting), { code: 1 })).toMatch(
      /exited with code 3\.\ncannot read config\.toml$/,
    );
  });

  test('an upstream that does not answer', async () => {
    const message = refusal(await serve('--upstream', 'http://127.0.0.1:9/mcp'), { code: 1 });
    expect(message).toMatch(/No MCP server answers at http:\/\/127\.0\.0\.1:9\/mcp/);
  });

  test('an address that others can reach, without API keys', async () => {
    expect(refusal(await serve('--host', '0.0.0.0'), { code: 1 })).toContain('Set FERMATA_API_KEYS');
  });

  test('a port that is taken', async () => {
    const taken = createServer();
    const port = await new Promise<number>(resolve =>
      taken.listen(0, '127.0.0.1', () => {
        const address = taken.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      }),
    );
    const message = refusal(await fermata('serve', '--memory', '--port', String(port)), { code: 1 });
    taken.close();
    expect(message).toBe(
      `Port ${port} on 127.0.0.1 is in use. Stop what uses it, or choose another port with --port or PORT.`,
    );
  });

  test('a store that another process has locked, and names that process', async () => {
    const data = join(folder, 'locked');
    const first = starting(['serve', '--port', '0', '--data', data]);
    await first.says(/Endpoint/);
    const message = refusal(await fermata('serve', '--port', '0', '--data', data), { code: 1 });
    first.child.kill('SIGTERM');
    await first.ended;
    expect(message).toContain(`is in use by process ${first.child.pid} `);
  });
});
