/**
 * Every command with its options: the one description that arguments are read by, help is made of, and settings name in
 * their errors. It knows nothing of what the commands do.
 */

import { formatDuration } from '../core/base/duration.ts';
import { LIMITS } from '../core/base/limits.ts';
import { ADMIN_OPTIONS } from './admin-api.ts';
import type { Command, OptionRow } from './arguments.ts';

const range = (from: number, to: number): string => `${formatDuration(from)} to ${formatDuration(to)}`;

export const SERVE: Command = {
  name: 'serve',
  summary: 'Serve an MCP server, made stateful, over Streamable HTTP.',
  usage: [
    ['fermata serve', 'the bundled example, an expense tracker'],
    ['fermata serve --program ./server.ts', 'a module that default-exports a factory of a server'],
    ['fermata serve -- npx -y some-server stdio', 'any stdio server, in any language'],
    ['fermata serve --upstream https://host/mcp', 'any server over HTTP, of 2026-07-28 or of 2025'],
  ],
  takesCommand: true,
  groups: [
    {
      title: 'What to serve',
      options: [
        { name: 'program', value: '<file>', help: 'A module whose default export builds a server of SDK v1 or v2.' },
        { name: 'upstream', value: '<url>', help: 'The endpoint of an MCP server of any revision.' },
        {
          name: 'upstream-header',
          value: '<header>',
          repeats: true,
          env: 'FERMATA_UPSTREAM_HEADERS',
          help: 'A header for it, "Name: value": its credentials. The variable takes one a line.',
        },
        {
          name: 'upstream-era',
          value: '<era>',
          env: 'FERMATA_UPSTREAM_ERA',
          initial: 'auto',
          help: 'auto (ask it), modern (2026-07-28) or legacy (2025).',
        },
      ],
    },
    {
      title: 'Where',
      options: [
        {
          name: 'port',
          value: '<number>',
          env: 'PORT',
          initial: '8787',
          help: 'Port to listen on; 0 takes a free one.',
        },
        {
          name: 'host',
          value: '<address>',
          env: 'HOST',
          initial: '127.0.0.1',
          help: 'Address to bind; any but loopback needs --auth.',
        },
        {
          name: 'data',
          value: '<folder>',
          env: 'FERMATA_DATA',
          initial: '.fermata',
          help: 'Folder of the store and its key.',
        },
        { name: 'memory', help: 'Keep everything in memory: nothing survives a restart.' },
      ],
    },
    {
      title: 'Gates',
      options: [
        {
          name: 'config',
          value: '<file>',
          env: 'FERMATA_CONFIG',
          help: 'The configuration with the gates; fermata.config.ts, .js or .json of this folder unless given.',
        },
      ],
    },
    {
      title: 'Sessions',
      options: [
        {
          name: 'idle-timeout',
          value: '<time>',
          env: 'FERMATA_IDLE_TIMEOUT',
          initial: formatDuration(LIMITS.idleTimeoutMsDefault),
          help: `Idle time after which a session sleeps or ends: ${range(LIMITS.idleTimeoutMsMin, LIMITS.idleTimeoutMsMax)}.`,
        },
        {
          name: 'max-lifetime',
          value: '<time>',
          env: 'FERMATA_MAX_LIFETIME',
          initial: formatDuration(LIMITS.lifetimeMsDefault),
          help: `When a session ends whatever happens: ${range(LIMITS.idleTimeoutMsMin, LIMITS.lifetimeMsMax)}.`,
        },
        {
          name: 'idle-action',
          value: '<action>',
          env: 'FERMATA_IDLE_ACTION',
          initial: 'sleep',
          help: 'What idleness does: sleep (until the next request) or end.',
        },
        {
          name: 'retry-lost',
          value: '<which>',
          env: 'FERMATA_RETRY_LOST',
          initial: 'idempotent',
          help: 'Calls to run again when their process died at work: never, idempotent or always.',
        },
        {
          name: 'not-repeatable',
          env: 'FERMATA_NOT_REPEATABLE',
          help: 'Never begin a call of the program a second time: one that waits goes on in this process or ends with run_lost.',
        },
        {
          name: 'not-repeatable-tool',
          value: '<name>',
          repeats: true,
          env: 'FERMATA_NOT_REPEATABLE_TOOLS',
          help: 'A tool of which the same is true, where it is not true of all.',
        },
        {
          name: 'program-memory',
          value: '<need>',
          env: 'FERMATA_PROGRAM_MEMORY',
          initial: 'optional',
          help: 'required: the program keeps state in memory, and a session ends when that is gone (a restart, a crash, idleness).',
        },
        {
          name: 'warm',
          value: '<what>',
          env: 'FERMATA_WARM',
          initial: 'programs',
          help: 'What stays in memory while a session is awake: nothing, runs (calls that wait go on where they are) or programs (what a program remembers is there for the next call).',
        },
        {
          name: 'hold',
          value: '<time>',
          env: 'FERMATA_HOLD',
          help: `End a connection after this time though its call goes on, and let the client come back: ${range(LIMITS.holdMsMin, LIMITS.holdMsMax)}. For networks that cut long connections.`,
        },
      ],
    },
    {
      title: 'Files and surroundings of the program',
      options: [
        {
          name: 'workspace',
          env: 'FERMATA_WORKSPACES',
          help: 'Give each session a folder of its own that survives restarts. A command is started in it and finds its path in FERMATA_WORKSPACE and for {workspace} in its arguments.',
        },
        {
          name: 'env',
          value: '<name>',
          repeats: true,
          env: 'FERMATA_ENV',
          help: 'A variable that a command may see besides the usual ones: its name, NAME=value, or * for all but those of Fermata. The variable takes names.',
        },
        {
          name: 'users',
          value: '<from-to>',
          env: 'FERMATA_USERS',
          help: 'With --workspace, as root: users of the system that sessions are given, one each, such as 20000-20999.',
        },
        {
          name: 'allow-commands',
          help: 'With --workspace and FERMATA_ADMIN_KEYS: let administrators run any command in the folder of a session. Dangerous: they can then do what this process can.',
        },
      ],
    },
    {
      title: 'Who may come in',
      options: [
        {
          name: 'auth',
          value: '<way>',
          env: 'FERMATA_AUTH',
          help: 'none (loopback only), api-key (FERMATA_API_KEYS) or jwt (FERMATA_JWT_ISSUER and so on); what is set decides.',
        },
        {
          name: 'allow-host',
          value: '<name>',
          repeats: true,
          env: 'FERMATA_ALLOW_HOST',
          help: 'A further value of the Host header to accept.',
        },
        {
          name: 'allow-origin',
          value: '<origin>',
          repeats: true,
          env: 'FERMATA_ALLOW_ORIGIN',
          help: 'A further value of the Origin header to accept.',
        },
      ],
    },
    {
      title: 'Output',
      options: [
        { name: 'json', env: 'FERMATA_JSON', help: 'Log one JSON object a line.' },
        { name: 'debug', help: 'Log everything, and show stacks with errors.' },
      ],
    },
  ],
  more: 'Times are seconds, or like 90s, 15m, 8h, 14d. FERMATA_API_KEYS holds the lines that "fermata key" prints. Access tokens (jwt) need FERMATA_JWT_ISSUER and FERMATA_JWT_AUDIENCE, and take FERMATA_JWT_JWKS and FERMATA_JWT_SCOPES.',
};

