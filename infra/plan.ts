/**
 * What a stage gets, worked out from the settings: which upstream, which variables, what is kept. Pure: nothing of AWS or SST is
 * in here, so that it is tested like any other code. A setting that cannot be is refused with its name and an example.
 */
import type { ConfigSettings, FermataConfig } from '../bin/config.ts';
import { configText, NO_CONFIG } from '../bin/config.ts';
import { maySleep, sessionSettings } from '../bin/session-settings.ts';

/** Who may enter. There is no `none`: a Function URL is reached by everyone. */
export type Auth =
  | { readonly kind: 'api-key' }
  | {
      readonly kind: 'jwt';
      /** The authorization server, as its tokens name it: `https://login.example.com/`. */
      readonly issuer: string;
      /** What its tokens for this server name as their audience. */
      readonly audience: string;
      /** Scopes that every token needs. */
      readonly scopes?: readonly string[];
      /** Where the issuer's keys are, if its metadata does not say. */
      readonly jwks?: string;
    }
  /** Callers sign with SigV4 and need `lambda:InvokeFunctionUrl` and `lambda:InvokeFunction` on the proxy. */
  | { readonly kind: 'iam' };

export type Tenancy = 'none' | 'principal' | 'session';

export interface Settings {
  /** The server that is made stateful: a program's or function's file, a Lambda function's name or ARN, or a URL. */
  readonly upstream: string;
  /** Execution environments of the upstream's own for each principal or session, if it is a function. Default: none. */
  readonly tenancy?: Tenancy;
  /**
   * What a program that is deployed here keeps in memory: nothing, runs that wait, or also the programs between the calls of a
   * session, which takes `tenancy: 'session'` and is then the default. Else: runs.
   */
  readonly warm?: 'nothing' | 'runs' | 'programs';
  /**
   * Whether a session ends when what its program kept in memory is gone, instead of going on without. Takes `tenancy: 'session'`, and
   * sessions that do not sleep: they end when they are idle. Default: optional.
   */
  readonly programMemory?: 'optional' | 'required';
  /** The path of the MCP endpoint within a function. Default: /mcp. */
  readonly upstreamPath?: string;
  /** Variables of the upstream's own, if it is a file. */
  readonly upstreamVariables?: Readonly<Record<string, string>>;
  /** Files and folders that are put beside the upstream's code, if it is a file: a stdio program, data. */
  readonly upstreamFiles?: readonly string[];
  /** Whether sessions have files of their own, kept in a bucket: for programs that run here. Default: no. */
  readonly workspace?: boolean;
  /** Whether the secret FermataUpstreamHeaders holds headers that go to the upstream with every request. */
  readonly upstreamHeaders?: boolean;
  /** What the upstream speaks: MCP 2026-07-28, or a revision of 2025. Default: it is asked. */
  readonly upstreamEra?: 'modern' | 'legacy';
  /** Whether a function that exists runs a program by a runner of Fermata's: it is told then when sessions end. Default: it is a server. */
  readonly upstreamKind?: 'server' | 'program';
  /** How a function is invoked. Default: streaming where it can. */
  readonly upstreamMode?: 'stream' | 'buffered';
  readonly auth: Auth;
  /** Whether the secret FermataAdminKeys holds keys of administrators, who list and stop sessions under /admin. */
  readonly administrators?: boolean;
  /** Stages whose data outlives `sst remove`, and that refuse to be removed. */
  readonly keptStages: readonly string[];
  /** Default: the region of your AWS profile. */
  readonly region?: string;
  /** A domain in Route 53 that is served by CloudFront. Default: the Function URL alone. */
  readonly domain?: string;
  /** Who is told of alarms. Without an address they can only be seen in the console. */
  readonly alarms?: { readonly email?: string };
  /** How long logs are kept. Default: 1 month. */
  readonly logRetention?: '1 week' | '1 month' | '3 months' | '1 year';
  /** Megabytes, 128 to 10 240. Lambda gives processor time in proportion. Default: 512 each. */
  readonly memory?: { readonly proxy?: number; readonly driver?: number; readonly upstream?: number };
  /** The most executions of the proxy at once: a limit to what a flood can cost. Default: what the account allows. */
  readonly concurrency?: number;
  /** Pages in browsers that may call: `https://app.example.com`. */
  readonly allowOrigins?: readonly string[];
  /** As `fermata serve` has them; times are like 90s, 15m, 8h, 14d. */
  readonly sessions?: {
    readonly idleTimeout?: string;
    readonly maxLifetime?: string;
    readonly idleAction?: 'sleep' | 'end';
    readonly retryLost?: 'never' | 'idempotent' | 'always';
    readonly hold?: string;
  };
  /**
   * The gates before the server's tools, and what sessions may have: what `fermata.config.ts` exports on one machine. A webhook
   * in it needs the secret FermataWebhookSecret.
   */
  readonly config?: FermataConfig;
}

export type Upstream =
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'arn'; readonly arn: string }
  | { readonly kind: 'url'; readonly url: string };

