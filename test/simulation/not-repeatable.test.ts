/** A program that must not run twice is never executed twice for one exchange, whichever process dies at whatever step. */

import { expect, it } from 'vitest';
import { Fault } from '../../core/base/errors.ts';
import fc from '../support/fast-check.ts';
import { callerOf } from '../support/programs/calling.ts';
import { scripted, text } from '../support/programs/scripted.ts';
import type { Fate } from './mortal-stores.ts';
import type { Trial } from './trial.ts';
import { responses, run } from './trial.ts';

const fate: fc.Arbitrary<Fate> = fc.record({
  diesAt: fc.integer({ min: 1, max: 24 }),
  lastOperation: fc.constantFrom('lost', 'done'),
});

const trial: fc.Arbitrary<Trial> = fc.record({
  fates: fc.array(fate, { maxLength: 3 }),
  retryLost: fc.constantFrom('always', 'idempotent', 'never'),
  zombies: fc.constantFrom('never', 'late', 'soon'),
});

const options = fc.constantFrom({ repeatable: false }, { notRepeatableTools: ['safe_order'] });

it('is begun once, and the call ends with its result or says that it was lost', async () => {
  const ends = { whole: 0, lost: 0 };
  await fc.assert(
    fc.asyncProperty(trial, options, async (candidate, marked) => {
      let begun = 0;
      const program = scripted({
        annotations: { safe_order: { idempotentHint: true } },
        tools: {
          safe_order: async scene => {
            begun += 1;
            return text(`${await scene.text('What?')} ${await scene.text('Sure?')}`);
          },
        },
      });
      const played = run(candidate, (stores, owner) => {
        const { rounds: guard, state } = stores;
        return callerOf(program, { ...marked, warm: 'runs', guard, state, owner, retryLost: candidate.retryLost })
          .server;
      });
      // A request that is sent again because nothing came of it is refused before there is a stream.
      const said = await played.then(
        ({ events }) => responses(events),
        (thrown: Fault) => [thrown],
      );
      expect(begun).toBeLessThanOrEqual(1);
      expect(said).toHaveLength(1);
      const [end] = said;
      if (end !== undefined && 'result' in end) ends.whole += 1;
      else {
        ends.lost += 1;
        const code = end instanceof Fault ? end.code : end?.error.data;
        expect(JSON.stringify(code)).toMatch(/(run|upstream)_lost/);
      }
      if (candidate.fates.length === 0) expect(end).toMatchObject({ result: {} });
    }),
    { numRuns: Number(process.env.ONCE_LAW_RUNS ?? 150), interruptAfterTimeLimit: 60_000 },
  );
  expect(Math.min(ends.whole, ends.lost)).toBeGreaterThan(0);
});
