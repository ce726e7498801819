/**
 * The run machine: one execution of a program for one round, `replaying → live → completed | suspended | failed`.
 *
 * Rules of this file: everything that decides about a question is here; a step is a table cell, and an absent cell means that
 * the event says nothing in that phase (`step` returns `undefined` and nothing changed); what must be done is returned as
 * data. Ended phases have no cells: late output of a program is nobody's business. Only a suspended run may go on, if it is
 * still there. It does not know how a program is
 * started or spoken to, and not what time it is: that a program is quiet (`rested`), and has been for long (`waited`), are
 * events.
 *
 * Matching: by content and occurrence first. A question without a match stays open, and the run waits for the questions
 * still missing, since programs that ask in parallel may ask in another order. Only then are open questions matched by
 * their place within the method, which is how one with a time stamp in its text finds its answer.
 */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Outcome, RequestId } from '../protocol/messages.ts';
import type { Offers } from './answering.ts';
import { misfitting, offered } from './answering.ts';
import { misfitOf } from './fit.ts';
import type { Entry } from './journal.ts';
import { divergence, omission } from './mismatch.ts';
import { absorbed } from './place.ts';
import type { Question } from './question.ts';
import { freeKey, labelOf } from './question.ts';

export type RunPhase = 'replaying' | 'live' | 'completed' | 'suspended' | 'failed';

/** A question that waits, under the id of the program's request. */
export interface OpenQuestion {
  readonly id: RequestId;
  readonly question: Question;
  readonly nth: number;
  /** An offered answer did not fit that many times. */
  readonly misfits?: number;
}

export interface Run {
  readonly phase: RunPhase;
  /** The journal's entries, then this run's new ones. All are answered until the run is suspended. */
  readonly entries: readonly Entry[];
  /** Which entries the program has come by in this run. */
  readonly used: ReadonlySet<string>;
  /** How often each question was asked in this run. */
  readonly asked: ReadonlyMap<string, number>;
  readonly open: readonly OpenQuestion[];
  /** Answers that came without a journal. */
  readonly offers: Offers;
  /** Recorded questions are missing, and are not waited for any more. */
  readonly isImpatient?: true;
  readonly outcome?: Outcome;
  readonly fault?: Fault;
}

export interface RunEvents {
  /** The program asks. `known` is an answer that needs no client; `refused` tells that it is an error of ours. */
  asked: { readonly id: RequestId; readonly question: Question; readonly known?: Outcome; readonly refused?: true };
  /** The program takes a question back. */
  withdrawn: { readonly id: RequestId };
  /** The program does nothing but wait. */
  rested: object;
  /** It has done so for as long as we wait for questions that are missing. */
  waited: object;
  /** The answers have come while it was parked: every entry has one. */
  resumed: { readonly entries: readonly Entry[] };
  responded: { readonly outcome: Outcome };
  broke: { readonly fault: Fault };
}

export type RunEventType = keyof RunEvents;
export type RunEvent = { [T in RunEventType]: { readonly type: T } & RunEvents[T] }[RunEventType];

/**
 * Event-triggered transitions. State-triggered rules come after them: *`replaying` with every recorded answer used, or not
 * waited for any more, is `live`*, and *a run with a fault is `failed`*.
 */
export const RUN_TABLE: Readonly<Record<RunPhase, Partial<Record<RunEventType, RunPhase>>>> = {
  replaying: {
    asked: 'replaying',
    withdrawn: 'replaying',
    rested: 'replaying',
    waited: 'replaying',
    responded: 'completed',
    broke: 'failed',
  },
  live: { asked: 'live', withdrawn: 'live', rested: 'suspended', responded: 'completed', broke: 'failed' },
  completed: {},
  suspended: { resumed: 'live' },
  failed: {},
};