export interface Plan {
  readonly upstream: Upstream;
  readonly upstreamFiles: readonly string[];
  readonly workspace: boolean;
  readonly tenancy: Tenancy;
  readonly upstreamHeaders: boolean;
  readonly auth: Auth['kind'];
  readonly administrators: boolean;
  readonly domain: string | undefined;
  readonly email: string | undefined;
  readonly logRetention: NonNullable<Settings['logRetention']>;
  readonly memory: { readonly proxy: number; readonly driver: number; readonly upstream: number };
  readonly concurrency: number | undefined;
  /** The configuration as JSON, and whether it names a webhook. */
  readonly config: string | undefined;
  readonly webhook: boolean;
  /** What functions are told, apart from secrets and from names that are known only after deployment. */
  readonly variables: {
    /** Who may enter: the proxy's business alone. */
    readonly front: Variables;
    readonly proxyAndDriver: Variables;
    /** A program of ours, that is one which `functions/deployment/program.ts` runs. */
    readonly program: Variables;
    readonly upstream: Variables;
  };
}

type Variables = Readonly<Record<string, string>>;

/** Its name beside the code of a function. */
export const CONFIG_FILE = 'fermata.config.json';
const MEMORY_MB_DEFAULT = 512;
const MEMORY_MB_MIN = 128;
const MEMORY_MB_MAX = 10_240;
const ARN = /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9_$-]+)?$/;
const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const FILE = /^\.{0,2}\/?[^:]*\.(ts|mts|js|mjs)$/;

/** What happens to a stage's resources when it is removed, and whether it may be. */
export function keeping({ keptStages }: Settings, stage: string) {
  const isKept = keptStages.includes(stage);
  return { removal: isKept ? 'retain' : 'remove', protect: isKept } as const;
}

export function plan(settings: Settings): Plan {
  const upstream = upstreamOf(settings.upstream);
  const tenancy = settings.tenancy ?? 'none';
  if (tenancy !== 'none' && upstream.kind === 'url')
    throw new Error(
      'The setting "tenancy" is for functions: an upstream at a URL has no execution environments. Leave it out.',
    );
  if (settings.warm === 'programs' && tenancy !== 'session')
    throw new Error(
      'The setting "warm" is "programs", which takes an environment for each session. Leave it out, or set "tenancy" to \'session\'.',
    );
  checkMemory(settings, tenancy, upstream);
  if (settings.warm !== undefined && upstream.kind !== 'file')
    throw new Error(
      'The setting "warm" is for a program that is deployed here, which is a file. Leave it out, or name the file as "upstream".',
    );
  if (settings.upstreamMode !== undefined && upstream.kind === 'url')
    throw new Error(
      'The setting "upstreamMode" is for functions: an upstream at a URL is not invoked but asked over HTTP. Leave it out.',
    );
  if (settings.upstreamKind === 'program' && upstream.kind === 'url')
    throw new Error(
      'The setting "upstreamKind" is "program", which is for functions: an upstream at a URL is told nothing of ends. Leave it out.',
    );
  if (settings.administrators && settings.auth.kind === 'iam')
    throw new Error(
      'The settings "administrators" and "auth: iam" exclude each other: the signature of AWS and the key of an administrator are both sent as Authorization. Leave out the administrators, or use "jwt" or "api-key".',
    );
  if (settings.workspace === true && upstream.kind !== 'file')
    throw new Error(
      'The setting "workspace" is for a program that is deployed here, which is a file. Leave it out, or name the file as "upstream".',
    );
  if (settings.domain !== undefined && settings.auth.kind === 'iam')
    throw new Error(
      'The settings "domain" and "auth: iam" exclude each other: a signature is for the host name of the Function URL. Leave out the domain, or use "jwt".',
    );
  return {
    upstream,
    upstreamFiles: settings.upstreamFiles ?? [],
    workspace: settings.workspace ?? false,
    tenancy,
    upstreamHeaders: settings.upstreamHeaders ?? false,
    auth: settings.auth.kind,
    administrators: settings.administrators ?? false,
    domain: settings.domain,
    email: settings.alarms?.email,
    logRetention: settings.logRetention ?? '1 month',
    memory: {
      proxy: megabytes(settings, 'proxy'),
      driver: megabytes(settings, 'driver'),
      upstream: megabytes(settings, 'upstream'),
    },
    concurrency: settings.concurrency,
    config: configOf(settings.config),
    webhook: settings.config?.gates?.webhook !== undefined,
    variables: variablesOf(settings, tenancy),
  };
}

function checkMemory(
  { programMemory, upstreamKind, warm, ...settings }: Settings,
  tenancy: Tenancy,
  upstream: Upstream,
) {
  if (programMemory !== 'required') return;
  const refuse = (why: string): never => {
    throw new Error(`The setting "programMemory" is "required", ${why}`);
  };
  if (upstream.kind !== 'file' && upstreamKind !== 'program')
    refuse('which is for programs. Leave it out, or name the file of one as "upstream".');
  if (tenancy !== 'session') refuse('which takes an environment for each session. Set "tenancy" to \'session\'.');
  if (warm !== undefined && warm !== 'programs') refuse('which takes programs that stay in memory. Leave out "warm".');
  const action = settings.sessions?.idleAction;
  const given = action === undefined ? undefined : { text: action, from: 'sessions.idleAction' };
  const { sessions } = settings.config === undefined ? NO_CONFIG : configIn(settings.config);
  if (maySleep(sessionSettings(option => (option === 'idle-action' ? given : undefined), sessions, 'end')))
    refuse('and a session that sleeps has lost it. Leave out the idle action "sleep", in "sessions" and in "config".');
}

