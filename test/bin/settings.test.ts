/** Settings of `fermata serve` from arguments and variables: who wins, what is refused, and with which words. */
import { describe, expect, test } from 'vitest';
import { readArguments } from '../../bin/arguments.ts';
import { SERVE } from '../../bin/commands.ts';
import type { ServeSettings } from '../../bin/settings.ts';
import { serveSettings } from '../../bin/settings.ts';
import { formatDuration, parseDuration } from '../../core/base/duration.ts';
import { Fault } from '../../core/base/errors.ts';

const settings = (argv: string[], env: Record<string, string> = {}): ServeSettings =>
  serveSettings(readArguments(SERVE, argv), env, '/work');

const refusal = (argv: string[], env: Record<string, string> = {}): string => {
  try {
    settings(argv, env);
  } catch (error) {
    if (error instanceof Fault && error.code === 'setting_invalid') return error.message;
    throw error;
  }
  throw new Error('It was accepted.');
};

describe('settings', () => {
  test('have defaults that serve the example on loopback, with the time-outs of AgentCore', () => {
    expect(settings([])).toEqual({
      served: { kind: 'example' },
      gates: { policies: [] },
      webhookSecret: undefined,
      port: 8787,
      host: '127.0.0.1',
      data: '/work/.fermata',
      idleTimeoutMs: 900_000,
      lifetimeMs: 28_800_000,
      idleAction: 'sleep',
      classes: [],
      retryLost: 'idempotent',
      holdMs: undefined,
      allowHosts: [],
      allowOrigins: [],
      auth: { mode: 'none' },
      stateKeys: undefined,
      warm: 'programs',
      repeatable: true,
      notRepeatableTools: [],
      programMemory: 'optional',
      workspace: false,
      inherit: [],
      env: {},
      users: undefined,
      allowCommands: false,
      json: false,
      debug: false,
    });
  });

  test('come from variables, and arguments win over them', () => {
    const env = { PORT: '1', HOST: '::1', FERMATA_DATA: 'd', FERMATA_IDLE_TIMEOUT: '2m', FERMATA_MAX_LIFETIME: '3m' };
    const more = { FERMATA_IDLE_ACTION: 'end', FERMATA_RETRY_LOST: 'never', FERMATA_JSON: '1', FERMATA_API_KEYS: 'k' };
    expect(settings([], { ...env, ...more })).toMatchObject({
      port: 1,
      host: '::1',
      data: '/work/d',
      idleTimeoutMs: 120_000,
      lifetimeMs: 180_000,
      idleAction: 'end',
      retryLost: 'never',
      json: true,
      auth: { mode: 'api-key', keys: 'k' },
    });
    const argv = ['--port', '2', '--host', 'h', '--data', '/x', '--idle-timeout', '90', '--retry-lost', 'always'];
    expect(settings(argv, { ...env, ...more })).toMatchObject({
      port: 2,
      host: 'h',
      data: '/x',
      idleTimeoutMs: 90_000,
      retryLost: 'always',
    });
  });

  test('say what a command finds around it', () => {
    const argv = ['--workspace', '--env', 'TOKEN', '--env', 'FILE={workspace}/a=b', '--users', '20000-20002'];
    expect(settings([...argv, '--', 'node', './server.mjs', '../x', '.', 'a/b'])).toMatchObject({
      workspace: true,
      inherit: ['TOKEN'],
      env: { FILE: '{workspace}/a=b' },
      users: [20000, 20001, 20002],
      served: { kind: 'command', command: 'node', args: ['/work/server.mjs', '/x', '.', 'a/b'] },
    });
    expect(settings([], { FERMATA_ENV: 'A, B', FERMATA_WORKSPACES: '1' })).toMatchObject({
      workspace: true,
      inherit: ['A', 'B'],
    });
    expect(refusal(['--env', 'A B'])).toBe(
      '--env is "A B", which is no name of a variable. For example: --env API_TOKEN',
    );
    expect(refusal(['--workspace', '--users', '0-9'])).toBe(
      '--users is "0-9", which is no range of user ids (10000 at most, and never 0). For example: --users 20000-20999',
    );
    expect(settings(['--workspace', '--allow-commands'], { FERMATA_ADMIN_KEYS: 'k' }).allowCommands).toBe(true);
    for (const [argv, env] of [
      [['--workspace', '--allow-commands'], {}],
      [['--allow-commands'], { FERMATA_ADMIN_KEYS: 'k' }],
    ] as const)
      expect(refusal([...argv], env)).toBe(
        '--allow-commands needs --workspace, where commands run, and FERMATA_ADMIN_KEYS, for those who may run them.',
      );
    expect(refusal(['--users', '20-30'])).toBe(
      '--users needs --workspace: a user is given to a session with its folder.',
    );
    expect(refusal(['--workspace', '--upstream', 'http://h/mcp'])).toBe(
      '--workspace is for programs that run here. Files of a server elsewhere are its own business.',
    );
  });

  test('hold connections for a time only where asked to', () => {
    expect(settings(['--hold', '1s']).holdMs).toBe(1_000);
    expect(settings([], { FERMATA_HOLD: '15m' }).holdMs).toBe(900_000);
    expect(refusal(['--hold', '0.5'])).toBe('--hold is "0.5", which is not from 1s to 15m. For example: --hold 25s');
  });

  test('take an empty variable for none, and a switch that says no for no', () => {
    expect(settings([], { PORT: '', FERMATA_JSON: '0', FERMATA_API_KEYS: '' })).toMatchObject({
      port: 8787,
      json: false,
      auth: { mode: 'none' },
    });
  });

  test('tell what is served', () => {
    expect(settings(['--program', './server.ts']).served).toEqual({ kind: 'module', path: '/work/server.ts' });
    expect(settings(['--upstream', 'https://host/mcp']).served).toEqual({
      kind: 'upstream',
      url: 'https://host/mcp',
      headers: {},
    });
    expect(settings(['--', 'npx', '-y', 'x']).served).toEqual({ kind: 'command', command: 'npx', args: ['-y', 'x'] });
  });

  test('accept lists, with commas or repeated', () => {
    expect(settings(['--allow-host', 'a,b', '--allow-host', 'c']).allowHosts).toEqual(['a', 'b', 'c']);
    expect(settings([], { FERMATA_ALLOW_ORIGIN: 'https://a, https://b' }).allowOrigins).toEqual([
      'https://a',
      'https://b',
    ]);
  });

  test('without a store have no folder', () => {
    expect(settings(['--memory'], { FERMATA_DATA: 'd' }).data).toBeUndefined();
  });
});

