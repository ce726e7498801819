/** Stdio programs: the common contract with two real servers, then what only child processes can do wrong. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { StdioCommand } from '../../../core/adapters/stdio/program.ts';
import { stdioProgram } from '../../../core/adapters/stdio/program.ts';
import { LIMITS } from '../../../core/base/limits.ts';
import { programContract } from '../../contracts/program.contract.ts';
import { built } from '../../support/built.ts';
import { Conversation } from '../../support/conversation.ts';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const node = process.execPath;

/** Our own children, from the system's point of view. */
async function children(): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'pid=,ppid=,comm=', '-A']);
  return stdout
    .split('\n')
    .map(line => line.trim().split(/\s+/))
    .filter(([, parent, command]) => Number(parent) === process.pid && command !== 'ps' && command !== 'esbuild')
    .map(([pid]) => Number(pid));
}

/** Whether a process runs; one that is dead and only not yet reaped by its parent does not. */
async function isAlive(pid: number): Promise<boolean> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return /^[^Z]/.test(stdout.trim());
}

/** Resolves when a process is gone. There is no event for a process that is not our child. */
async function gone(pid: number): Promise<void> {
  await expect.poll(() => isAlive(pid)).toBe(false);
}

/** A program written on the spot: it can use `say(object)` and `hear(message => …)`. */
const script = (source: string, options: Partial<StdioCommand> = {}) =>
  stdioProgram({
    command: node,
    args: [
      '-e',
      `const say = o => process.stdout.write(JSON.stringify(o) + '\\n');
       const hear = f => require('node:readline').createInterface({ input: process.stdin }).on('line', l => f(JSON.parse(l)));
       ${source}`,
    ],
    ...options,
  });

const note = (method: string, params: Record<string, unknown> = {}) => ({ jsonrpc: '2.0' as const, method, params });

programContract('stdio, SDK v1', {
  program: () =>
    stdioProgram({
      command: node,
      args: [built('stdio-v1')],
      name: 'stdio-v1',
    }),
  plain: { name: 'greet', args: { name: 'Ada' }, says: 'Hello, Ada!' },
  asking: { name: 'introduce', answer: { name: 'Ada' } },
  instances: 2,
  remains: children,
});

programContract('stdio, server-everything', {
  program: () =>
    stdioProgram({
      command: node,
      args: [path('../../../node_modules/@modelcontextprotocol/server-everything/dist/index.js'), 'stdio'],
    }),
  plain: { name: 'echo', args: { message: 'hello' }, says: 'Echo: hello' },
  asking: { name: 'trigger-elicitation-request', answer: { name: 'Ada' }, says: 'Ada' },
  instances: 2,
  remains: children,
});

