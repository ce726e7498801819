/** A stateless server of 2026-07-28 called directly, and through Fermata: what Fermata adds, for clients of both eras. */
import type { Bench } from '../bench.ts';
import { MODERN_HEADERS, modernCall, plainCall } from '../load/calls.ts';
import { Lane } from '../load/lane.ts';
import type { Pace, Score } from '../side-by-side.ts';
import { legacyContestant, sideBySide } from '../side-by-side.ts';
import type { Started } from '../started.ts';

export async function upstreamCalls(bench: Bench, pace: Pace): Promise<readonly Score[]> {
  const direct = await bench.start('sdk-v2');
  const through = await bench.fermataBefore(direct.url);
  const modern = (name: string, server: Started) => ({
    name,
    server,
    call: modernCall,
    open: async () => new Lane(server.url, MODERN_HEADERS),
  });
  const contestants = [
    modern('the upstream itself', direct),
    modern('through Fermata, modern client', through),
    legacyContestant('through Fermata, legacy client', through, plainCall),
  ];
  const scores: Score[] = [];
  for (const inFlight of [1, 16]) {
    bench.say(`call of an HTTP upstream, ${inFlight} in flight`);
    scores.push(...(await sideBySide(contestants, inFlight, pace)));
  }
  await bench.endAll();
  return scores;
}
