/** Ids that carry their address: there and back for every id a client may choose. */

import { describe, expect, it } from 'vitest';
import {
  eventIdOf,
  exchangeIdOf,
  isExchangeId,
  parseEventId,
  parseQuestionId,
  questionIdOf,
} from '../../core/base/ids.ts';
import fc from '../support/fast-check.ts';

const requestId = fc.oneof(fc.maxSafeInteger(), fc.string({ maxLength: 256, unit: 'binary' }));

describe('ids', () => {
  it('are pinned', () => {
    expect(exchangeIdOf(7)).toBe('n7');
    expect(exchangeIdOf(-1)).toBe('n-1');
    expect(exchangeIdOf('7')).toBe('sNw');
    expect(exchangeIdOf('a/b.c~1')).toBe('sYS9iLmN-MQ');
    expect(exchangeIdOf('')).toBe('s');
    expect(exchangeIdOf(7, 2)).toBe('n7~2');
    expect(eventIdOf('n7~2', 15)).toBe('n7~2.15');
    expect(questionIdOf({ exchange: 'n7', round: 3, key: 'a/b' })).toBe('n7/3/a/b');
    expect(questionIdOf({ exchange: 'n7', round: 3, key: 'a/b', session: 'ab1' })).toBe('n7@ab1/3/a/b');
  });

  it('name every request id differently, in visible ASCII', () => {
    fc.assert(
      fc.property(requestId, requestId, (a, b) => {
        expect(exchangeIdOf(a)).toMatch(/^[\x21-\x7e]+$/);
        expect(isExchangeId(exchangeIdOf(a))).toBe(true);
        const wellFormed = (id: string | number) => (typeof id === 'string' ? id.toWellFormed() : id);
        expect(exchangeIdOf(a) === exchangeIdOf(b)).toBe(Object.is(wellFormed(a), wellFormed(b)) || a === b);
      }),
    );
  });

  it('come back from event ids and question ids', () => {
    fc.assert(
      fc.property(requestId, fc.nat(1_000_000), fc.string({ minLength: 1 }), (id, number, key) => {
        const exchange = exchangeIdOf(id);
        expect(parseEventId(eventIdOf(exchange, number))).toEqual({ stream: exchange, sequence: number });
        const address = { exchange, round: number % 1_000, key };
        expect(parseQuestionId(questionIdOf(address))).toEqual(address);
        const foreign = { ...address, session: 'ab1' };
        expect(parseQuestionId(questionIdOf(foreign))).toEqual(foreign);
      }),
    );
  });

  it.each([
    '',
    '.',
    'n7',
    'n7.',
    'n7.x',
    '.7',
    'n7.-1',
    'x7.1',
    'n7/1.2',
    `n7.${'9'.repeat(20)}`,
  ])('reject %j as an event id', text => expect(parseEventId(text)).toBeUndefined());

  it.each([
    undefined,
    7,
    null,
    'n7',
    'n7/1',
    'n7//key',
    'n7/x/key',
    '/1/key',
    'x/1/k',
  ])('reject %j as a question id', id => expect(parseQuestionId(id)).toBeUndefined());
});
