/**
 * Facts: what a program did or found out on its way, besides its questions, so that it does and finds the same when it runs
 * again. A fact is known by its kind, its name and its number among those; its format is part of the journal's
 * (`docs/journal.md`).
 *
 * What makes facts (work, clocks, stores) is unknown here.
 */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';

export type FactKind = 'step' | 'time' | 'read' | 'write';

export interface Fact {
  readonly kind: FactKind;
  /** Of the step, or the key in the session's state; empty for a time. */
  readonly name: string;
  /** Counts facts of this kind and name, from 0. */
  readonly nth: number;
  /** What came of it, as JSON; absent for `undefined`. */
  readonly value?: unknown;
  /** It failed: the program is told so again. */
  readonly failure?: { readonly name: string; readonly message: string };
}

export type FactAddress = Pick<Fact, 'kind' | 'name' | 'nth'>;

export const sameFact = (a: FactAddress, b: FactAddress): boolean =>
  a.kind === b.kind && a.nth === b.nth && a.name === b.name;

/** All that is known from two sides; where both know a fact, the first side's counts. */
export const factsOfBoth = (first: readonly Fact[], second: readonly Fact[]): readonly Fact[] => [
  ...first,
  ...second.filter(fact => !first.some(known => sameFact(known, fact))),
];

/** The facts with one more. Throws `journal_too_large` when there are too many. */
export function withFact(facts: readonly Fact[], fact: Fact): readonly Fact[] {
  if (facts.length < LIMITS.journalFactsMax) return [...facts, fact];
  throw new Fault(
    'journal_too_large',
    `One call may have ${LIMITS.journalFactsMax} steps, times, reads and writes of session state, and this one wants more. ` +
      'Put several into one step; measure time with Date.now().',
  );
}
