/** Tries to sign in at a page, counted for each who tries and for all. */
import { expect, it } from 'vitest';
import { SignInTries } from '../../core/http/sign-in-tries.ts';

function counting() {
  const clock = { nowMs: 1_000_000 };
  return { clock, tries: new SignInTries(() => clock.nowMs) };
}

it('ten are taken within a minute from the first, and those that succeed do not count', () => {
  const { clock, tries } = counting();
  for (let n = 0; n < 50; n++) {
    expect(tries.begin('ada')).toBeUndefined();
    tries.succeeded('ada');
  }
  for (let n = 0; n < 10; n++) expect(tries.begin('ada')).toBeUndefined();
  expect(tries.begin('ada')).toBe(60);
  clock.nowMs += 59_001;
  expect(tries.begin('ada')).toBe(1);
  expect(tries.begin('bob')).toBeUndefined();
  clock.nowMs += 999;
  expect(tries.begin('ada')).toBeUndefined();
});

it('two hundred are taken in all, whoever tries', () => {
  const { clock, tries } = counting();
  for (let n = 0; n < 200; n++) expect(tries.begin(`visitor ${n}`)).toBeUndefined();
  expect(tries.begin('ada')).toBe(60);
  clock.nowMs += 60_000;
  expect(tries.begin('ada')).toBeUndefined();
});

it('a clock that is set back locks nobody out', () => {
  const { clock, tries } = counting();
  for (let n = 0; n < 10; n++) tries.begin('ada');
  clock.nowMs -= 500_000;
  expect(tries.begin('ada')).toBeUndefined();
});