describe('a stdio program that misbehaves', () => {
  it('reports what is no message as garbage, in full order with the messages, and goes on', async () => {
    const talk = await Conversation.with(
      script(`console.log('Server listening'); say({ jsonrpc: '2.0', method: 'one' }); console.log('{"half":');
              console.log('[]'); console.log(''); say({ id: 1 }); say([{ jsonrpc: '2.0', method: 'two' }, { jsonrpc: '2.0', method: 'three' }]);
              hear(() => {});`),
    );
    await talk.until(() => talk.received[2]);
    expect(talk.received).toMatchObject([{ method: 'one' }, { method: 'two' }, { method: 'three' }]);
    expect(talk.garbage).toEqual(['Server listening', '{"half":', '[]', '{"id":1}']);
    await talk.instance.end('stop');
  });

  it('keeps a character whole that comes in two chunks', async () => {
    const talk = await Conversation.with(
      script(`const bytes = Buffer.from(JSON.stringify({ jsonrpc: '2.0', method: 'grüße' }) + '\\r\\n');
              const cut = bytes.indexOf(0xc3) + 1;
              process.stdout.write(bytes.subarray(0, cut), () => setTimeout(() => process.stdout.write(bytes.subarray(cut)), 30));
              hear(() => {});`),
    );
    await talk.until(() => talk.received[0]);
    expect(talk.received).toEqual([{ jsonrpc: '2.0', method: 'grüße' }]);
    await talk.instance.end('park');
  });

  it('says how it exited and the end of its stderr, after everything it had written', async () => {
    const talk = await Conversation.with(
      script(`process.stderr.write('x'.repeat(${LIMITS.programStderrBytesMax})); console.error('out of cheese');
              say({ jsonrpc: '2.0', method: 'last words' }); process.exitCode = 3;`),
    );
    const { message, detail = '' } = await talk.exit();
    expect(message).toBe('The program exited with code 3.');
    expect(detail).toMatch(/xout of cheese$/);
    expect(Buffer.byteLength(detail)).toBeLessThanOrEqual(LIMITS.programStderrBytesMax);
    expect(talk.received).toEqual([{ jsonrpc: '2.0', method: 'last words' }]);
    expect(await children()).toEqual([]);
  });

  it('names the signal that ended it in the middle of a call', async () => {
    const talk = await Conversation.with(script(`hear(() => process.kill(process.pid, 'SIGKILL'));`));
    talk.callTool('any');
    expect(await talk.exit()).toEqual({ message: 'The program exited by signal SIGKILL.' });
    talk.callTool('any');
    await talk.instance.end('stop');
    expect(talk.exits).toHaveLength(1);
  });

  it('is ended when it writes a line without end', async () => {
    const talk = await Conversation.with(
      script(`const part = 'x'.repeat(1 << 20); const more = () => process.stdout.write(part, more); more();`),
    );
    expect(await talk.exit()).toEqual({ message: 'The program wrote a line of more than 16777216 bytes.' });
    expect(talk.garbage).toEqual([]);
    await talk.instance.end('park');
    expect(await children()).toEqual([]);
  });

  it('is ended when it does not read its input', async () => {
    const talk = await Conversation.with(script(`setInterval(() => {}, 1000);`));
    const text = 'x'.repeat(1 << 20);
    for (let i = 0; i < 40 && talk.exits.length === 0; i++) talk.instance.send(note('big', { text }));
    expect(await talk.exit()).toEqual({
      message: 'The program does not read its input: 33554432 bytes are waiting for it.',
    });
    await talk.instance.end('park');
    expect(await children()).toEqual([]);
  });

  it('delivers a flood whole and in order', async () => {
    const talk = await Conversation.with(
      script(`for (let n = 1; n <= 20000; n++) say({ jsonrpc: '2.0', method: 'n', params: { n } }); hear(() => {});`),
    );
    await talk.until(() => talk.received[19_999]);
    expect(talk.received.map(message => ('params' in message ? message.params?.n : 0))).toEqual(
      Array.from({ length: 20_000 }, (_, i) => i + 1),
    );
    await talk.instance.end('park');
  });

  it('takes a message larger than a pipe holds', async () => {
    const talk = await Conversation.with(
      script(`hear(m => say({ jsonrpc: '2.0', id: m.id, result: { length: m.params.text.length } }));`),
    );
    expect(await talk.request('measure', { text: 'ä'.repeat(3_000_000) })).toMatchObject({
      result: { length: 3_000_000 },
    });
    await talk.instance.end('stop');
  });
});

