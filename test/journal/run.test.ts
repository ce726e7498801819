/** The run machine, by given–when–then: matching, places, mismatches, and illegal moves after which nothing changed. */
import { expect, test } from 'vitest';
import { Fault } from '../../core/base/errors.ts';
import { LIMITS } from '../../core/base/limits.ts';
import type { Entry } from '../../core/journal/journal.ts';
import { questionOf } from '../../core/journal/question.ts';
import type { Run, RunEvent, RunEventType, RunPhase } from '../../core/journal/run.ts';
import { begun, RUN_TABLE, step } from '../../core/journal/run.ts';
import type { InputMethod } from '../../core/protocol/methods.ts';

const form = { type: 'object', properties: { value: { type: 'string' } } };
const elicitation = (message: string) => questionOf('elicitation/create', { message, requestedSchema: form });
const sampling = (text: string) =>
  questionOf('sampling/createMessage', { messages: [{ role: 'user', content: { type: 'text', text } }], maxTokens: 9 });

const asked = (id: number, message: string): RunEvent => ({ type: 'asked', id, question: elicitation(message) });
const accepted = (value: string) => ({ result: { action: 'accept', content: { value } } });

/** The entries of a run that asked these questions and was answered with their numbers. */
function recorded(...messages: string[]): Entry[] {
  let run = begun([], {});
  for (const [index, message] of messages.entries()) run = after(run, asked(index, message));
  const { entries } = after(run, { type: 'rested' });
  return entries.map(({ params: _, ...entry }, index) => ({ ...entry, answer: accepted(String(index)) }));
}

function after(run: Run, ...events: RunEvent[]): Run {
  return events.reduce((value, event) => {
    const stepped = step(value, event);
    if (stepped === undefined) throw new Error(`${event.type} does not apply to a run that is ${value.phase}`);
    return stepped.value;
  }, run);
}

const repliesTo = (run: Run, event: RunEvent): unknown[] =>
  (step(run, event)?.effects ?? []).map(effect =>
    effect.type === 'reply' ? [effect.id, effect.outcome] : effect.type,
  );

test('a run with nothing recorded begins live, one with answers begins replaying', () => {
  expect(begun([], {}).phase).toBe('live');
  expect(begun(recorded('a'), {}).phase).toBe('replaying');
});

test('a question asked before is answered from the journal, and the run is live when every answer is used', () => {
  const run = begun(recorded('a', 'b'), {});
  expect(repliesTo(run, asked(7, 'a'))).toEqual([[7, accepted('0')]]);
  expect(after(run, asked(7, 'a')).phase).toBe('replaying');
  expect(after(run, asked(7, 'b'), asked(8, 'a')).phase).toBe('live');
});

test('equal questions are told apart by their number', () => {
  const run = begun(recorded('again', 'again'), {});
  expect(repliesTo(run, asked(1, 'again'))).toEqual([[1, accepted('0')]]);
  expect(repliesTo(after(run, asked(1, 'again')), asked(2, 'again'))).toEqual([[2, accepted('1')]]);
});

test('a live run at rest is suspended with its open questions as entries of their own keys', () => {
  const run = after(begun([], {}), asked(1, 'a'), asked(2, 'b'), asked(3, 'a'), { type: 'rested' });
  expect(run.phase).toBe('suspended');
  expect(run.entries.map(entry => [entry.key, entry.label, entry.nth, entry.answer])).toEqual([
    ['elicitation-vNemuG1i', 'a', 0, undefined],
    ['elicitation-IHr_v6Iv', 'b', 0, undefined],
    ['elicitation-vNemuG1i-2', 'a', 1, undefined],
  ]);
  expect(run.entries[0]?.params).toEqual({ message: 'a', requestedSchema: form });
});

test('a round has at most so many questions; the rest is left to the next run', () => {
  const many = Array.from({ length: LIMITS.questionsPerRoundMax + 5 }, (_, index) => asked(index, `q${index}`));
  const run = after(begun([], {}), ...many, { type: 'rested' });
  expect(run.entries).toHaveLength(LIMITS.questionsPerRoundMax);
});

test('a question taken back is not asked of anyone, and does not count', () => {
  const run = after(begun([], {}), asked(1, 'a'), { type: 'withdrawn', id: 1 }, asked(2, 'a'), { type: 'rested' });
  expect(run.entries.map(entry => entry.nth)).toEqual([0]);
});

