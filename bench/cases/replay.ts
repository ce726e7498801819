/** What a run costs in process: a plain one, and replays of journals with 1, 4 and 16 answered questions. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Bench } from '../bench.ts';
import { compiled } from '../compiled.ts';
import type { Spread } from '../statistics.ts';

export interface ReplayScore {
  readonly program: string;
  /** Answered questions in the journal; none is a plain call. */
  readonly questions: number;
  readonly ms: Spread;
}

export async function replays(bench: Bench, repetitions: number): Promise<readonly ReplayScore[]> {
  bench.say('replay of 0, 1, 4 and 16 answered questions in process');
  const child = fork(await compiled('replay'), [String(repetitions)], { execArgv: [] });
  const scores: ReplayScore[] = [];
  child.on('message', score => scores.push(score as ReplayScore));
  const [code] = await once(child, 'exit');
  if (code !== 0 || scores.length === 0)
    throw new Error('The measurement of replays failed. Its last words are above.');
  return scores;
}
