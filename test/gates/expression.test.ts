import { describe, expect, it } from 'vitest';
import { condition, ExpressionError, Undecidable } from '../../core/gates/expression.ts';

const ARGS = { amount: 1500, to: { name: 'Ada', tags: ['a', 'b'] }, urgent: true, path: '/etc/passwd', none: null };

describe('a condition', () => {
  it.each([
    ['amount > 1000', true],
    ['amount >= 1500 && amount <= 1500', true],
    ['amount < 1500 || urgent', true],
    ['!(amount > 1000)', false],
    ['! urgent', false],
    ['to.name == "Ada"', true],
    ["to.name != 'Ada'", false],
    ['to.tags contains "b"', true],
    ['to.tags.length == 2', true],
    ['path startsWith "/etc/"', true],
    ['path contains "shadow"', false],
    ['none == null', true],
    ['absent > 5', false],
    ['absent', false],
    ['absent != 5', true],
    ['constructor', false],
    ['to.__proto__.name == "x"', false],
    ['to.tags.0 == "a"', true],
    ['amount > -1.5', true],
    ['false || true && false', false],
  ])('%s is %s', (text, expected) => {
    expect(condition(text)(ARGS)).toBe(expected);
  });

  it.each([
    'to > 5',
    'amount > "5"',
    'amount',
    'amount contains 5',
    'urgent < true',
    'amount startsWith 1',
  ])('%s cannot be judged', text => {
    expect(() => condition(text)(ARGS)).toThrow(Undecidable);
  });

  it.each([
    ['amount >', 8],
    ['amount > > 5', 9],
    ['(amount > 5', 11],
    ['amount = 5', 7],
    ['process.exit()', 12],
    ['a b', 2],
    ['', 0],
    ['"open', 0],
  ])('%s is refused at %i', (text, at) => {
    const thrown = (() => {
      try {
        return condition(text);
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toBeInstanceOf(ExpressionError);
    expect(thrown).toMatchObject({ at });
  });
});
