/** Seeded: processes die at any step of a call, twice and three times, with lost replies and late awakenings. */

import { describe, expect, it } from 'vitest';
import fc from '../support/fast-check.ts';
import type { Fate } from './mortal-stores.ts';
import type { Trial } from './trial.ts';
import { progressOf, questions, responses, run } from './trial.ts';

const fate: fc.Arbitrary<Fate> = fc.record({
  diesAt: fc.integer({ min: 1, max: 24 }),
  lastOperation: fc.constantFrom('lost', 'done'),
});

const trial: fc.Arbitrary<Trial> = fc.record({
  fates: fc.array(fate, { minLength: 1, maxLength: 3 }),
  retryLost: fc.constantFrom('always', 'idempotent', 'never'),
  zombies: fc.constantFrom('never', 'late', 'soon'),
});

const COMPLETE =
  'two {"what":{"action":"accept","content":{"value":"re n1/1/what"}}} {"sure":{"action":"accept","content":{"value":"re n1/2/sure"}}}';

async function holds(candidate: Trial): Promise<void> {
  const { events } = await run(candidate);
  const ids = events.map(event => event.id);
  expect(ids).toEqual(ids.map((_, index) => `n1.${index + 1}`));
  expect(responses(events)).toHaveLength(1);
  expect(events.at(-1)?.message).toEqual(responses(events)[0]);
  expect(questions(events)).toEqual(['n1/1/what', 'n1/2/sure'].slice(0, questions(events).length));
  const values = progressOf(events);
  expect(values).toEqual([...new Set(values)].sort((a, b) => a - b));
  const [response] = responses(events);
  if (candidate.retryLost === 'never' && response && 'error' in response) {
    expect(response.error.data).toEqual({ code: 'upstream_lost' });
  } else {
    expect(response).toMatchObject({ id: 1, result: { content: [{ text: COMPLETE }] } });
  }
}

describe('a call through dying processes', () => {
  it('settles once, with every event once and in order', async () => {
    await fc.assert(fc.asyncProperty(trial, holds), { numRuns: 400 });
  });

  it('also when the first process dies at each single step', async () => {
    for (let diesAt = 1; diesAt <= 24; diesAt++) {
      for (const lastOperation of ['lost', 'done'] as const) {
        for (const zombies of ['never', 'late', 'soon'] as const) {
          await holds({ fates: [{ diesAt, lastOperation }], retryLost: 'always', zombies });
        }
      }
    }
  });
});