export const DEMO: Command = {
  name: 'demo',
  summary: 'A client in the terminal: calls the tools of the example and shows what happens.',
  usage: [
    ['fermata demo', 'use the server that runs here, or start one'],
    ['fermata demo --kill', 'kill the server while it waits for an answer, and watch the call go on'],
    ['fermata demo --auto', 'answer every question by itself'],
  ],
  groups: [
    {
      title: 'Options',
      options: [
        {
          name: 'url',
          value: '<url>',
          initial: 'http://127.0.0.1:8787/mcp',
          help: 'The endpoint to talk to; PORT changes the port.',
        },
        { name: 'key', value: '<key>', env: 'FERMATA_API_KEY', help: 'An API key, if the endpoint asks for one.' },
        { name: 'auto', help: 'Answer every question by itself; needs no terminal.' },
        { name: 'kill', help: 'Start a server of its own and SIGKILL it between a question and its answer.' },
        { name: 'debug', help: 'Show stacks with errors.' },
      ],
    },
  ],
};

export const KEY: Command = {
  name: 'key',
  summary: 'Make an API key, shown once, and the line that lets it in.',
  usage: [
    ['fermata key alice', 'a key for the principal "key:alice"'],
    ['fermata key carol --scope approve', 'one that policies of gates can name by its scope'],
  ],
  operand: '<name>',
  groups: [
    {
      title: 'Options',
      options: [
        { name: 'scope', value: '<scope>', repeats: true, help: 'What the key grants, for policies that name scopes.' },
      ],
    },
  ],
};

