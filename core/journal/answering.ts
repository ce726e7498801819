/**
 * Taking a client's answers into the journal, before the program runs.
 *
 * 2026-07-28, "Multi round-trip requests": unknown keys are ignored, missing ones are asked for again, and an answer that
 * does not fit is asked for again as well, a bounded number of times. As long as something is open the program need not
 * run: what it would ask is already known.
 */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { isObject } from '../protocol/messages.ts';
import { misfitOf } from './fit.ts';
import type { Entry, Journal } from './journal.ts';
import { isOpen } from './journal.ts';
import { described } from './question.ts';

/** Answers by key: objects, but not yet known to fit anything. */
export type Offers = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The `inputResponses` of a request; throws `invalid_params` for what has not even their shape. */
export function offersOf(inputResponses: unknown): Offers {
  if (inputResponses === undefined) return {};
  if (isObject(inputResponses) && isOffers(inputResponses)) return inputResponses;
  throw new Fault('invalid_params', '"inputResponses" must be an object that maps each key to the answer, an object.');
}

const isOffers = (value: Record<string, unknown>): value is Record<string, Record<string, unknown>> =>
  Object.values(value).every(isObject);

export const offered = (offers: Offers, key: string): Offers[string] | undefined =>
  Object.hasOwn(offers, key) ? offers[key] : undefined;

/** The journal with every offer taken that belongs to an open question and fits it. */
export const answered = (journal: Journal, offers: Offers): Journal => ({
  ...journal,
  entries: journal.entries.map(entry => (isOpen(entry) ? taking(entry, offered(offers, entry.key)) : entry)),
});

function taking(entry: Entry, offer: Offers[string] | undefined): Entry {
  if (offer === undefined) return entry;
  const misfit = misfitOf({ method: entry.method, params: entry.params ?? {} }, offer);
  if (misfit !== undefined) return misfitting(entry, misfit);
  const { params: _, misfits: __, ...rest } = entry;
  return { ...rest, answer: { result: offer } };
}

/** The entry with one more answer that did not fit; throws `answer_invalid` when there were too many. */
export function misfitting(entry: Entry, misfit: string): Entry {
  const misfits = (entry.misfits ?? 0) + 1;
  if (misfits <= LIMITS.answerAttemptsMax) return { ...entry, misfits };
  throw new Fault(
    'answer_invalid',
    `The answer to "${entry.key}" (${described(entry)}) did not fit for the ${misfits}th time: ${misfit} Make the call again to start over.`,
    { data: { key: entry.key, problem: misfit } },
  );
}