export type RunEffect =
  /** Answer the program's question. */
  | { readonly type: 'reply'; readonly id: RequestId; readonly outcome: Outcome; readonly entry: Entry }
  /** Wait for the questions that are missing, then step with `waited`. */
  | { readonly type: 'wait' };

export interface RunStep {
  readonly value: Run;
  readonly effects: readonly RunEffect[];
}

/** A run about to begin. Every entry is answered: a round does not run before. */
export const begun = (entries: readonly Entry[], offers: Offers): Run =>
  settledPhase({ phase: 'replaying', entries, used: new Set(), asked: new Map(), open: [], offers });

/** One transition; `undefined` where the table has no cell or the event does not apply, and then nothing changed. */
export function step(run: Run, event: RunEvent): RunStep | undefined {
  const to = RUN_TABLE[run.phase][event.type];
  if (to === undefined) return undefined;
  const folded = fold(run, event);
  if (folded === undefined) return undefined;
  return { value: settledPhase({ ...folded.value, phase: to }), effects: folded.effects };
}

function settledPhase(run: Run): Run {
  if (run.fault !== undefined) return { ...run, phase: 'failed' };
  const isOver = run.phase === 'replaying' && (run.isImpatient === true || unused(run).length === 0);
  return isOver ? { ...run, phase: 'live' } : run;
}

/** Recorded answers the program has not come by. Asking for roots changes nothing and often depends on clocks: it may be left out. */
export const unused = (run: Pick<Run, 'entries' | 'used'>): readonly Entry[] =>
  run.entries.filter(entry => entry.method !== 'roots/list' && entry.aside !== true && !run.used.has(entry.key));

function fold(run: Run, event: RunEvent): RunStep | undefined {
  switch (event.type) {
    case 'asked':
      return asking(run, event);
    case 'withdrawn':
      return withdrawing(run, event.id);
    case 'rested':
      return run.open.length === 0 ? undefined : resting(run);
    case 'waited':
      return run.open.length === 0 ? undefined : placing(run, 'any');
    case 'resumed':
      return resuming(run, event.entries);
    case 'responded':
      return { value: responding(run, event.outcome), effects: [] };
    case 'broke':
      return { value: { ...run, fault: event.fault }, effects: [] };
  }
}

function asking(run: Run, event: RunEvents['asked']): RunStep {
  const { question } = event;
  const nth = run.asked.get(question.print) ?? 0;
  const counted = { ...run, asked: new Map(run.asked).set(question.print, nth + 1) };
  const recorded = run.entries.find(
    entry => entry.print === question.print && entry.nth === nth && !run.used.has(entry.key),
  );
  const open: OpenQuestion = { id: event.id, question, nth };
  if (recorded?.answer !== undefined) return replying(counted, event.id, recorded);
  if (run.entries.length >= LIMITS.journalEntriesMax) return { value: { ...run, fault: tooMany() }, effects: [] };
  if (event.known !== undefined) {
    const entry = {
      ...entryOf(open, run.entries),
      answer: event.known,
      ...(event.refused && { refused: true as const }),
    };
    return replying({ ...counted, entries: [...run.entries, entry] }, event.id, entry);
  }
  return offering(counted, open);
}

/** An offered answer is taken if it fits; else the question is open. */
function offering(run: Run, open: OpenQuestion): RunStep {
  const entry = entryOf(open, run.entries);
  const offer = offered(run.offers, entry.key);
  if (offer === undefined) return { value: { ...run, open: [...run.open, open] }, effects: [] };
  const misfit = misfitOf(open.question, offer);
  if (misfit !== undefined) {
    const misfits = misfitting(entry, misfit).misfits ?? 1;
    return { value: { ...run, open: [...run.open, { ...open, misfits }] }, effects: [] };
  }
  const taken = { ...entry, answer: { result: offer } };
  return replying({ ...run, entries: [...run.entries, taken] }, open.id, taken);
}

