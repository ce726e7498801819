/** What makes two questions the same, and what they are called. */
import { expect, test } from 'vitest';
import { freeKey, labelOf, questionOf } from '../../core/journal/question.ts';

const ask = (params: unknown) => questionOf('elicitation/create', params);

test('what differs between runs by nature does not tell questions apart', () => {
  const one = ask({ message: 'a', elicitationId: '1', task: { ttl: 1 }, _meta: { progressToken: 1 } });
  const two = ask({ _meta: { progressToken: 2 }, elicitationId: '2', message: 'a' });
  expect(one.print).toBe(two.print);
  expect(one.params).toEqual({ message: 'a' });
});

test('a field of a form named like an envelope key does tell questions apart', () => {
  const schema = (properties: object) => ({ message: 'a', requestedSchema: { type: 'object', properties } });
  expect(ask(schema({ task: { type: 'string' } })).print).not.toBe(ask(schema({})).print);
});

test('the order of members does not tell questions apart, their method does', () => {
  expect(ask({ message: 'a', mode: 'form' }).print).toBe(ask({ mode: 'form', message: 'a' }).print);
  expect(questionOf('roots/list', {}).print).not.toBe(questionOf('sampling/createMessage', {}).print);
});

test('the shape of a question leaves its words out', () => {
  const form = { type: 'object', properties: {} };
  expect(ask({ message: 'a', requestedSchema: form }).shape).toBe(ask({ message: 'b', requestedSchema: form }).shape);
  expect(ask({ message: 'a', requestedSchema: form }).shape).not.toBe(ask({ message: 'a' }).shape);
});

test('an author may name a question; what is no name is passed over', () => {
  const named = (name: unknown) => ask({ message: 'a', _meta: { 'dev.fermata/inputKey': name } });
  expect(named('user_name').stem).toBe('user_name');
  for (const name of ['', 'a b', 'constructor', '__proto__', 'x'.repeat(65), 7, null])
    expect(named(name)).toEqual(ask({ message: 'a' }));
});

test('keys are numbered from the second on', () => {
  const entries = ['a', 'a-2'].map(key => ({ key }) as never);
  expect([freeKey('a', entries), freeKey('b', entries)]).toEqual(['a-3', 'b']);
});

test('the label is the beginning of what is asked', () => {
  expect(labelOf({ method: 'elicitation/create', params: { message: 'x'.repeat(100) } })).toBe('x'.repeat(80));
  const messages = [{ content: { text: 'old' } }, { content: { text: 'new' } }];
  expect(labelOf({ method: 'sampling/createMessage', params: { messages } })).toBe('new');
  expect(labelOf({ method: 'roots/list', params: {} })).toBe('');
});
