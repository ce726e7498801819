/**
 * `npm run kill -- --trials 1000 --seed 1`: the kill test of `test/scenarios/kill`, as long as one likes.
 *
 * `--program v1|stdio` takes one of the programs only. Prints a line for every lap and a table at the end; exits with 1 if
 * anything was lost, repeated or hung, with what repeats it.
 */
import { parseArgs } from 'node:util';
import type { ProgramName } from '../test/scenarios/kill/campaign.ts';
import { campaign, PROGRAMS } from '../test/scenarios/kill/campaign.ts';
import type { TrialOutcome } from '../test/scenarios/kill/lap.ts';
import { SEEN } from '../test/scenarios/kill/lap.ts';
import { WINDOWS } from '../test/scenarios/kill/plan.ts';
import { setup } from '../test/support/built.ts';

const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    program: { type: 'string' },
  },
});

const programs: readonly ProgramName[] = PROGRAMS.filter(
  name => values.program === undefined || values.program === name,
);
const trials = Math.ceil(Number(values.trials) / programs.length);
const seed = Number(values.seed);
if (programs.length === 0 || !(trials > 0) || !Number.isInteger(seed)) {
  console.error('Usage: npm run kill -- --trials 1000 --seed 1 [--program v1|stdio]');
  process.exit(2);
}

await setup();
const everything: TrialOutcome[] = [];
const startedAt = performance.now();
const complaints: string[] = [];
for (const outcome of await Promise.all(programs.map(run))) complaints.push(...outcome.complaints);

console.log(`\n${'killed …'.padEnd(36)}trials  lost and called again`);
for (const window of WINDOWS) {
  const there = everything.filter(({ trial }) => trial.window === window);
  const again = there.filter(({ calls }) => calls > 1).length;
  console.log(`${window.padEnd(36)}${String(there.length).padStart(6)}  ${String(again).padStart(21)}`);
}
for (const what of SEEN) {
  console.log(`the client had seen ${what}: ${everything.filter(({ seen }) => seen === what).length}`);
}
for (const complaint of complaints) console.error(complaint);
const seconds = Math.round((performance.now() - startedAt) / 1000);
const failed = everything.filter(outcome => outcome.complaints.length > 0).length;
console.log(`${everything.length - failed} of ${everything.length} trials right, ${seconds} s`);
process.exitCode = complaints.length > 0 ? 1 : 0;

function run(program: ProgramName) {
  return campaign({
    program,
    trials,
    seed,
    onLap(outcomes) {
      everything.push(...outcomes);
      const wrong = outcomes.filter(({ complaints: found }) => found.length > 0);
      for (const { trial, complaints: found } of wrong) console.error(trial, found);
      console.log(`${program} lap ${outcomes[0]?.trial.name.split('-')[0]}: ${outcomes.length - wrong.length} right`);
    },
  });
}