describe('the times of sessions', () => {
  test.each([
    [['--idle-timeout', '60', '--max-lifetime', '60'], 60_000, 60_000],
    [['--idle-timeout', '28800'], 28_800_000, 28_800_000],
    [['--max-lifetime', '1209600'], 900_000, 1_209_600_000],
  ])('may be as AgentCore has them, and the longest life longer: %j', (argv, idleTimeoutMs, lifetimeMs) => {
    expect(settings(argv)).toMatchObject({ idleTimeoutMs, lifetimeMs });
  });

  test.each([
    ['--idle-timeout', '59'],
    ['--idle-timeout', '28801'],
    ['--max-lifetime', '59'],
    ['--max-lifetime', '1209601'],
  ])('%s may not be %s seconds', (name, value) => {
    expect(() => settings([name, value])).toThrow(`${name} is "${value}", which is not from 1m to`);
  });
});

describe('settings that cannot be', () => {
  const cases: readonly [string[], Record<string, string>, string][] = [
    [[], { PORT: 'abc' }, 'PORT is "abc", which is no port (a number from 0 to 65535). For example: PORT=8787'],
    [
      ['--port', '70000'],
      {},
      '--port is "70000", which is no port (a number from 0 to 65535). For example: --port 8787',
    ],
    [
      ['--idle-timeout', '5x'],
      {},
      '--idle-timeout is "5x", which is no time (from 1m to 8h). For example: --idle-timeout 15m',
    ],
    [
      ['--idle-timeout', '10s'],
      {},
      '--idle-timeout is "10s", which is not from 1m to 8h. For example: --idle-timeout 15m',
    ],
    [
      [],
      { FERMATA_MAX_LIFETIME: '15d' },
      'FERMATA_MAX_LIFETIME is "15d", which is not from 1m to 14d. For example: FERMATA_MAX_LIFETIME=8h',
    ],
    [
      ['--idle-timeout', '2h', '--max-lifetime', '1h'],
      {},
      'The idle time-out (2h) is longer than the lifetime (1h). Raise --max-lifetime or lower --idle-timeout.',
    ],
    [
      ['--idle-action', 'stop'],
      {},
      '--idle-action is "stop", which is none of sleep, end. For example: --idle-action sleep',
    ],
    [
      [],
      { FERMATA_RETRY_LOST: 'yes' },
      'FERMATA_RETRY_LOST is "yes", which is none of never, idempotent, always. For example: FERMATA_RETRY_LOST=idempotent',
    ],
    [
      ['--upstream', 'localhost:3000'],
      {},
      '--upstream is "localhost:3000", which is no URL of an MCP endpoint. For example: --upstream http://127.0.0.1:3000/mcp',
    ],
    [['--program', 'a.ts', '--', 'b'], {}, 'Give one of --program, --upstream and -- <command>, not several.'],
    [['--memory', '--data', 'd'], {}, 'Give either --memory or --data, not both.'],
    [
      ['--'],
      {},
      'There is no command after --. For example: fermata serve -- npx -y @modelcontextprotocol/server-everything stdio',
    ],
  ];
  for (const [argv, env, message] of cases) {
    test(`are refused with what to write instead: ${message.slice(0, 40)}`, () =>
      expect(refusal(argv, env)).toBe(message));
  }
});

test('times are read as people write them and written as short as they can be', () => {
  const written: readonly [string, number][] = [
    ['90', 90_000],
    ['90s', 90_000],
    ['15m', 900_000],
    ['1.5h', 5_400_000],
    ['14d', 1_209_600_000],
  ];
  for (const [text, milliseconds] of written) expect(parseDuration(text)).toBe(milliseconds);
  for (const text of ['', 'm', '-1', '1w', '1e3', '1 2']) expect(parseDuration(text)).toBeUndefined();
  expect([90_000, 900_000, 28_800_000, 1_209_600_000, 0].map(formatDuration)).toEqual([
    '90s',
    '15m',
    '8h',
    '14d',
    '0s',
  ]);
});
