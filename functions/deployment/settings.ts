/**
 * The settings of the functions, from their environment. Every refusal names the variable and shows a right value; a function with
 * a wrong one does not start, and its log says why. What the variables mean: `docs/lambda.md`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AuthSettings } from '../../bin/auth-settings.ts';
import { authSettings } from '../../bin/auth-settings.ts';
import type { ConfigSettings } from '../../bin/config.ts';
import { configText, NO_CONFIG } from '../../bin/config.ts';
import type { GivenSessions } from '../../bin/config-sessions.ts';
import type { Variables } from '../../bin/given.ts';
import { choice, invalid, variable, written } from '../../bin/given.ts';
import type { MemorySettings } from '../../bin/memory-settings.ts';
import { programMemory, WARMTHS } from '../../bin/memory-settings.ts';
import { Misuse } from '../../bin/misuse.ts';
import type { SessionOption, SessionSettings } from '../../bin/session-settings.ts';
import { maySleep, sessionSettings } from '../../bin/session-settings.ts';
import { upstreamEra } from '../../bin/upstream-era.ts';
import { upstreamHeaders } from '../../bin/upstream-headers.ts';
import type { GateSettings } from '../../core/gates/config.ts';
import type { Warmth } from '../../core/runner/runner.ts';
import { PRINCIPAL_LIMITS } from '../../core/session/policy.ts';
import type { Era } from '../../core/upstream/era.ts';

export type Upstream =
  | {
      readonly kind: 'url';
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly era: Era | undefined;
    }
  | {
      readonly kind: 'function';
      readonly name: string;
      readonly path: string;
      readonly mode: (typeof MODES)[number];
      readonly tenant: (typeof TENANCIES)[number];
      /** Whether it runs a program by a runner of ours, which wants to know when sessions end. */
      readonly isProgram: boolean;
      readonly headers: Readonly<Record<string, string>>;
      readonly era: Era | undefined;
    };

export interface ProxySettings {
  readonly table: string;
  readonly keys: string;
  readonly upstream: Upstream;
  /** The driver's function; without one the proxy drives by itself. */
  readonly driver: string | undefined;
  readonly sessions: SessionSettings;
  /** Whether sessions are noted for lists: where there are administrators, or a principal may have so much only. */
  readonly listed: boolean;
  readonly gates: GateSettings;
  readonly webhookSecret: string | undefined;
}

export interface FrontSettings {
  readonly auth: AuthSettings;
  readonly allowOrigins: readonly string[];
  /** The lines of `fermata key` for administrators; without them there is no admin API. */
  readonly adminKeys: string | undefined;
}

const MODES = ['auto', 'stream', 'buffered'] as const;
const KINDS = ['server', 'program'] as const;
const TENANCIES = ['none', 'principal', 'session'] as const;
const AUTH_MODES = ['api-key', 'jwt', 'iam'] as const;

const EXAMPLES = {
  FERMATA_TABLE: 'fermata-state',
  FERMATA_KEYS: 'k1:<32 bytes in base64>',
  FERMATA_UPSTREAM: 'my-mcp-server (a function), its ARN, or https://mcp.example.com/mcp',
  FERMATA_COMMAND: 'node expense-tracker.mjs',
} as const;

/** A variable that must be there. */
export function required(env: Variables, name: keyof typeof EXAMPLES): string {
  const given = variable(env, name);
  if (given !== undefined) return given.text;
  throw new Misuse(`${name} is missing. For example: ${written(name, EXAMPLES[name])}`);
}

export function proxySettings(env: Variables): ProxySettings {
  const config = configIn(env);
  const sessions = sessionsIn(env, config.sessions);
  return {
    table: required(env, 'FERMATA_TABLE'),
    keys: required(env, 'FERMATA_KEYS'),
    upstream: upstreamIn(env),
    driver: variable(env, 'FERMATA_DRIVER')?.text,
    sessions,
    listed: variable(env, 'FERMATA_ADMIN_KEYS') !== undefined || isLimited(sessions),
    gates: config.gates,
    webhookSecret: variable(env, 'FERMATA_WEBHOOK_SECRET')?.text,
  };
}

/** Whether a principal may have so much only: then its sessions must be found. */
const isLimited = ({ limits, classes }: SessionSettings): boolean =>
  [limits, ...classes.map(({ policy }) => policy.limits)].some(some =>
    PRINCIPAL_LIMITS.some(name => some?.[name] !== undefined),
  );

/** The configuration: its text, or the name of a JSON file in the bundle, for one that variables have no room for. */
function configIn(env: Variables): ConfigSettings {
  const given = variable(env, 'FERMATA_CONFIG');
  if (given === undefined) return NO_CONFIG;
  if (given.text.startsWith('{')) return configText(given.text, given.from);
  const file = resolve(env.LAMBDA_TASK_ROOT ?? '.', given.text);
  if (!existsSync(file)) throw invalid(given, `neither JSON nor a file of the bundle (${file})`, 'fermata.config.json');
  return configText(readFileSync(file, 'utf8'), given.text);
}

