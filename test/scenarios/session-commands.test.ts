/**
 * Commands of administrators in the folders of sessions: only where they are allowed, for those who may, within bounds, and leaving
 * nothing behind but what they wrote.
 */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newApiKey } from '../../core/http/api-keys.ts';
import { messagesIn, textIn, WireClient } from '../support/clients/wire.ts';
import { starting } from '../support/command-line.ts';
import type { TestDeployment } from '../support/deployment.ts';
import { deployed } from '../support/deployment.ts';
import { leftBehind } from '../support/processes.ts';

const FILES = fileURLToPath(new URL('../support/servers/stdio-files.mjs', import.meta.url));
const admin = newApiKey('root');
const serving = (...options: string[]): Promise<TestDeployment> =>
  deployed([...options, '--workspace', '--', process.execPath, FILES], { FERMATA_ADMIN_KEYS: admin.line });

let server: TestDeployment;
let client: WireClient;
beforeAll(async () => {
  server = await serving('--allow-commands');
  client = await WireClient.open(server.url);
});
afterAll(async () => server[Symbol.asyncDispose]());

const tool = async (code: string): Promise<string> =>
  textIn((await messagesIn(await client.post(client.tool('run', { code })))).at(-1));

interface Options {
  readonly url?: string;
  readonly session?: string;
  readonly key?: string;
  readonly signal?: AbortSignal;
}

const asking = (
  body: unknown,
  { url = server.url, session, key = admin.key, signal }: Options = {},
): Promise<Response> =>
  fetch(new URL(`/admin/sessions/${session ?? client.sessionId}/commands`, url), {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: signal ?? null,
  });

async function ran(...command: string[]): Promise<readonly unknown[]> {
  const lines = (await (await asking({ command })).text()).trim().split('\n');
  return lines.map(line => JSON.parse(line));
}

describe('a command in the folder of a session', () => {
  it('sees the files of the session, tells its output by stream and its exit code, and what it wrote is kept', async () => {
    await tool(`fs.writeFileSync('note', 'from the program')`);
    const events = await ran(
      'sh',
      '-c',
      'cat note; echo "to stderr €" >&2; echo more > "$FERMATA_WORKSPACE/written"; exit 3',
    );
    expect(events.at(-1)).toEqual({ kind: 'ended', reason: 'exited', code: 3 });
    expect(events).toContainEqual({ kind: 'output', stream: 'stdout', text: 'from the program' });
    expect(events).toContainEqual({ kind: 'output', stream: 'stderr', text: 'to stderr €\n' });
    expect(await tool(`return fs.readFileSync('written', 'utf8')`)).toBe('"more\\n"');
    const told = server.observed.filter(({ event }) => event.startsWith('session.command'));
    expect(told).toMatchObject([
      { event: 'session.command', session: client.sessionId, administrator: 'key:root', principal: 'anonymous' },
      { event: 'session.command_ended', reason: 'exited', exitCode: 3 },
    ]);
  });

  it('is ended with everything it started when its time is over, and what it wrote is undone', async () => {
    const mark = `fermata-mark-${process.pid}-time`;
    const script = `echo x > half; sh -c 'sleep 600; : ${mark}' & sh -c 'sleep 600; : ${mark}'`;
    const response = await asking({ command: ['sh', '-c', script], timeoutMs: 300 });
    expect((await response.text()).trim()).toBe('{"kind":"ended","reason":"timeout","signal":"SIGKILL"}');
    expect(await leftBehind(mark)).toEqual([]);
    expect(await tool(`return fs.readdirSync('.')`)).not.toContain('half');
  });

  it('leaves no process behind that it sent to the background', async () => {
    const mark = `fermata-mark-${process.pid}-background`;
    const events = await ran('sh', '-c', `sh -c 'sleep 600; : ${mark}' > /dev/null 2>&1 & echo started`);
    expect(events.at(-1)).toMatchObject({ reason: 'exited', code: 0 });
    expect(await leftBehind(mark)).toEqual([]);
  });

  it('is ended when it writes too much, and when nobody listens any more', async () => {
    const events = await ran('yes');
    const bytes = events.map(event => (event as { text?: string }).text?.length ?? 0).reduce((a, b) => a + b);
    expect([bytes, events.at(-1)]).toEqual([
      16_777_216,
      { kind: 'ended', reason: 'too_much_output', signal: 'SIGKILL' },
    ]);
    const mark = `fermata-mark-${process.pid}-gone`;
    const leaving = new AbortController();
    await asking({ command: ['sh', '-c', `sleep 600; : ${mark}`] }, { signal: leaving.signal });
    leaving.abort();
    expect(await leftBehind(mark, 10_000)).toEqual([]);
  });

  it.each([
    ['no command', {}, {}, 400, 'invalid_params'],
    ['a text in the place of words', { command: 'ls -la' }, {}, 400, 'invalid_params'],
    ['a time that is too long', { command: ['ls'], timeoutMs: 3_600_001 }, {}, 400, 'invalid_params'],
    ['a program that is not there', { command: ['no-such-program'] }, {}, 200, 'program_unstartable'],
    ['a session that is not there', { command: ['ls'] }, { session: 'nobody' }, 404, 'session_unknown'],
    ['the key of somebody else', { command: ['ls'] }, { key: 'fk_none' }, 401, 'principal_required'],
    ['too much to ask', { command: ['echo', 'x'.repeat(70_000)] }, {}, 413, 'body_too_large'],
  ])('is refused: %s', async (_, body, options, status, code) => {
    const response = await asking(body, options);
    expect([response.status, await response.json()]).toMatchObject([status, { error: { data: { code } } }]);
  });

  it('is refused unless the operator allows it', async () => {
    await using other = await serving();
    const response = await asking({ command: ['ls'] }, { url: other.url, session: 'any' });
    expect([response.status, await response.json()]).toMatchObject([
      404,
      {
        error: { message: 'Commands are not allowed here. Whoever runs the server allows them with --allow-commands.' },
      },
    ]);
  });

  it('is run from the command line, with its output and its exit code', async () => {
    const env = { FERMATA_ADMIN_URL: new URL(server.url).origin, FERMATA_ADMIN_KEY: admin.key };
    const script = 'echo out; echo err >&2; exit 7';
    const { ended } = starting(['sessions', 'run', String(client.sessionId), '--', 'sh', '-c', script], env);
    expect(await ended).toEqual({ code: 7, stdout: 'out\n', stderr: 'err\n' });
  });
});
