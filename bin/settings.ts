/**
 * The settings of `fermata serve`, from its arguments and the environment: an argument wins over a variable, a variable over
 * the configuration file, that over the default, and an empty variable counts as none.
 *
 * Pure. Every refusal is a `setting_invalid` that names the argument or variable it came from and shows a right one.
 */
import { resolve } from 'node:path';
import type { GateSettings } from '../core/gates/config.ts';
import type { Era } from '../core/upstream/era.ts';
import type { Arguments, OptionRow } from './arguments.ts';
import { optionsOf } from './arguments.ts';
import type { AuthMode, AuthSettings } from './auth-settings.ts';
import { authSettings } from './auth-settings.ts';
import { SERVE } from './commands.ts';
import { NO_CONFIG } from './config.ts';
import type { Given, Variables } from './given.ts';
import { invalid } from './given.ts';
import type { MemorySettings } from './memory-settings.ts';
import { memorySettings, programMemory } from './memory-settings.ts';
import { Misuse } from './misuse.ts';
import type { ProgramSettings } from './program-settings.ts';
import { namesIn, usersGiven, variablesGiven } from './program-settings.ts';
import type { SessionSettings } from './session-settings.ts';
import { sessionSettings } from './session-settings.ts';
import { upstreamEra } from './upstream-era.ts';
import { upstreamHeaders } from './upstream-headers.ts';

/** What is made stateful. */
export type Served =
  | { readonly kind: 'example' }
  | { readonly kind: 'module'; readonly path: string }
  | { readonly kind: 'command'; readonly command: string; readonly args: readonly string[] }
  /** `headers` are secrets. */
  | {
      readonly kind: 'upstream';
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      /** `undefined`: it is asked. */
      readonly era: Era | undefined;
    };

const AUTH_MODES = ['none', 'api-key', 'jwt'] as const satisfies readonly AuthMode[];

export interface ServeSettings extends SessionSettings, MemorySettings, ProgramSettings {
  readonly served: Served;
  readonly port: number;
  readonly host: string;
  /** The folder of the store, absolute; `undefined` keeps everything in memory. */
  readonly data: string | undefined;
  readonly allowHosts: readonly string[];
  readonly allowOrigins: readonly string[];
  readonly auth: AuthSettings;
  /** The value of FERMATA_KEYS: what seals the state that travels through clients. */
  readonly stateKeys: string | undefined;
  /** The lines of `fermata key` for administrators; without them there is no admin API. */
  readonly adminKeys: string | undefined;
  /** What stands before the server's tools. */
  readonly gates: GateSettings;
  /** The value of FERMATA_WEBHOOK_SECRET, by which a webhook knows us. */
  readonly webhookSecret: string | undefined;
  readonly json: boolean;
  readonly debug: boolean;
}

/** The configuration file that was named, or its text. */
export const configOption = (given: Arguments, env: Variables): Given | undefined =>
  valueFrom(rowOf('config'), given, env);

/** `config` is what the configuration file says. */
export function serveSettings(given: Arguments, env: Variables, folder: string, config = NO_CONFIG): ServeSettings {
  const lookUp = (name: string): Given | undefined => valueFrom(rowOf(name), given, env);
  const isOn = (name: string): boolean => isSwitchedOn(rowOf(name), given, env);
  const workspace = isOn('workspace');
  const need = programMemory(lookUp('program-memory'));
  const sessions = sessionSettings(lookUp, config.sessions, need === 'required' ? 'end' : 'sleep');
  const notRepeatableTools = list(rowOf('not-repeatable-tool'), given, env);
  const served = servedBy(given, env, folder, workspace);
  if (need === 'required' && served.kind === 'upstream')
    throw new Misuse('--program-memory is about a program that Fermata runs, and --upstream is run elsewhere.');
  return {
    served,
    workspace,
    ...variablesGiven(given.values.env ?? namesIn(env), given.values.env === undefined ? 'FERMATA_ENV' : '--env'),
    users: usersGiven(lookUp('users'), workspace),
    allowCommands: commandsAllowed(isOn('allow-commands'), workspace, env),
    port: port(lookUp('port')),
    host: lookUp('host')?.text ?? '127.0.0.1',
    data: dataFolder(given, lookUp('data'), isOn('memory'), folder),
    ...sessions,
    allowHosts: list(rowOf('allow-host'), given, env),
    allowOrigins: list(rowOf('allow-origin'), given, env),
    auth: authSettings(env, lookUp('auth'), AUTH_MODES),
    stateKeys: env.FERMATA_KEYS || undefined,
    adminKeys: env.FERMATA_ADMIN_KEYS?.trim() || undefined,
    gates: config.gates,
    webhookSecret: env.FERMATA_WEBHOOK_SECRET?.trim() || undefined,
    ...memorySettings(
      { warm: lookUp('warm'), repeatable: !isOn('not-repeatable'), notRepeatableTools, programMemory: need },
      sessions,
    ),
    json: isOn('json'),
    debug: isOn('debug'),
  };
}

