/**
 * The command line as a table of options, and arguments read by such a table.
 *
 * Reading is pure: arguments in, values or a `setting_invalid` fault out that says what to type instead. What the values
 * mean is for `settings.ts`; how the table looks as text is for `help.ts`.
 */
import { parseArgs } from 'node:util';
import { Misuse } from './misuse.ts';

export interface OptionRow {
  /** Without the dashes. */
  readonly name: string;
  /** What stands for the value in the help. A row without one is a switch. */
  readonly value?: string;
  /** May be given several times. */
  readonly repeats?: true;
  /** The environment variable that says the same. */
  readonly env?: string;
  /** The value without either, as the help shows it. */
  readonly initial?: string;
  readonly help: string;
}

export interface OptionGroup {
  readonly title: string;
  readonly options: readonly OptionRow[];
}

export interface Command {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** Ways to call it, each with what it does. */
  readonly usage: readonly (readonly [call: string, does: string])[];
  readonly groups: readonly OptionGroup[];
  /** A last paragraph. */
  readonly more?: string;
  /** Whether a foreign command may follow after `--`. */
  readonly takesCommand?: true;
  /** The one word it needs besides its options, as the help shows it: `<name>`. */
  readonly operand?: string;
  /** Whether it takes words of its own, and looks at them itself. */
  readonly takesWords?: true;
}

export interface Arguments {
  /** Values by option name, in the order given; a switch that was given has the value `''`. */
  readonly values: Readonly<Record<string, readonly string[]>>;
  /** The word that the command needs besides its options, if it needs one. */
  readonly operand: string | undefined;
  /** The words given besides, where the command takes several. */
  readonly words?: readonly string[];
  /** What follows `--`; `undefined` without it. */
  readonly command: readonly string[] | undefined;
}

const HELP: OptionRow = { name: 'help', help: 'Show this help.' };

export const optionsOf = (command: Command): readonly OptionRow[] => groupsOf(command).flatMap(group => group.options);

/** The groups of a command; what every command has comes last. */
export function groupsOf({ groups }: Command): readonly OptionGroup[] {
  const last = groups[groups.length - 1] ?? { title: 'Options', options: [] };
  return [...groups.slice(0, -1), { ...last, options: [...last.options, HELP] }];
}

/** Reads the arguments of a command. Throws `setting_invalid` at the first that it cannot be. */
export function readArguments(command: Command, argv: readonly string[]): Arguments {
  const split = argv.indexOf('--');
  const own = split === -1 ? argv : argv.slice(0, split);
  const foreign = split === -1 ? undefined : argv.slice(split + 1);
  if (foreign !== undefined && !command.takesCommand)
    throw refuse(command, `"fermata ${command.name}" takes nothing after --.`);
  const values: Record<string, readonly string[]> = {};
  let operand: string | undefined;
  const words: string[] = [];
  for (const token of tokensOf(command, own)) {
    if (token.kind === 'positional' && command.takesWords) words.push(token.value);
    else if (token.kind === 'positional') {
      if (command.operand === undefined || operand !== undefined) throw strayWord(command, own.slice(token.index));
      operand = token.value;
    }
    if (token.kind !== 'option') continue;
    const row = optionsOf(command).find(option => option.name === token.name);
    if (row === undefined) throw unknownOption(command, token.rawName);
    values[row.name] = [...(values[row.name] ?? []), readValue(command, row, token)];
  }
  for (const row of optionsOf(command)) {
    if ((values[row.name]?.length ?? 0) > 1 && !row.repeats) throw refuse(command, `--${row.name} was given twice.`);
  }
  if (command.operand !== undefined && operand === undefined && values.help === undefined) {
    throw refuse(command, `"fermata ${command.name}" needs a ${command.operand}.`);
  }
  return { values, operand, command: foreign, ...(command.takesWords ? { words } : {}) };
}

const tokensOf = (command: Command, argv: readonly string[]) =>
  parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries([
      ...optionsOf(command).map(row => [
        row.name,
        {
          type: row.value === undefined ? 'boolean' : 'string',
          ...(row.name === 'help' ? { short: 'h' } : {}),
        } as const,
      ]),
    ]),
  }).tokens;

interface OptionToken {
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function readValue(command: Command, row: OptionRow, token: OptionToken): string {
  if (row.value === undefined) {
    if (token.value === undefined) return '';
    throw refuse(command, `--${row.name} is a switch and takes no value.`);
  }
  const missing = token.value === undefined || (token.inlineValue !== true && token.value.startsWith('-'));
  if (missing || token.value === '') throw refuse(command, `--${row.name} needs a value: --${row.name} ${row.value}.`);
  return token.value ?? '';
}

function strayWord(command: Command, from: readonly string[]): Misuse {
  const hint = command.takesCommand
    ? ` To serve a program of your own, write: fermata ${command.name} -- ${from.join(' ')}`
    : '';
  return refuse(command, `"${from[0]}" was not expected here.${hint}`);
}

function unknownOption(command: Command, given: string): Misuse {
  const close = closestTo(
    given,
    optionsOf(command).map(row => `--${row.name}`),
  );
  return refuse(command, `There is no option ${given}.${close === undefined ? '' : ` Did you mean ${close}?`}`);
}

const refuse = (command: Command, message: string): Misuse =>
  new Misuse(`${message}\nSee: fermata help ${command.name}`);

/** The candidate that looks most like what was typed, if any is close enough to have been meant. */
export function closestTo(typed: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map(candidate => ({ candidate, distance: candidate.startsWith(typed) ? 1 : editDistance(typed, candidate) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(2, typed.length / 3) ? best.candidate : undefined;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
