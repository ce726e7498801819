/**
 * Matching by place: an open question takes the first recorded answer of its method that is still unused.
 *
 * This is for questions whose text differs from run to run. It is a guess, so it comes last, and only for a question that
 * asks for the same thing in other words (the same form, the same settings of the model). An entry found so once is marked as varying, and found faster from then on.
 */
import type { Outcome } from '../protocol/messages.ts';
import type { Entry } from './journal.ts';
import type { OpenQuestion, Run } from './run.ts';

interface Placed {
  readonly open: OpenQuestion;
  readonly entry: Entry;
  readonly outcome: Outcome;
}

export interface Absorbed {
  readonly placed: readonly Placed[];
  /** All entries, with the marks. */
  readonly entries: readonly Entry[];
  /** Open questions that found no place. */
  readonly rest: readonly OpenQuestion[];
}

/** Places the open questions, in the order they were asked: those recorded as varying only, or any. */
export function absorbed(
  run: Pick<Run, 'open' | 'entries'>,
  unused: readonly Entry[],
  which: 'varying' | 'any',
): Absorbed {
  const placed: Placed[] = [];
  const rest: OpenQuestion[] = [];
  let left = unused;
  for (const open of run.open) {
    const entry = left.find(candidate => candidate.method === open.question.method);
    if (
      entry?.answer !== undefined &&
      (which === 'any' || entry.varies === true) &&
      entry.shape === open.question.shape
    ) {
      placed.push({ open, entry, outcome: entry.answer });
      left = left.filter(other => other !== entry);
    } else rest.push(open);
  }
  const varying = new Set(placed.map(({ entry }) => entry.key));
  const entries = run.entries.map(entry => (varying.has(entry.key) ? { ...entry, varies: true as const } : entry));
  return { placed, entries, rest };
}
