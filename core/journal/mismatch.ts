/**
 * The errors for a program that does not repeat itself. They are for its author, so they say what was recorded, what was
 * attempted, what usually causes it and what helps.
 */
import { Fault } from '../base/errors.ts';
import { META } from '../protocol/envelope.ts';
import { canonicalJson } from '../protocol/json.ts';
import type { Entry } from './journal.ts';
import type { Question } from './question.ts';
import { described, labelOf } from './question.ts';

const REMEDY =
  'Code before a question must do the same on every run: no branching on clocks, random values or state that changes. ' +
  `A question can be given a fixed name with _meta["${META.inputKey}"].`;

const recordedAs = (entry: Entry, entries: readonly Entry[]): string =>
  `recorded earlier: question ${entries.indexOf(entry) + 1}, ${described(entry)}`;

/** Another question stands where a recorded one is expected. */
export function divergence(missing: Entry, attempted: Question, entries: readonly Entry[]): Fault {
  const attempt = described({ method: attempted.method, label: labelOf(attempted) });
  return new Fault(
    'journal_mismatch',
    `The program asked something else than on its earlier run. ${recordedAs(missing, entries)}; attempted now: ${attempt}. ${REMEDY}`,
    {
      data: { recorded: missing.key, recordedMethod: missing.method, attemptedMethod: attempted.method },
      detail: differenceOf(missing, attempted),
    },
  );
}

/** What differed, for the author's log: both texts, and where to look. */
const differenceOf = (missing: Entry, attempted: Question): string =>
  [
    `recorded:  ${described(missing)}`,
    `attempted: ${attempted.method} ${canonicalJson(attempted.params)}`,
    missing.method !== attempted.method
      ? 'The methods differ: the handler took another branch.'
      : missing.shape === attempted.shape
        ? 'The same form or settings with other words.'
        : 'Another form or other settings.',
  ].join('\n');

/** The program ended without asking what it had asked before. */
export function omission(missing: Entry, entries: readonly Entry[]): Fault {
  return new Fault(
    'journal_mismatch',
    `The program ended without a question it had asked on its earlier run. ${recordedAs(missing, entries)}; attempted now: the result. ${REMEDY}`,
    { data: { recorded: missing.key, recordedMethod: missing.method } },
  );
}
