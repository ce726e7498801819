/**
 * The journal: what a program asked and was answered within one call, in order, and what its client has been told.
 *
 * It is the whole memory of a suspended call. A plain JSON value, never changed in place; it travels sealed inside
 * `requestState`, so it stays small: a question's parameters are kept only until it is answered. The format is written down
 * in `docs/journal.md` and pinned in `test/journal/pins`: a journal of today must replay for ever.
 */

import type { Outcome } from '../protocol/messages.ts';
import type { InputMethod } from '../protocol/methods.ts';
import type { Fact } from './fact.ts';

/** One question of a program. Without `answer` it is open, and then it has `params`. */
export interface Entry {
  /** Its name in `inputRequests`, unique in the journal. */
  readonly key: string;
  readonly method: InputMethod;
  /** What it asks, or the name its author gave it: equal texts are equal questions. */
  readonly print: string;
  /** What it asks for, without the words. */
  readonly shape: string;
  /** Counts equal questions from 0. */
  readonly nth: number;
  /** Its beginning, for error messages. */
  readonly label: string;
  /** As the client gets to see them. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** How many answers did not fit. */
  readonly misfits?: number;
  /** What the program was told. */
  readonly answer?: Outcome;
  /** The client cannot answer such questions: `answer` is the error that says so. */
  readonly refused?: true;
  /** Its text was another one on a later run, so it is found by its place. */
  readonly varies?: true;
  /** A page the client must visit before the call is made again (`-32042`); the program does not await it. */
  readonly aside?: true;
}

/** Notifications that have reached the client: they are not sent again. */
export interface Told {
  /** How often, by fingerprint. */
  readonly sent: Readonly<Record<string, number>>;
  /** The highest progress. */
  readonly progress?: number;
}

export interface Journal {
  /** The id under which the program sees its request, on every run the same: good for idempotency keys. */
  readonly call: string;
  readonly entries: readonly Entry[];
  readonly told: Told;
  /** What it did and found out besides; absent while there is nothing. */
  readonly facts?: readonly Fact[];
}

export const newJournal = (call: string): Journal => ({ call, entries: [], told: { sent: {} } });

export const isOpen = (entry: Entry): boolean => entry.answer === undefined;

export const openEntries = (journal: Journal): readonly Entry[] => journal.entries.filter(isOpen);
