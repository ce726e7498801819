#!/usr/bin/env node
/**
 * The command line: finds the command, reads its arguments, runs it, and turns what it throws into one message and an exit
 * code: 0 fine, 1 it could not be done, 2 it was asked wrongly. Commands are loaded when they run, so that help is quick.
 */
import { Fault } from '../core/base/errors.ts';
import type { Arguments, Command } from './arguments.ts';
import { closestTo, readArguments } from './arguments.ts';
import { COMMANDS } from './commands.ts';
import type { Variables } from './given.ts';
import { helpOf, overview } from './help.ts';
import { Misuse } from './misuse.ts';
import { paintFor } from './paint.ts';
import { packageVersion } from './version.ts';

type Run = (given: Arguments, env: Variables) => Promise<number>;

const RUNS: Readonly<Record<string, () => Promise<Run>>> = {
  serve: async () => (await import('./serve.ts')).serve,
  demo: async () => (await import('./demo.ts')).demo,
  key: async () => (await import('./key.ts')).key,
  check: async () => (await import('./check.ts')).check,
  gate: async () => (await import('./gate.ts')).gate,
  audit: async () => (await import('./audit.ts')).audit,
  sessions: async () => (await import('./sessions.ts')).sessions,
};

const COULD_NOT = 1;
const ASKED_WRONGLY = 2;

async function main(argv: readonly string[]): Promise<number> {
  const [word, ...rest] = argv;
  if (word === undefined || word === '--help' || word === '-h')
    return say(overview(COMMANDS, paintFor(process.stdout)));
  if (word === '--version' || word === '-v') return say(`${packageVersion()}\n`);
  if (word === 'help') return help(rest[0]);
  const command = COMMANDS.find(({ name }) => name === word);
  const run = RUNS[word];
  if (command === undefined || run === undefined) return unknownCommand(word);
  const given = readArguments(command, rest);
  if (given.values.help !== undefined) return say(helpOf(command, paintFor(process.stdout)));
  return (await run())(given, process.env);
}

function help(word: string | undefined): number {
  const command: Command | undefined = COMMANDS.find(({ name }) => name === word);
  if (command !== undefined) return say(helpOf(command, paintFor(process.stdout)));
  return word === undefined ? say(overview(COMMANDS, paintFor(process.stdout))) : unknownCommand(word);
}

function unknownCommand(word: string): never {
  const close = closestTo(word, Object.keys(RUNS));
  const guess = close === undefined ? '' : ` Did you mean "fermata ${close}"?`;
  throw new Misuse(`There is no command "${word}".${guess}\nSee: fermata --help`);
}

function say(text: string): number {
  process.stdout.write(text);
  return 0;
}

/** One message for a person. Stacks are for whoever asks for them. */
function report(thrown: unknown, debug: boolean): number {
  const paint = paintFor(process.stderr);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const detail = thrown instanceof Fault ? (thrown.detail ?? '') : '';
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : '';
  const rest = debug ? `${stack}\n${detail}`.trim() : newIn(detail, message);
  const more = rest === '' ? '' : `\n${paint('dim', rest)}`;
  const hint = thrown instanceof Fault || debug ? '' : '\nRun it again with --debug to see where this came from.';
  process.stderr.write(`${paint('red', 'fermata:')} ${message}${more}${hint}\n`);
  return thrown instanceof Misuse ? ASKED_WRONGLY : COULD_NOT;
}

/** The lines of a detail that the message has not said yet, without stack frames. */
const newIn = (detail: string, message: string): string =>
  [...new Set(detail.split('\n'))]
    .filter(line => !/^\s+at /.test(line) && !message.includes(line.replace(/^\w*Error: /, '').trim()))
    .join('\n')
    .trim();

/** Whoever reads what we print may leave at any time (`fermata --help | head`, a log whose collector died): that is no error of ours. */
for (const output of [process.stdout, process.stderr]) output.on('error', () => {});

const argv = process.argv.slice(2);
process.exitCode = await main(argv).catch(thrown => report(thrown, argv.includes('--debug')));
