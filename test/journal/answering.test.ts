/** Taking answers: what fits is recorded, what does not is asked again so many times, everything else is ignored. */
import { expect, test } from 'vitest';
import { answered, offersOf } from '../../core/journal/answering.ts';
import { misfitOf } from '../../core/journal/fit.ts';
import type { Entry, Journal } from '../../core/journal/journal.ts';
import { newJournal, openEntries } from '../../core/journal/journal.ts';

const params = {
  message: 'How much?',
  requestedSchema: { type: 'object', properties: { amount: { type: 'number', minimum: 0 } }, required: ['amount'] },
};
const open: Entry = {
  key: 'amount',
  method: 'elicitation/create',
  print: 'p',
  shape: 's',
  nth: 0,
  label: 'How much?',
  params,
};
const journal: Journal = { ...newJournal('call'), entries: [open, { ...open, key: 'other', nth: 1 }] };

const accept = (content?: unknown) => ({ action: 'accept', ...(content === undefined ? {} : { content }) });

test('a fitting answer is recorded and the question forgotten', () => {
  const after = answered(journal, { amount: accept({ amount: 5 }) });
  const { params: _, ...rest } = open;
  expect(after.entries[0]).toEqual({ ...rest, answer: { result: accept({ amount: 5 }) } });
  expect(openEntries(after).map(entry => entry.key)).toEqual(['other']);
});

test('declining and cancelling are answers', () => {
  for (const action of ['decline', 'cancel'])
    expect(answered(journal, { amount: { action } }).entries[0]?.answer).toEqual({ result: { action } });
});

test('unknown keys and answers to what is answered already are ignored', () => {
  const once = answered(journal, { amount: accept({ amount: 5 }), nobody: accept({}) });
  expect(answered(once, { amount: accept({ amount: 6 }) })).toEqual(once);
  expect(answered(journal, Object.create({ amount: accept({ amount: 5 }) }))).toEqual(journal);
});

test('an unfitting answer leaves the question open and is counted; the fourth ends the call', () => {
  let now = journal;
  for (const misfits of [1, 2, 3]) {
    now = answered(now, { amount: accept({ amount: -1 }) });
    expect(now.entries[0]).toEqual({ ...open, misfits });
  }
  expect(() => answered(now, { amount: accept({ amount: -1 }) })).toThrow(
    expect.objectContaining({ code: 'answer_invalid', message: expect.stringContaining('4th time') }),
  );
  expect(answered(now, { amount: accept({ amount: 1 }) }).entries[0]).not.toHaveProperty('misfits');
});

test('inputResponses must be an object of objects', () => {
  expect(offersOf(undefined)).toEqual({});
  expect(offersOf({ a: {} })).toEqual({ a: {} });
  for (const malformed of [null, [], 'x', { a: 5 }, { a: null }, { a: [] }])
    expect(() => offersOf(malformed)).toThrow(expect.objectContaining({ code: 'invalid_params' }));
});

const elicited = (answer: Record<string, unknown>, asked: Record<string, unknown> = params) =>
  misfitOf({ method: 'elicitation/create', params: asked }, answer);

test('an accepted form is judged by its schema', () => {
  expect(elicited(accept({ amount: 0 }))).toBeUndefined();
  expect(elicited(accept({ amount: 'x' }))).toContain('#/amount');
  expect(elicited(accept())).toBeDefined();
  expect(elicited(accept([]))).toBe('"content" must be an object.');
  expect(elicited({ action: 'maybe' })).toBe('"action" must be "accept", "decline" or "cancel".');
  expect(elicited({})).toBe('"action" must be "accept", "decline" or "cancel".');
});

test('accepting a page needs no content, and neither does a form that requires nothing', () => {
  expect(elicited(accept(), { mode: 'url', message: 'a', url: 'https://example.com' })).toBeUndefined();
  expect(elicited(accept(), { message: 'a', requestedSchema: { type: 'object', properties: {} } })).toBeUndefined();
});

test('a schema that cannot be used judges nothing', () => {
  const requestedSchema = { $ref: 'https://example.com/nowhere' };
  expect(elicited(accept({ anything: 1 }), { message: 'a', requestedSchema })).toBeUndefined();
});

test('a sampled message needs a role, content blocks and a model', () => {
  const judge = (answer: Record<string, unknown>) => misfitOf({ method: 'sampling/createMessage', params: {} }, answer);
  const content = { type: 'text', text: 'x' };
  expect(judge({ role: 'assistant', content, model: 'm' })).toBeUndefined();
  expect(judge({ role: 'assistant', content: [content, content], model: 'm' })).toBeUndefined();
  expect(judge({ role: 'assistant', content: 'x', model: 'm' })).toBe('"content" must be content blocks.');
  expect(judge({ role: 'assistant', content })).toBe('"model" must be a text.');
  expect(judge({ content, model: 'm' })).toBe('"role" must be "assistant" or "user".');
});

test('roots are a list of objects with a uri', () => {
  const judge = (answer: Record<string, unknown>) => misfitOf({ method: 'roots/list', params: {} }, answer);
  expect(judge({ roots: [{ uri: 'file:///a' }] })).toBeUndefined();
  expect(judge({ roots: [{}] })).toBeDefined();
  expect(judge({})).toBeDefined();
});