export const SESSIONS: Command = {
  name: 'sessions',
  summary: 'List, show and stop the sessions of a server, and run commands in their folders.',
  usage: [
    ['fermata sessions', 'all of them'],
    ['fermata sessions --principal key:alice', 'those of one principal (on AWS always needed)'],
    ['fermata sessions show ID', 'one, with its open calls and the questions that wait'],
    ['fermata sessions stop ID', 'end one at once: its streams, questions and runs'],
    ['fermata sessions run ID -- ls -la', 'run a command in its folder, where the server allows that'],
  ],
  takesWords: true,
  takesCommand: true,
  groups: [
    {
      title: 'Options',
      options: [
        ...ADMIN_OPTIONS,
        { name: 'principal', value: '<id>', help: 'List only the sessions of this principal.' },
        { name: 'reveal', help: 'Show what was asked, which may be confidential.' },
        {
          name: 'timeout',
          value: '<time>',
          initial: formatDuration(LIMITS.commandMsDefault),
          help: `How long a command may take: at most ${formatDuration(LIMITS.commandMsMax)}.`,
        },
        { name: 'json', help: 'Print JSON.' },
        { name: 'debug', help: 'Show stacks with errors.' },
      ],
    },
  ],
  more: 'The server needs FERMATA_ADMIN_KEYS, which holds lines that "fermata key" prints; without it there is no admin API.',
};

export const CHECK: Command = {
  name: 'check',
  summary: 'Run the tools of a program with replay, and say what would go wrong.',
  usage: [
    ['fermata check --program ./server.ts', 'all tools, with arguments that fit'],
    ['fermata check --program ./server.ts --tool pay', 'one tool'],
    ['fermata check -- npx -y some-server stdio', 'any stdio server; its effects cannot be seen'],
  ],
  takesCommand: true,
  groups: [
    {
      title: 'Options',
      options: [
        { name: 'program', value: '<file>', help: 'A module whose default export builds a server of SDK v1 or v2.' },
        { name: 'tool', value: '<name>', repeats: true, help: 'Check this tool only.' },
        { name: 'arguments', value: '<json>', help: 'The arguments of the one tool that is checked, a JSON object.' },
        { name: 'debug', help: 'Show stacks with errors.' },
      ],
    },
  ],
  more: 'The tools really run, and do what they do. Every question is answered with a value that fits. Exits with 1 if anything was found.',
};

export const AUDIT: Command = {
  name: 'audit',
  summary: 'Print what the gates of a server decided: who let which call happen.',
  usage: [
    ['fermata audit', 'the newest first'],
    ['fermata audit --by key:carol --since 7d', 'what one person decided in a week'],
    ['fermata audit --tool write_file --event passed --json', 'an entry a line, for other programs'],
  ],
  groups: [
    {
      title: 'Options',
      options: [
        ...ADMIN_OPTIONS,
        { name: 'principal', value: '<id>', help: 'Only calls of this principal.' },
        { name: 'by', value: '<id>', help: 'Only what this principal decided.' },
        { name: 'tool', value: '<name>', help: 'Only calls of this tool.' },
        { name: 'event', value: '<what>', help: 'Only asked, passed, refused or failed.' },
        { name: 'since', value: '<time>', help: 'Only what is younger: 90s, 15m, 8h, 7d.' },
        { name: 'limit', value: '<number>', initial: '50', help: 'How many entries.' },
        { name: 'json', help: 'Print JSON, an entry a line.' },
        { name: 'debug', help: 'Show stacks with errors.' },
      ],
    },
  ],
  more: 'Arguments are kept as a digest only. Entries are kept for 30 days, unless the configuration says otherwise (gates.audit). The server needs FERMATA_ADMIN_KEYS.',
};

/** Options that mean what they mean for `fermata serve`. */
const asForServe = (...names: readonly string[]): readonly OptionRow[] =>
  SERVE.groups.flatMap(({ options }) => options.filter(({ name }) => names.includes(name)));

export const GATE: Command = {
  name: 'gate',
  summary: 'Explain which gates would ask about a call of a tool, and why.',
  usage: [
    [`fermata gate explain pay --args '{"amount": 5000}'`, 'by the configuration of this folder'],
    ['fermata gate explain write_file -- npx -y some-server', 'for any stdio server'],
  ],
  takesWords: true,
  takesCommand: true,
  groups: [
    {
      title: 'The call',
      options: [
        { name: 'args', value: '<json>', initial: '{}', help: 'Its arguments, a JSON object.' },
        { name: 'principal', value: '<id>', initial: 'anonymous', help: 'Who would make it: key:alice.' },
        { name: 'scope', value: '<scope>', repeats: true, help: 'What their credential would grant.' },
      ],
    },
    {
      title: 'The server and its gates, as for serve',
      options: [
        ...asForServe('config', 'program', 'upstream', 'upstream-header', 'upstream-era'),
        { name: 'debug', help: 'Show stacks with errors.' },
      ],
    },
  ],
  more: 'Nothing is asked and the tool is not called; the server is started to hear which tools it has.',
};

export const COMMANDS: readonly Command[] = [SERVE, DEMO, KEY, CHECK, GATE, SESSIONS, AUDIT];