function replying(run: Run, id: RequestId, entry: Entry): RunStep {
  const value = { ...run, used: new Set(run.used).add(entry.key) };
  return { value, effects: entry.answer === undefined ? [] : [{ type: 'reply', id, outcome: entry.answer, entry }] };
}

/** The entry a question becomes, under a key of its own. */
const entryOf = ({ question, nth }: OpenQuestion, entries: readonly Entry[]): Entry => ({
  key: freeKey(question.stem, entries),
  method: question.method,
  print: question.print,
  shape: question.shape,
  nth,
  label: labelOf(question),
});

function withdrawing(run: Run, id: RequestId): RunStep | undefined {
  const withdrawn = run.open.find(open => open.id === id);
  if (withdrawn === undefined) return undefined;
  const { print } = withdrawn.question;
  const asked = new Map(run.asked).set(print, (run.asked.get(print) ?? 1) - 1);
  return { value: { ...run, asked, open: run.open.filter(open => open !== withdrawn) }, effects: [] };
}

/** Quiet with something open: in a live run that is the end; in a replay, questions that were asked before are missing. */
function resting(run: Run): RunStep {
  if (run.phase === 'live') return { value: recording(run), effects: [] };
  const placed = placing(run, 'varying');
  return placed.effects.length > 0 ? placed : { value: run, effects: [{ type: 'wait' }] };
}

/** The open questions become entries, as many as one round may have; the rest will be asked again by the next run. */
function recording(run: Run): Run {
  let entries = run.entries;
  for (const open of run.open.slice(0, LIMITS.questionsPerRoundMax)) {
    const { misfits } = open;
    const entry = { ...entryOf(open, entries), params: open.question.params };
    entries = [...entries, misfits === undefined ? entry : { ...entry, misfits }];
  }
  return { ...run, entries };
}

/**
 * Matches by place. One left over with an answer before it, when every place counts, does not repeat the record. Roots are no
 * such question: a program may want them at any time, so they are asked for, and what is missing may still come.
 */
function placing(run: Run, which: 'varying' | 'any'): RunStep {
  const { placed, entries, rest } = absorbed(run, unused(run), which);
  const used = new Set(run.used);
  for (const { entry } of placed) used.add(entry.key);
  const value = { ...run, entries, used, open: rest };
  const effects = placed.map(({ open, entry, outcome }) => ({ type: 'reply' as const, id: open.id, outcome, entry }));
  const missing = unused(value)[0];
  if (which === 'varying' || missing === undefined || rest.length === 0) return { value, effects };
  const attempted = rest.find(({ question }) => question.method !== 'roots/list');
  if (attempted === undefined) return { value: { ...value, isImpatient: true }, effects };
  return { value: { ...value, fault: divergence(missing, attempted.question, run.entries) }, effects: [] };
}

/** The questions of a parked run meet their answers; those that one round had no room for stay open, as a replay asks them again. */
function resuming(run: Run, entries: readonly Entry[]): RunStep {
  const used = new Set(run.used);
  const effects: RunEffect[] = [];
  const open = run.open.filter(({ id, question, nth }) => {
    const entry = entries.find(({ print, nth: place, answer }) => print === question.print && place === nth && answer);
    if (entry?.answer === undefined) return true;
    used.add(entry.key);
    effects.push({ type: 'reply', id, outcome: entry.answer, entry });
    return false;
  });
  return { value: { ...run, entries, used, open, offers: {} }, effects };
}

/** A result that leaves recorded answers out belongs to another course of events; an error may well come early. */
function responding(run: Run, outcome: Outcome): Run {
  const missing = unused(run)[0];
  if (missing === undefined || 'error' in outcome || outcome.result.isError === true) return { ...run, outcome };
  return { ...run, fault: omission(missing, run.entries) };
}

const tooMany = (): Fault =>
  new Fault(
    'journal_too_large',
    `The program asked more than ${LIMITS.journalEntriesMax} questions in one call. Let it ask for several things in one form.`,
  );