/** Who may enter. There is no `none`: a Function URL is reached by everyone. */
export const frontSettings = (env: Variables): FrontSettings => ({
  auth: authSettings(env, variable(env, 'FERMATA_AUTH'), AUTH_MODES),
  allowOrigins: wordsIn(env, 'FERMATA_ALLOW_ORIGIN'),
  adminKeys: variable(env, 'FERMATA_ADMIN_KEYS')?.text,
});

const VARIABLES: Readonly<Record<SessionOption, string>> = {
  'idle-timeout': 'FERMATA_IDLE_TIMEOUT',
  'max-lifetime': 'FERMATA_MAX_LIFETIME',
  'idle-action': 'FERMATA_IDLE_ACTION',
  'retry-lost': 'FERMATA_RETRY_LOST',
  hold: 'FERMATA_HOLD',
};

export function sessionsIn(env: Variables, config: GivenSessions = {}): SessionSettings {
  const isNeeded = memoryIn(env) === 'required';
  const sessions = sessionSettings(option => variable(env, VARIABLES[option]), config, isNeeded ? 'end' : 'sleep');
  if (!isNeeded || !maySleep(sessions)) return sessions;
  throw new Misuse(
    'With FERMATA_PROGRAM_MEMORY=required a session cannot sleep: its memory would be gone. Leave out the idle action "sleep", in FERMATA_IDLE_ACTION, the configuration and its classes.',
  );
}

/** Whether sessions end when what their program kept in memory is gone. Proxy and driver need to know, since such sessions cannot sleep. */
export const memoryIn = (env: Variables): MemorySettings['programMemory'] =>
  programMemory(variable(env, 'FERMATA_PROGRAM_MEMORY'));

/**
 * What a function that runs programs keeps in memory. A session finds its program again only where its calls reach the environment
 * that has it, so programs are kept where each session is a tenant, and memory that is there by chance is kept nowhere.
 */
export function warmthIn(env: Variables): Warmth {
  const isTenant = tenancyIn(env) === 'session';
  const given = variable(env, 'FERMATA_WARM');
  const warm = choice(given, WARMTHS, isTenant ? 'programs' : 'runs');
  if (memoryIn(env) === 'required' && warm !== 'programs')
    throw new Misuse(
      'FERMATA_PROGRAM_MEMORY=required needs programs that stay in memory: FERMATA_TENANCY=session, and FERMATA_WARM left out.',
    );
  if (given === undefined || warm !== 'programs' || isTenant) return warm;
  throw invalid(
    given,
    'for functions that isolate sessions as tenants (FERMATA_TENANCY=session): leave it out, or keep less',
    'runs',
  );
}

const tenancyIn = (env: Variables): (typeof TENANCIES)[number] =>
  choice(variable(env, 'FERMATA_TENANCY'), TENANCIES, 'none');

const wordsIn = (env: Variables, name: string): readonly string[] =>
  (variable(env, name)?.text ?? '').split(/[\s,]+/).filter(word => word !== '');

/** Name or ARN of a function, as Lambda takes them; with a version or an alias. */
const FUNCTION = /^(?:arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:)?[A-Za-z0-9_-]{1,64}(?::[A-Za-z0-9_$-]+)?$/;

function upstreamIn(env: Variables): Upstream {
  const name = required(env, 'FERMATA_UPSTREAM');
  const lines = (variable(env, 'FERMATA_UPSTREAM_HEADERS')?.text ?? '').split('\n').filter(line => line.trim() !== '');
  const headers = upstreamHeaders(lines, 'FERMATA_UPSTREAM_HEADERS');
  const kind = variable(env, 'FERMATA_UPSTREAM_KIND');
  const isProgram = choice(kind, KINDS, 'server') === 'program';
  // What we run is of 2026, and need not be asked by every process that starts.
  const era = upstreamEra(variable(env, 'FERMATA_UPSTREAM_ERA')) ?? (isProgram ? 'modern' : undefined);
  if (/^https?:/.test(name) && URL.canParse(name)) {
    if (kind !== undefined && isProgram)
      throw invalid(kind, 'for a function that runs a program, and the upstream is a URL: leave it out', 'server');
    return { kind: 'url', url: name, headers, era };
  }
  if (!FUNCTION.test(name)) {
    const given = { text: name, from: 'FERMATA_UPSTREAM' };
    throw invalid(given, 'neither a function nor the URL of an MCP endpoint', EXAMPLES.FERMATA_UPSTREAM);
  }
  const path = variable(env, 'FERMATA_UPSTREAM_PATH');
  if (path !== undefined && !/^\/[\x21-\x7e]*$/.test(path.text)) throw invalid(path, 'no path', '/mcp');
  return {
    kind: 'function',
    name,
    path: path?.text ?? '/mcp',
    mode: choice(variable(env, 'FERMATA_UPSTREAM_MODE'), MODES, 'auto'),
    tenant: tenancyIn(env),
    isProgram,
    headers,
    era,
  };
}
