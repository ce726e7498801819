/** What a stage gets, worked out from the settings; and that it fits the code it is worked out for. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE } from '../../core/adapters/dynamodb/schema.ts';
import { frontSettings, memoryIn, proxySettings, sessionsIn, warmthIn } from '../../functions/deployment/settings.ts';
import type { Settings } from '../../infra/plan.ts';
import { keeping, plan } from '../../infra/plan.ts';

const ROOT = join(import.meta.dirname, '../..');
const text = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const SETTINGS: Settings = { upstream: './server.ts', auth: { kind: 'api-key' }, keptStages: ['production'] };
const planOf = (settings: Partial<Settings>) => plan({ ...SETTINGS, ...settings });

describe('the upstream', () => {
  it.each([
    ['./server.ts', { kind: 'file', file: 'server.ts' }],
    ['functions/express.ts', { kind: 'file', file: 'functions/express.ts' }],
    ['../servers/mine.mjs', { kind: 'file', file: '../servers/mine.mjs' }],
    ['my-mcp-server', { kind: 'function', name: 'my-mcp-server' }],
    ['https://mcp.example.com/mcp', { kind: 'url', url: 'https://mcp.example.com/mcp' }],
    [
      'arn:aws:lambda:eu-central-1:123456789012:function:mine:live',
      { kind: 'arn', arn: 'arn:aws:lambda:eu-central-1:123456789012:function:mine:live' },
    ],
  ])('%s is told apart', (upstream, expected) => {
    expect(planOf({ upstream }).upstream).toEqual(expected);
  });

  it.each([
    '',
    'http://mcp.example.com/mcp',
    'my server',
    'arn:aws:lambda:mine',
    './server.py',
  ])('%j is refused, with examples of what would do', upstream => {
    expect(() => planOf({ upstream })).toThrow(/^The setting "upstream" is .*'\.\/server\.ts'.*'my-mcp-server'/);
  });
});

describe('a setting that cannot be', () => {
  it('is refused by its name: tenants of a URL', () => {
    expect(() => planOf({ upstream: 'https://mcp.example.com/mcp', tenancy: 'session' })).toThrow(
      /^The setting "tenancy" is for functions/,
    );
  });

  it('is refused by its name: a domain whose host name no signature is for', () => {
    expect(() => planOf({ domain: 'mcp.example.com', auth: { kind: 'iam' } })).toThrow(
      /^The settings "domain" and "auth: iam"/,
    );
  });

  it('is refused by its name: a URL that runs a program', () => {
    expect(() => planOf({ upstream: 'https://mcp.example.com/mcp', upstreamKind: 'program' })).toThrow(
      /^The setting "upstreamKind" is "program", which is for functions/,
    );
  });

  it('is refused by its name: a way to invoke a URL', () => {
    expect(() => planOf({ upstream: 'https://mcp.example.com/mcp', upstreamMode: 'stream' })).toThrow(
      /^The setting "upstreamMode" is for functions/,
    );
  });

  it('is refused by its name: administrators whose key has no room beside a signature', () => {
    expect(() => planOf({ administrators: true, auth: { kind: 'iam' } })).toThrow(
      /^The settings "administrators" and "auth: iam"/,
    );
  });

  it('is refused by its name: a configuration that cannot be used, each problem by its path', () => {
    const config = { gates: { approval: [{ name: 'deletions', tools: 'delete_*' }] } };
    expect(() => planOf({ config: JSON.parse(JSON.stringify(config)) })).toThrow(
      /The setting "config", as JSON:\d+: gates\.approval\.0\.tools /,
    );
  });

  it.each([64, 20_000, 512.5, Number.NaN])('is refused by its name: %d MB of memory', proxy => {
    expect(() => planOf({ memory: { proxy } })).toThrow(/^The setting "memory\.proxy" is /);
  });
});

describe('the variables', () => {
  it('hold what was set and nothing else', () => {
    expect(planOf({}).variables).toEqual({
      front: { FERMATA_AUTH: 'api-key' },
      proxyAndDriver: {},
      program: {},
      upstream: {},
    });
  });

  it('go to those who need them', () => {
    const { variables } = planOf({
      tenancy: 'principal',
      upstreamPath: '/other',
      upstreamMode: 'stream',
      upstreamEra: 'modern',
      upstreamVariables: { MINE: '1' },
      allowOrigins: ['https://a.example', 'https://b.example'],
      sessions: { hold: '2s', retryLost: 'never' },
    });
    expect(variables).toEqual({
      front: { FERMATA_AUTH: 'api-key', FERMATA_ALLOW_ORIGIN: 'https://a.example,https://b.example' },
      proxyAndDriver: {
        FERMATA_TENANCY: 'principal',
        FERMATA_UPSTREAM_PATH: '/other',
        FERMATA_UPSTREAM_MODE: 'stream',
        FERMATA_UPSTREAM_ERA: 'modern',
        FERMATA_RETRY_LOST: 'never',
        FERMATA_HOLD: '2s',
      },
      program: { FERMATA_TENANCY: 'principal', FERMATA_RETRY_LOST: 'never' },
      upstream: { MINE: '1' },
    });
  });

  it('name an issuer and what its tokens must say', () => {
    const auth = { kind: 'jwt', issuer: 'https://a.example/', audience: 'https://b.example/mcp' } as const;
    expect(planOf({ auth: { ...auth, scopes: ['x', 'y'] } }).variables.front).toEqual({
      FERMATA_AUTH: 'jwt',
      FERMATA_JWT_ISSUER: 'https://a.example/',
      FERMATA_JWT_AUDIENCE: 'https://b.example/mcp',
      FERMATA_JWT_SCOPES: 'x y',
    });
  });

  it('are understood by the functions they are set for', () => {
    const { variables } = planOf({
      auth: { kind: 'jwt', issuer: 'https://a.example/', audience: 'https://b.example/mcp', scopes: ['x'] },
      tenancy: 'session',
      upstreamKind: 'program',
      sessions: { idleTimeout: '30m', maxLifetime: '14d', idleAction: 'end', retryLost: 'never', hold: '5s' },
    });
    const known = { FERMATA_TABLE: 't', FERMATA_KEYS: 'k', FERMATA_UPSTREAM: 'orders', FERMATA_DRIVER: 'd' };
    expect(proxySettings({ ...variables.proxyAndDriver, ...known })).toMatchObject({
      table: 't',
      driver: 'd',
      upstream: { kind: 'function', name: 'orders', tenant: 'session', isProgram: true, era: 'modern' },
      sessions: {
        idleTimeoutMs: 1_800_000,
        lifetimeMs: 1_209_600_000,
        idleAction: 'end',
        retryLost: 'never',
        holdMs: 5_000,
      },
    });
    expect(frontSettings(variables.front)).toMatchObject({
      auth: { mode: 'jwt', issuer: 'https://a.example/', audience: 'https://b.example/mcp', scopes: ['x'] },
    });
  });
});

describe('the notes by which sessions of a principal are found', () => {
  const known = { FERMATA_TABLE: 't', FERMATA_KEYS: 'k', FERMATA_UPSTREAM: 'orders' };
  const sessions = (limits: object) => ({ ...known, FERMATA_CONFIG: JSON.stringify({ sessions: { limits } }) });

  it('are kept where administrators list them, or a principal may have so much only', () => {
    expect(proxySettings(known).listed).toBe(false);
    expect(proxySettings(sessions({ calls: 5 })).listed).toBe(false);
    expect(proxySettings({ ...known, FERMATA_ADMIN_KEYS: 'k' }).listed).toBe(true);
    for (const name of ['sessions', 'callsPerPrincipal', 'questionsPerPrincipal'])
      expect(proxySettings(sessions({ [name]: 5 })).listed).toBe(true);
    expect(proxySettings(sessions({ eventBytesPerPrincipal: 65_536 })).listed).toBe(true);
  });
});

describe('every variable that a function reads', () => {
  it('is set by a setting, a secret or the deployment itself', () => {
    const all = (...files: readonly string[]): string => files.map(text).join('\n');
    const read = all('functions/deployment/settings.ts', 'bin/auth-settings.ts').matchAll(/FERMATA_[A-Z_]+/g);
    const infra = all('infra/plan.ts', 'infra/deploy.ts', 'infra/upstream.ts');
    // A stdio program's command is a variable of the upstream's own.
    const isSet = (name: string): boolean => new RegExp(`\\b${name}[:,]`).test(infra);
    const unset = [...new Set([...read].map(([name]) => name))].filter(name => !isSet(name));
    expect(unset).toEqual(['FERMATA_COMMAND']);
  });
});

describe('a stage', () => {
  it('is kept if it is listed, and goes with its data if it is not', () => {
    expect(keeping(SETTINGS, 'production')).toEqual({ removal: 'retain', protect: true });
    expect(keeping(SETTINGS, 'dev')).toEqual({ removal: 'remove', protect: false });
  });
});

describe('memory of programs', () => {
  const settings = { upstream: './server.ts', tenancy: 'session' } as const;

  it('is kept by default where each session has environments of its own, of which the program is told', () => {
    expect(warmthIn(planOf(settings).variables.program)).toBe('programs');
    expect(warmthIn(planOf({ ...settings, tenancy: 'principal' }).variables.program)).toBe('runs');
    expect(warmthIn(planOf({}).variables.program)).toBe('runs');
    expect(warmthIn(planOf({ ...settings, warm: 'nothing' }).variables.program)).toBe('nothing');
  });

  it('is kept as long as sessions are awake', () => {
    const { program } = planOf({ ...settings, sessions: { idleTimeout: '1h' } }).variables;
    expect(program).toEqual({ FERMATA_TENANCY: 'session', FERMATA_IDLE_TIMEOUT: '1h' });
  });

  it('is needed where that is set, by sessions that end when they are idle: proxy, driver and program are told', () => {
    const { proxyAndDriver, program } = planOf({ ...settings, programMemory: 'required' }).variables;
    expect(program).toEqual({ FERMATA_PROGRAM_MEMORY: 'required', FERMATA_TENANCY: 'session' });
    expect([warmthIn(program), memoryIn(program), sessionsIn(program).idleAction]).toEqual([
      'programs',
      'required',
      'end',
    ]);
    const known = { FERMATA_TABLE: 't', FERMATA_KEYS: 'k', FERMATA_UPSTREAM: 'mine' };
    expect(proxySettings({ ...proxyAndDriver, ...known }).sessions.idleAction).toBe('end');
    expect(() => sessionsIn({ ...proxyAndDriver, FERMATA_IDLE_ACTION: 'sleep' })).toThrow(
      /^With FERMATA_PROGRAM_MEMORY=required a session cannot sleep/,
    );
    expect(() => warmthIn({ ...program, FERMATA_TENANCY: 'principal' })).toThrow(
      /^FERMATA_PROGRAM_MEMORY=required needs programs that stay in memory/,
    );
  });

  it.each<[Partial<Settings>, string]>([
    [{ tenancy: 'principal' }, 'which takes an environment for each session'],
    [{ warm: 'runs' }, 'which takes programs that stay in memory'],
    [{ sessions: { idleAction: 'sleep' } }, 'and a session that sleeps has lost it'],
    [
      { config: { sessions: { classes: [{ name: 'a', principals: ['a'], idleAction: 'sleep' }] } } },
      'and a session that',
    ],
    [{ upstream: 'orders' }, 'which is for programs'],
  ])('is not needed where it cannot be had: %j', (wrong, why) => {
    expect(() => planOf({ ...settings, programMemory: 'required', ...wrong })).toThrow(
      `The setting "programMemory" is "required", ${why}`,
    );
  });

  it('and what may run again after a loss is as the configuration says, where no setting does', () => {
    const config = { sessions: { retryLost: 'always' } } as const;
    expect(planOf({ config }).variables.program).toEqual({ FERMATA_RETRY_LOST: 'always' });
    expect(planOf({ config, sessions: { retryLost: 'never' } }).variables.program).toEqual({
      FERMATA_RETRY_LOST: 'never',
    });
  });

  it('is refused where it would be there by chance, or is not ours', () => {
    expect(() => planOf({ ...settings, tenancy: 'none', warm: 'programs' })).toThrow(
      /^The setting "warm" is "programs", which takes an environment for each session\./,
    );
    expect(() => planOf({ ...settings, upstream: 'orders', warm: 'programs' })).toThrow(
      /^The setting "warm" is for a program that is deployed here/,
    );
  });
});

describe('files of sessions', () => {
  it('are for a program that is deployed here', () => {
    expect(plan(SETTINGS).workspace).toBe(false);
    expect(plan({ ...SETTINGS, upstream: './functions/stdio.ts', workspace: true }).workspace).toBe(true);
    expect(() => plan({ ...SETTINGS, upstream: 'orders', workspace: true })).toThrow(
      'The setting "workspace" is for a program that is deployed here, which is a file.',
    );
  });

  it("are seen by a command that sees none of the function's variables but its own", () => {
    const upstreamVariables = { FERMATA_COMMAND: 'node server.mjs', TOKEN: 't', REPORTS: 'r' };
    expect(plan({ ...SETTINGS, upstreamVariables }).variables.program).toEqual({ FERMATA_ENV: 'TOKEN REPORTS' });
  });
});

describe('the deployed table', () => {
  const deployed = text('infra/table.ts');

  it('has the keys and the TTL attribute of the stores', () => {
    expect(deployed).toContain(`fields: { ${PARTITION_KEY}: 'string', ${SORT_KEY}: 'string' }`);
    expect(deployed).toContain(`TTL_ATTRIBUTE = '${TTL_ATTRIBUTE}'`);
  });

  it('allows the calls that the stores make, and no others', () => {
    const used = [...text('core/adapters/dynamodb/table.ts').matchAll(/new (\w+)Command\(/g)].map(match => match[1]);
    const list = /TABLE_ACTIONS = \[([^\]]+)\]/.exec(deployed)?.[1] ?? '';
    const allowed = [...list.matchAll(/'dynamodb:(\w+)'/g)].map(match => match[1]);
    const single = new Set(used.filter(name => name !== 'TransactWriteItems'));
    expect(new Set(allowed)).toEqual(single);
    expect(text('core/adapters/dynamodb/table.ts')).not.toContain('ConditionCheck:');
  });
});

describe('the alarm for lapses', () => {
  it('counts the two events by which a driver tells of them', () => {
    const told = [...text('core/proxy/driver.ts').matchAll(/event: '(exchange\.(?:lapsed|lost))'/g)].map(
      match => match[1],
    );
    expect(told.sort()).toEqual(['exchange.lapsed', 'exchange.lost']);
    for (const event of told) expect(text('infra/alarms.ts')).toContain(`?"${event}"`);
  });
});
