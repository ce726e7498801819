/** A plain tool call: Fermata with its SQLite file, against the same program on SDK v1's stateful transport in memory. */
import type { Bench } from '../bench.ts';
import { plainCall } from '../load/calls.ts';
import type { Pace, Score } from '../side-by-side.ts';
import { legacyContestant, sideBySide } from '../side-by-side.ts';

export async function plainCalls(bench: Bench, pace: Pace): Promise<readonly Score[]> {
  const [stream, json, fermata, sharing] = await Promise.all([
    bench.start('sdk-v1'),
    bench.start('sdk-v1', ['--json']),
    bench.fermata('program'),
    bench.fermata('program-shared-validator'),
  ]);
  const contestants = [
    legacyContestant('SDK v1 stateful, SSE (its default)', stream, plainCall),
    legacyContestant('SDK v1 stateful, JSON', json, plainCall),
    legacyContestant('Fermata', fermata, plainCall),
    legacyContestant('Fermata, program shares its validator', sharing, plainCall),
  ];
  const scores: Score[] = [];
  for (const inFlight of [1, 16, 64]) {
    bench.say(`plain call, ${inFlight} in flight`);
    scores.push(...(await sideBySide(contestants, inFlight, pace)));
  }
  await bench.endAll();
  return scores;
}
