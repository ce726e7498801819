/**
 * What programs find around them, as it is set: variables, folders, users. Pure; used by each root that starts commands.
 */
import type { Given, Variables } from './given.ts';
import { invalid } from './given.ts';
import { Misuse } from './misuse.ts';

export interface ProgramSettings {
  /** Whether sessions have folders. */
  readonly workspace: boolean;
  /** Names of our variables that a command may see; `*` for all. */
  readonly inherit: readonly string[];
  /** Variables of its own. */
  readonly env: Readonly<Record<string, string>>;
  /** Users of the system that sessions are given. */
  readonly users: readonly number[] | undefined;
  /** Whether administrators may run commands in the folders of sessions. */
  readonly allowCommands: boolean;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** More are of no use: each needs a folder of a session. */
const USERS_MAX = 10_000;

/** Variables for a command: `NAME`, `NAME=value` or `*`. */
export function variablesGiven(texts: readonly string[], from: string): Pick<ProgramSettings, 'inherit' | 'env'> {
  const inherit: string[] = [];
  const env: Record<string, string> = {};
  for (const text of texts) {
    const cut = text.indexOf('=');
    const name = cut === -1 ? text : text.slice(0, cut);
    if (text !== '*' && !NAME.test(name)) throw invalid({ text, from }, 'no name of a variable', 'API_TOKEN');
    if (cut === -1) inherit.push(name);
    else env[name] = text.slice(cut + 1);
  }
  return { inherit, env };
}

/** The names in FERMATA_ENV. Values stand in variables of their own. */
export const namesIn = (env: Variables): readonly string[] =>
  (env.FERMATA_ENV ?? '').split(/[\s,]+/).filter(name => name !== '');

export function usersGiven(given: Given | undefined, workspace: boolean): readonly number[] | undefined {
  if (given === undefined) return undefined;
  if (!workspace) throw new Misuse(`${given.from} needs --workspace: a user is given to a session with its folder.`);
  const [, first, last] = /^(\d+)-(\d+)$/.exec(given.text) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (!(from > 0 && to >= from && to - from < USERS_MAX))
    throw invalid(given, `no range of user ids (${USERS_MAX} at most, and never 0)`, '20000-20999');
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}
