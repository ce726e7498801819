/** A value that was given, with where it came from, and how it is refused: with what it is, and what to write instead. */
import { Misuse } from './misuse.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

export interface Given {
  readonly text: string;
  /** The option, with its dashes, or the variable. */
  readonly from: string;
}

/** The variable, if it holds anything. */
export function variable(env: Variables, name: string): Given | undefined {
  const text = env[name]?.trim();
  return text ? { text, from: name } : undefined;
}

export function choice<T extends string>(given: Given | undefined, choices: readonly T[], initial: T): T {
  if (given === undefined) return initial;
  const chosen = choices.find(value => value === given.text);
  if (chosen !== undefined) return chosen;
  throw invalid(given, `none of ${choices.join(', ')}`, initial);
}

export const invalid = (given: Given, what: string, example: string): Misuse =>
  new Misuse(`${given.from} is "${given.text}", which is ${what}. For example: ${written(given.from, example)}`);

/** How a value is given, as people type it. */
export const written = (from: string, value: string): string =>
  from.startsWith('--') ? `${from} ${value}` : `${from}=${value}`;