test('a replay at rest with an unknown question waits for what is missing', () => {
  const run = after(begun(recorded('a'), {}), asked(1, 'new'));
  expect(repliesTo(run, { type: 'rested' })).toEqual(['wait']);
  const late = after(run, { type: 'rested' }, asked(2, 'a'));
  expect(late.phase).toBe('live');
  expect(after(late, { type: 'rested' }).entries.map(entry => entry.label)).toEqual(['a', 'new']);
});

test('a question in other words takes the answer of its place, and is found at once from then on', () => {
  const run = after(begun(recorded('at 10:00'), {}), asked(1, 'at 10:01'), { type: 'rested' });
  expect(repliesTo(run, { type: 'waited' })).toEqual([[1, accepted('0')]]);

  const placed = after(run, { type: 'waited' });
  expect(placed.phase).toBe('live');
  expect(placed.entries[0]?.varies).toBe(true);
  const next = after(begun(placed.entries, {}), asked(1, 'at 10:02'));
  expect(repliesTo(next, { type: 'rested' })).toEqual([[1, accepted('0')]]);
});

test('places are taken in order, after what matches by content', () => {
  const run = after(begun(recorded('now 1', 'fixed', 'now 2'), {}), asked(1, 'now 3'), asked(2, 'now 4'));
  const all = after(run, asked(3, 'fixed'), { type: 'rested' });
  expect(repliesTo(all, { type: 'waited' })).toEqual([
    [1, accepted('0')],
    [2, accepted('2')],
  ]);
});

test('another form does not take a place', () => {
  const other = questionOf('elicitation/create', { message: 'b', requestedSchema: { type: 'object', properties: {} } });
  const run = after(begun(recorded('a'), {}), { type: 'asked', id: 1, question: other }, { type: 'waited' });
  expect(run.phase).toBe('failed');
});