function upstreamOf(text: string): Upstream {
  if (/^https:\/\//.test(text) && URL.canParse(text)) return { kind: 'url', url: new URL(text).href };
  if (ARN.test(text)) return { kind: 'arn', arn: text };
  if (FILE.test(text)) return { kind: 'file', file: text.replace(/^\.\//, '') };
  if (NAME.test(text)) return { kind: 'function', name: text };
  throw new Error(
    `The setting "upstream" is "${text}", which is no file of a program ('./server.ts'), no name or ARN of a Lambda function ('my-mcp-server') and no https URL ('https://mcp.example.com/mcp').`,
  );
}

/** As JSON, if it can be used; each problem is told by its path. */
function configOf(config: FermataConfig | undefined): string | undefined {
  if (config === undefined) return undefined;
  sessionSettings(() => undefined, configIn(config).sessions);
  return jsonOf(config);
}

const jsonOf = (config: FermataConfig): string => JSON.stringify(config, undefined, 2);

const configIn = (config: FermataConfig): ConfigSettings => configText(jsonOf(config), 'The setting "config", as JSON');

function megabytes({ memory = {} }: Settings, part: keyof NonNullable<Settings['memory']>): number {
  const value = memory[part] ?? MEMORY_MB_DEFAULT;
  if (Number.isInteger(value) && value >= MEMORY_MB_MIN && value <= MEMORY_MB_MAX) return value;
  throw new Error(
    `The setting "memory.${part}" is ${value}; it takes whole megabytes from ${MEMORY_MB_MIN} to ${MEMORY_MB_MAX}, such as ${MEMORY_MB_DEFAULT}.`,
  );
}

function variablesOf(settings: Settings, tenancy: Tenancy): Plan['variables'] {
  const FERMATA_PROGRAM_MEMORY = settings.programMemory;
  const {
    auth,
    config,
    sessions = {},
    allowOrigins = [],
    upstreamPath,
    upstreamMode,
    upstreamEra,
    upstreamKind,
    upstreamVariables = {},
  } = settings;
  return {
    front: given({
      FERMATA_AUTH: auth.kind,
      ...(auth.kind === 'jwt' ? jwtVariables(auth) : {}),
      FERMATA_ALLOW_ORIGIN: allowOrigins.join(',') || undefined,
    }),
    proxyAndDriver: given({
      FERMATA_PROGRAM_MEMORY,
      FERMATA_TENANCY: tenancy === 'none' ? undefined : tenancy,
      FERMATA_UPSTREAM_PATH: upstreamPath,
      FERMATA_UPSTREAM_MODE: upstreamMode,
      FERMATA_UPSTREAM_ERA: upstreamEra,
      FERMATA_UPSTREAM_KIND: upstreamKind,
      FERMATA_IDLE_TIMEOUT: sessions.idleTimeout,
      FERMATA_MAX_LIFETIME: sessions.maxLifetime,
      FERMATA_IDLE_ACTION: sessions.idleAction,
      FERMATA_RETRY_LOST: sessions.retryLost,
      FERMATA_HOLD: sessions.hold,
      FERMATA_CONFIG: config && CONFIG_FILE,
    }),
    program: given({
      FERMATA_PROGRAM_MEMORY,
      FERMATA_TENANCY: tenancy === 'none' ? undefined : tenancy,
      FERMATA_WARM: settings.warm,
      FERMATA_IDLE_TIMEOUT: sessions.idleTimeout,
      // A program does not read the configuration. How long its sessions are awake, the proxy says with each call.
      FERMATA_RETRY_LOST: sessions.retryLost ?? config?.sessions?.retryLost,
      // A command sees of the function's variables what is said to be its own.
      FERMATA_ENV: ownNames(upstreamVariables).join(' ') || undefined,
    }),
    upstream: upstreamVariables,
  };
}

const ownNames = (variables: Variables): readonly string[] =>
  variables.FERMATA_COMMAND === undefined ? [] : Object.keys(variables).filter(name => !name.startsWith('FERMATA_'));

function given(variables: Readonly<Record<string, string | undefined>>): Variables {
  const some: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) if (value !== undefined) some[name] = value;
  return some;
}

const jwtVariables = ({ issuer, audience, scopes = [], jwks }: Extract<Auth, { kind: 'jwt' }>) => ({
  FERMATA_JWT_ISSUER: issuer,
  FERMATA_JWT_AUDIENCE: audience,
  FERMATA_JWT_SCOPES: scopes.join(' ') || undefined,
  FERMATA_JWT_JWKS: jwks,
});