describe('ending a stdio program', () => {
  it('lets it clean up when its stdin is closed', async () => {
    const talk = await Conversation.with(
      script(
        `process.on('SIGTERM', () => {});
        hear(() => {}).on('close', () => { require('node:fs').writeFileSync(process.env.MARK, 'clean'); });
        say({ jsonrpc: '2.0', method: 'up' });`,
        { env: { MARK: `/tmp/fermata-test-${process.pid}-mark` } },
      ),
    );
    await talk.until(() => talk.received[0]);
    await talk.instance.end('stop');
    const { readFileSync, rmSync } = await import('node:fs');
    expect(readFileSync(`/tmp/fermata-test-${process.pid}-mark`, 'utf8')).toBe('clean');
    rmSync(`/tmp/fermata-test-${process.pid}-mark`);
  });

  it('ends one that ignores its stdin and SIGTERM all the same, in time', async () => {
    const talk = await Conversation.with(
      script(`process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); say({ jsonrpc: '2.0', method: 'up' });`),
    );
    await talk.until(() => talk.received[0]);
    const begun = performance.now();
    await talk.instance.end('stop');
    expect(performance.now() - begun).toBeLessThan(LIMITS.programExitMsMax * 30);
    expect(await children()).toEqual([]);
  });

  it('leaves no handle and no listener of ours behind, over many instances', async () => {
    // Timers are not counted: the test runner has its own. A handle is gone a turn or two after it was closed.
    const handles = () => process.getActiveResourcesInfo().filter(kind => /^(Process|Pipe|Signal)/.test(kind)).length;
    const listeners = () => process.eventNames().length;
    const once = async (mode: 'park' | 'stop') => {
      const talk = await Conversation.with(script(`say({ jsonrpc: '2.0', method: 'up' }); hear(() => {});`));
      await talk.until(() => talk.received[0]);
      await talk.instance.end(mode);
    };
    await once('stop');
    const before = [handles(), listeners()] as const;
    for (let i = 0; i < 20; i++) await Promise.all([once('park'), once('stop')]);
    await expect.poll(handles).toBeLessThanOrEqual(before[0]);
    expect(listeners()).toBe(before[1]);
    expect(await children()).toEqual([]);
  });

  /** Starts a process of its own that ignores everything, and tells its id. */
  const WITH_GRANDCHILD = `
    const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
    say({ jsonrpc: '2.0', method: 'grandchild', params: { pid: child.pid } });`;

  const grandchildOf = (talk: Conversation): Promise<number> =>
    talk.until(() => {
      const message = talk.received[0];
      return message !== undefined && 'params' in message ? Number(message.params?.pid) : undefined;
    });

  it.each(['park', 'stop'] as const)('takes what it started with it, by %s', async mode => {
    const talk = await Conversation.with(script(`${WITH_GRANDCHILD} hear(() => {});`));
    const pid = await grandchildOf(talk);
    await talk.instance.end(mode);
    await gone(pid);
  });

  it('takes what it left behind when it exits by itself', async () => {
    const talk = await Conversation.with(script(`${WITH_GRANDCHILD} setTimeout(() => process.exit(0), 50);`));
    const pid = await grandchildOf(talk);
    expect(await talk.exit()).toEqual({ message: 'The program exited with code 0.' });
    await gone(pid);
  });

  it.each(['exit', 'SIGTERM', 'SIGINT', 'SIGKILL'])('does not outlive our own process: %s', async how => {
    const ours = spawn(node, [built('stdio-owner')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface({ input: ours.stdout }), 'line');
    const pid = Number(line);
    expect(await isAlive(pid)).toBe(true);
    const exited = once(ours, 'exit');
    if (how === 'exit') ours.stdin.end();
    else ours.kill(how as NodeJS.Signals);
    expect(await exited).toEqual(how === 'exit' ? [0, null] : [null, how]);
    await gone(pid);
  });
});

describe('starting a stdio program', () => {
  const failure = async (command: StdioCommand) => {
    const error = await Conversation.with(stdioProgram(command)).then(
      () => undefined,
      thrown => thrown,
    );
    expect(error).toMatchObject({ code: 'program_unstartable' });
    return error.message;
  };

  it('says which command was not found, and what to do', async () => {
    expect(await failure({ command: 'no-such-command', args: ['--stdio'] })).toBe(
      'Cannot start `no-such-command --stdio`: the command no-such-command was not found. Install it, or give its full path.',
    );
  });

  it('says the same where something on the way to it may not be used', async () => {
    expect(await failure({ command: 'program.test.ts', env: { PATH: path('.') } })).toBe(
      'Cannot start `program.test.ts`: the command program.test.ts was not found. Install it, or give its full path.',
    );
  });

  it('tells a missing working directory from a missing command', async () => {
    expect(await failure({ command: node, cwd: '/no/such/place' })).toBe(
      `Cannot start \`${node}\`: its working directory /no/such/place does not exist. Create it, or give another.`,
    );
  });

  it('says that a file may not be executed', async () => {
    const file = path('./program.test.ts');
    expect(await failure({ command: file })).toBe(
      `Cannot start \`${file}\`: ${file} may not be executed. Make it executable (chmod +x), or name its interpreter first.`,
    );
  });

  it('refuses an empty command', async () => {
    expect(await failure({ command: '' })).toMatch(/^Cannot start ``: .*\.$/);
  });

  it('runs in its directory with its variables, those that every program needs, and none of our others unless it is told', async () => {
    vi.stubEnv('OUR_SECRET', 'a key');
    vi.stubEnv('OUR_TOKEN', 'for it');
    vi.stubEnv('FERMATA_KEYS', 'seals');
    onTestFinished(() => void vi.unstubAllEnvs());
    const seen = async (options: Partial<StdioCommand>) => {
      const talk = await Conversation.with(
        script(
          `say({ jsonrpc: '2.0', method: 'env', params: { env: process.env, cwd: process.cwd() } }); hear(() => {});`,
          options,
        ),
      );
      await talk.until(() => talk.received[0]);
      await talk.instance.end('stop');
      const [message] = talk.received;
      return message !== undefined && 'params' in message ? message.params : {};
    };
    const path = process.env.PATH;
    const some = await seen({ env: { GIVEN: 'too' }, inherit: ['OUR_TOKEN'], cwd: '/' });
    expect(some).toMatchObject({ cwd: '/', env: { GIVEN: 'too', OUR_TOKEN: 'for it', PATH: path } });
    expect(some?.env).not.toHaveProperty('OUR_SECRET');
    expect(some?.env).not.toHaveProperty('FERMATA_KEYS');
    const all = await seen({ inherit: ['*'] });
    expect(all).toMatchObject({ env: { OUR_SECRET: 'a key', PATH: path } });
    expect(all?.env).not.toHaveProperty('FERMATA_KEYS');
  });
});
