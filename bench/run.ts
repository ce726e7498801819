/**
 * `npm run bench`: measures Fermata beside the SDK's own transport and prints what came of it. `--quick` takes less than a
 * minute and says less; `--only plain,question` measures a part. How to read it: `docs/speed.md`.
 */
import { Bench } from './bench.ts';
import { waitingMemory } from './cases/memory.ts';
import { plainCalls } from './cases/plain.ts';
import { questionCalls } from './cases/question.ts';
import { replays } from './cases/replay.ts';
import { restarts } from './cases/restart.ts';
import { upstreamCalls } from './cases/upstream.ts';
import type { Report } from './report.ts';
import { machineName, reportText, writeReport } from './report.ts';

const quick = process.argv.includes('--quick');
const only = process.argv[process.argv.indexOf('--only') + 1]?.split(',');
const isWanted = (part: string): boolean => !process.argv.includes('--only') || only?.includes(part) === true;

const pace = quick ? { repetitions: 3, sliceMs: 150 } : { repetitions: 5, sliceMs: 800 };

async function report(bench: Bench): Promise<Report> {
  return {
    date: new Date().toISOString().slice(0, 19),
    machine: machineName(),
    quick,
    ...(isWanted('plain') && { plain: await plainCalls(bench, pace) }),
    ...(isWanted('upstream') && { upstream: await upstreamCalls(bench, pace) }),
    ...(isWanted('question') && { question: await questionCalls(bench, pace) }),
    ...(isWanted('replay') && { replay: await replays(bench, quick ? 100 : 1_000) }),
    ...(isWanted('restart') && { restart: await restarts(bench, quick ? 1 : 5) }),
    ...(isWanted('memory') && { memory: await waitingMemory(bench, quick ? 500 : 10_000) }),
  };
}

const bench = new Bench();
try {
  const measured = await report(bench);
  process.stdout.write(`\n${reportText(measured)}\n`);
  bench.say(`written to ${writeReport(measured)}`);
} finally {
  await bench.endAll();
}
process.exit(0);