test('another method in the place of a recorded question is a mismatch that says what was and what is', () => {
  const run = after(begun(recorded('How much?'), {}), { type: 'asked', id: 1, question: sampling('Guess.') });
  const failed = after(run, { type: 'waited' });
  expect(failed.phase).toBe('failed');
  expect(failed.fault?.code).toBe('journal_mismatch');
  expect(failed.fault?.detail).toMatch(/^recorded: {2}elicitation\/create .*\nattempted: \w+\/\w+ \{.*\n.*\.$/);
  expect(failed.fault?.message).toBe(
    'The program asked something else than on its earlier run. recorded earlier: question 1, elicitation/create "How much?"; ' +
      'attempted now: sampling/createMessage "Guess.". Code before a question must do the same on every run: no branching on ' +
      'clocks, random values or state that changes. A question can be given a fixed name with _meta["dev.fermata/inputKey"].',
  );
});

test('a result without a recorded question is a mismatch; an error may come early', () => {
  const run = begun(recorded('a'), {});
  const outcome = { result: { content: [] } };
  expect(after(run, { type: 'responded', outcome }).fault?.code).toBe('journal_mismatch');
  expect(after(run, { type: 'responded', outcome: { result: { isError: true } } }).phase).toBe('completed');
  expect(after(run, { type: 'responded', outcome: { error: { code: -1, message: 'no' } } }).phase).toBe('completed');
});

test('recorded roots may be left out, since asking for them changes nothing', () => {
  const question = questionOf('roots/list', {});
  const first = after(begun([], {}), { type: 'asked', id: 1, question, known: { result: { roots: [] } } });
  const again = begun(first.entries, {});
  expect(again.phase).toBe('live');
  expect(repliesTo(again, { type: 'asked', id: 5, question })).toEqual([[5, { result: { roots: [] } }]]);
});

test('roots asked for while a recorded question is missing are no mismatch, and it may still come', () => {
  const roots: RunEvent = { type: 'asked', id: 1, question: questionOf('roots/list', {}) };
  const run = after(begun(recorded('a'), {}), roots, { type: 'rested' }, { type: 'waited' });
  expect(run.phase).toBe('live');
  expect(repliesTo(run, asked(2, 'a'))).toEqual([[2, accepted('0')]]);
  expect(after(run, { type: 'rested' }).entries.map(entry => entry.method)).toEqual([
    'elicitation/create',
    'roots/list',
  ]);
  expect(after(run, { type: 'responded', outcome: { result: {} } }).fault?.code).toBe('journal_mismatch');
});

test('an author-named question is found by its name, whatever it says, but not by another method', () => {
  const named = (method: InputMethod, message: string) =>
    questionOf(method, { message, requestedSchema: form, _meta: { 'dev.fermata/inputKey': 'amount' } });
  const question = named('elicitation/create', 'At 10:00');
  const { entries } = after(begun([], {}), { type: 'asked', id: 1, question }, { type: 'rested' });
  expect(entries[0]?.key).toBe('amount');
  const run = begun([{ ...entries[0], answer: accepted('5') } as Entry], {});

  const varied = named('elicitation/create', 'At 10:01');
  expect(repliesTo(run, { type: 'asked', id: 2, question: varied })).toEqual([[2, accepted('5')]]);
  const other = named('sampling/createMessage', 'At 10:01');
  expect(repliesTo(run, { type: 'asked', id: 2, question: other })).toEqual([]);
});

test('an answer that needs no client is given at once and recorded', () => {
  const refusal = { error: { code: -32601, message: 'no' } };
  const run = begun([], {});
  const event: RunEvent = { type: 'asked', id: 1, question: elicitation('a'), known: refusal, refused: true };
  expect(repliesTo(run, event)).toEqual([[1, refusal]]);
  expect(after(run, event).entries[0]).toMatchObject({ answer: refusal, refused: true });
});

test('an offered answer is taken if it fits, else the question is open and the misfit counted', () => {
  const key = 'elicitation-vNemuG1i';
  const fitting = begun([], { [key]: accepted('x').result });
  expect(repliesTo(fitting, asked(1, 'a'))).toEqual([[1, accepted('x')]]);
  const unfit = after(begun([], { [key]: { action: 'accept', content: { value: 5 } } }), asked(1, 'a'), {
    type: 'rested',
  });
  expect(unfit.entries[0]).toMatchObject({ key, misfits: 1 });
});

test('more questions than a journal may hold fail the run', () => {
  let run = begun([], {});
  for (let n = 0; n <= LIMITS.journalEntriesMax; n++)
    run = after(run, { type: 'asked', id: n, question: elicitation(`q${n}`), known: accepted('x') });
  expect(run.phase).toBe('failed');
  expect(run.fault?.code).toBe('journal_too_large');
});

test('a suspended run goes on when its answers have come, and what had no room in its round stays open', () => {
  const suspended = after(begun([], { offered: accepted('x').result }), asked(1, 'a'), asked(2, 'a'), {
    type: 'rested',
  });
  const entries = suspended.entries.slice(0, 1).map(entry => ({ ...entry, answer: accepted('one') }));
  const event: RunEvent = { type: 'resumed', entries };
  expect(repliesTo(suspended, event)).toEqual([[1, accepted('one')]]);
  const resumed = after(suspended, event);
  expect([resumed.phase, resumed.open.map(({ id }) => id), resumed.entries, resumed.offers]).toEqual([
    'live',
    [2],
    entries,
    {},
  ]);
});

const EVENTS: Record<RunEventType, RunEvent> = {
  asked: asked(9, 'late'),
  withdrawn: { type: 'withdrawn', id: 1 },
  rested: { type: 'rested' },
  waited: { type: 'waited' },
  resumed: { type: 'resumed', entries: [] },
  responded: { type: 'responded', outcome: { result: {} } },
  broke: { type: 'broke', fault: new Fault('program_crashed', 'gone') },
};

const ENDED: Record<'completed' | 'suspended' | 'failed', RunEvent> = {
  completed: EVENTS.responded,
  suspended: EVENTS.rested,
  failed: EVENTS.broke,
};

for (const [phase, ending] of Object.entries(ENDED))
  test(`whatever comes after a run is ${phase} says nothing, and nothing changed`, () => {
    const run = after(begun([], {}), asked(1, 'a'), ending);
    expect(run.phase).toBe(phase);
    const before = structuredClone({ ...run, fault: undefined });
    const { resumed, ...others } = EVENTS;
    for (const event of Object.values(others)) expect(step(run, event)).toBeUndefined();
    if (phase !== 'suspended') expect(step(run, resumed)).toBeUndefined();
    expect({ ...run, fault: undefined }).toEqual(before);
  });

test('events that do not apply say nothing: rest without a question, taking back what was not asked', () => {
  const live = begun([], {});
  expect(step(live, EVENTS.rested)).toBeUndefined();
  expect(step(live, EVENTS.waited)).toBeUndefined();
  expect(step(live, EVENTS.withdrawn)).toBeUndefined();
});

test('the table names every phase that a step can lead to', () => {
  const reachable = new Set<RunPhase>(Object.values(RUN_TABLE).flatMap(row => Object.values(row)));
  expect([...reachable].sort()).toEqual(['completed', 'failed', 'live', 'replaying', 'suspended']);
});
