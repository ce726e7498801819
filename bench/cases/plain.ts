/** A plain tool call: Fermata with its SQLite file, against the same program on SDK v1's stateful transport in memory. */

import type { Bench } from '../bench.ts';
import { plainCall } from '../load/calls.ts';
import { Lane } from '../load/lane.ts';
import type { Contestant, Pace, Score } from '../side-by-side.ts';
import { sideBySide } from '../side-by-side.ts';
import { serverFile } from '../started.ts';

export async function plainCalls(bench: Bench, pace: Pace): Promise<readonly Score[]> {
  const servers = [
    { name: 'SDK v1 stateful, SSE (its default)', server: await bench.start('sdk-v1') },
    { name: 'SDK v1 stateful, JSON', server: await bench.start('sdk-v1', ['--json']) },
    {
      name: 'Fermata (JSON)',
      server: await bench.start('fermata', [
        '--program',
        serverFile('program'),
        '--port',
        '0',
        '--data',
        bench.folder(),
      ]),
    },
  ];
  const contestants = servers.map(
    ({ name, server }): Contestant => ({ name, server, call: plainCall, open: () => Lane.open(server.url) }),
  );
  const scores: Score[] = [];
  for (const inFlight of [1, 16, 64]) {
    bench.say(`plain call, ${inFlight} in flight`);
    scores.push(...(await sideBySide(contestants, inFlight, pace)));
  }
  await bench.endAll();
  return scores;
}
