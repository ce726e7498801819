/**
 * `npm run bench:resume`: what it costs to go on when an answer comes. Over HTTP, calls with 1, 5 and 20 questions, answered at
 * once: the SDK's own stateful transport, whose handler awaits in memory; Fermata with runs that wait in memory; Fermata with a
 * replay for each answer. In process the same without HTTP and stores; and the memory of 10 000 waiting runs, before and after
 * they were let go. `--quick` says less. How to read it: `docs/speed.md`.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Bench } from './bench.ts';
import { compiled } from './compiled.ts';
import { manyQuestionsCall } from './load/calls.ts';
import { cell, machineName, table } from './report.ts';
import type { ParkedScore, ResumeScore } from './servers/resume.ts';
import { legacyContestant, sideBySide } from './side-by-side.ts';
import { workspaceTable } from './workspace.ts';

const quick = process.argv.includes('--quick');
const pace = quick ? { repetitions: 3, sliceMs: 400 } : { repetitions: 7, sliceMs: 1_500 };
const QUESTIONS = [1, 5, 20];

/** Whole calls over HTTP, one in flight. */
async function overHttp(bench: Bench): Promise<string> {
  const [sdk, inMemory, onDisk, cold] = await Promise.all([
    bench.start('sdk-v1'),
    bench.fermata('program', 'in memory'),
    bench.fermata('program'),
    bench.fermata('program', 'in memory', ['--warm', 'nothing']),
  ]);
  const rows: string[][] = [];
  for (const questions of QUESTIONS) {
    bench.say(`calls with ${questions} questions over HTTP`);
    const call = manyQuestionsCall(questions);
    const contestants = [
      legacyContestant('SDK v1 stateful, live await', sdk, call),
      legacyContestant('Fermata, warm, store in memory', inMemory, call),
      legacyContestant('Fermata, warm, store on the disk', onDisk, call),
      legacyContestant('Fermata, cold, store in memory', cold, call),
    ];
    for (const score of await sideBySide(contestants, 1, pace)) {
      const { median, min, max } = score.throughputRatio;
      const slower = { median: 1 / median, min: 1 / max, max: 1 / min };
      const perAnswer = (score.p50Ms.median / questions).toFixed(2);
      rows.push([String(questions), score.name, cell(score.p50Ms, 1), perAnswer, cell(slower, 2)]);
    }
  }
  await bench.endAll();
  return table(['questions', 'contestant', 'p50 ms of a call', 'ms per question', 'time against the live await'], rows);
}

interface InProcess {
  readonly resumes: readonly ResumeScore[];
  readonly parked: ParkedScore;
}

async function inProcess(bench: Bench): Promise<InProcess> {
  bench.say('resumptions in process, and the memory of waiting runs');
  const args = quick ? ['3', '20', '2000'] : ['7', '60', '10000'];
  const child = fork(await compiled('resume'), args, { execArgv: ['--expose-gc'] });
  const [measured] = (await once(child, 'message')) as [InProcess];
  return measured;
}

const resumeTable = (scores: readonly ResumeScore[]): string =>
  table(
    ['questions', 'how', 'ms per answer'],
    scores.map(({ name, questions, answerMs }) => [String(questions), name, cell(answerMs, 3)]),
  );

function parkedTable({ parked, idleBytes, parkedBytes, replacedBytes, droppedBytes }: ParkedScore): string {
  const row = (when: string, bytes: number): string[] => [
    when,
    `${(bytes / 2 ** 20).toFixed(1)} MiB`,
    ((bytes - idleBytes) / parked).toFixed(0),
  ];
  const rows = [
    row('before', idleBytes),
    row(`${parked} runs wait`, parkedBytes),
    row('as many again, for which those had to go', replacedBytes),
    row('all let go', droppedBytes),
  ];
  return table(['when', 'heap', 'bytes per waiting run'], rows);
}

const bench = new Bench();
try {
  const http = await overHttp(bench);
  const { resumes, parked } = await inProcess(bench);
  bench.say('files of sessions');
  const files = await workspaceTable(pace.repetitions);
  const parts = [
    `${new Date().toISOString().slice(0, 10)}, ${machineName()}${quick ? ' (quick run)' : ''}`,
    `### Calls that ask, over HTTP\n\n${http}`,
    `### Going on in process\n\n${resumeTable(resumes)}`,
    `### Memory of waiting runs\n\n${parkedTable(parked)}`,
    `### Files of sessions\n\n${files}`,
  ];
  process.stdout.write(`\n${parts.join('\n\n')}\n`);
} finally {
  await bench.endAll();
}
process.exit(0);
