/** A call with one question, answered at once: six writes to the disk here, none in the SDK's memory. */
import type { Bench } from '../bench.ts';
import { questionCall } from '../load/calls.ts';
import type { Pace, Score } from '../side-by-side.ts';
import { legacyContestant, sideBySide } from '../side-by-side.ts';

export async function questionCalls(bench: Bench, pace: Pace): Promise<readonly Score[]> {
  const [sdk, onDisk, inMemory] = await Promise.all([
    bench.start('sdk-v1'),
    bench.fermata('program'),
    bench.fermata('program', 'in memory'),
  ]);
  const contestants = [
    legacyContestant('SDK v1 stateful, SSE', sdk, questionCall),
    legacyContestant('Fermata', onDisk, questionCall),
    legacyContestant('Fermata, store in memory', inMemory, questionCall),
  ];
  const scores: Score[] = [];
  for (const inFlight of [1, 16]) {
    bench.say(`call with one question, ${inFlight} in flight`);
    scores.push(...(await sideBySide(contestants, inFlight, pace)));
  }
  await bench.endAll();
  return scores;
}