/** Never by a variable: what is dangerous is said where everybody sees it. */
function commandsAllowed(isAsked: boolean, workspace: boolean, env: Variables): boolean {
  if (isAsked && (!workspace || !env.FERMATA_ADMIN_KEYS?.trim()))
    throw new Misuse(
      '--allow-commands needs --workspace, where commands run, and FERMATA_ADMIN_KEYS, for those who may run them.',
    );
  return isAsked;
}

function rowOf(name: string): OptionRow {
  const row = optionsOf(SERVE).find(option => option.name === name);
  if (row === undefined) throw new Error(`There is no option --${name}.`);
  return row;
}

function valueFrom(row: OptionRow, given: Arguments, env: Variables): Given | undefined {
  const argument = given.values[row.name]?.[0];
  if (argument !== undefined) return { text: argument, from: `--${row.name}` };
  const variable = row.env === undefined ? undefined : env[row.env];
  return variable && row.env !== undefined ? { text: variable.trim(), from: row.env } : undefined;
}

function isSwitchedOn(row: OptionRow, given: Arguments, env: Variables): boolean {
  if (given.values[row.name] !== undefined) return true;
  const variable = row.env === undefined ? undefined : env[row.env];
  return variable !== undefined && !['', '0', 'false', 'no'].includes(variable.toLowerCase());
}

const list = (row: OptionRow, given: Arguments, env: Variables): readonly string[] =>
  (given.values[row.name] ?? [env[row.env ?? ''] ?? ''])
    .flatMap(text => text.split(','))
    .map(text => text.trim())
    .filter(text => text !== '');

function servedBy(given: Arguments, env: Variables, folder: string, workspace: boolean): Served {
  const program = given.values.program?.[0];
  const upstream = given.values.upstream?.[0];
  const ways = [program, upstream, given.command].filter(way => way !== undefined);
  if (ways.length > 1) throw new Misuse('Give one of --program, --upstream and -- <command>, not several.');
  const headers = given.values['upstream-header'];
  if (headers !== undefined && upstream === undefined) throw new Misuse('--upstream-header needs --upstream.');
  const era = valueFrom(rowOf('upstream-era'), given, env);
  if (upstream !== undefined && workspace)
    throw new Misuse('--workspace is for programs that run here. Files of a server elsewhere are its own business.');
  if (program !== undefined) return { kind: 'module', path: resolve(folder, program) };
  if (upstream !== undefined)
    return {
      kind: 'upstream',
      url: upstreamUrl(upstream),
      headers: headersFrom(headers, env),
      era: upstreamEra(era),
    };
  if (given.command === undefined) return { kind: 'example' };
  const [command, ...args] = given.command;
  if (command === undefined) {
    const example = 'fermata serve -- npx -y @modelcontextprotocol/server-everything stdio';
    throw new Misuse(`There is no command after --. For example: ${example}`);
  }
  // Whoever writes ./server.mjs means a file that is here, and not in the folder of some session.
  const here = (text: string): string => (workspace && /^\.\.?\//.test(text) ? resolve(folder, text) : text);
  return { kind: 'command', command: here(command), args: args.map(here) };
}

function upstreamUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && (url.username !== '' || url.password !== '')) {
    throw new Misuse(
      '--upstream holds credentials, and URLs are printed. Give them as FERMATA_UPSTREAM_HEADERS instead.',
    );
  }
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.href;
  throw invalid({ text, from: '--upstream' }, 'no URL of an MCP endpoint', 'http://127.0.0.1:3000/mcp');
}

function headersFrom(lines: readonly string[] | undefined, env: Variables): Readonly<Record<string, string>> {
  if (lines !== undefined) return upstreamHeaders(lines, '--upstream-header');
  const text = env.FERMATA_UPSTREAM_HEADERS ?? '';
  return upstreamHeaders(
    text.split('\n').filter(line => line.trim() !== ''),
    'FERMATA_UPSTREAM_HEADERS',
  );
}

function port(given: Given | undefined): number {
  if (given === undefined) return 8787;
  const value = Number(given.text);
  if (/^\d+$/.test(given.text) && value <= 65_535) return value;
  throw invalid(given, 'no port (a number from 0 to 65535)', '8787');
}

function dataFolder(given: Arguments, data: Given | undefined, memory: boolean, folder: string): string | undefined {
  if (memory && given.values.data !== undefined) {
    throw new Misuse('Give either --memory or --data, not both.');
  }
  return memory ? undefined : resolve(folder, data?.text ?? '.fermata');
}
