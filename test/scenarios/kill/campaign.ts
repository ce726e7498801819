/**
 * Many laps on one store: the product is started once and killed in every lap. Shared by the test and by `npm run kill`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { built } from '../../support/built.ts';
import { leftBehind } from '../../support/processes.ts';
import type { Product } from '../../support/product.ts';
import { lastingPort, startProduct } from '../../support/product.ts';
import type { TrialOutcome } from './lap.ts';
import { runLap } from './lap.ts';
import { planOf, TRIALS_PER_LAP } from './plan.ts';

export const PROGRAM = built('kill-program');
const STDIO = fileURLToPath(new URL('stdio-program.mjs', import.meta.url));

export const PROGRAMS = ['v1', 'stdio'] as const;
export type ProgramName = (typeof PROGRAMS)[number];

export interface Campaign {
  readonly program: ProgramName;
  readonly trials: number;
  /** Lap n has the seed `seed + n`, so that a lap can be repeated by itself. */
  readonly seed: number;
  readonly onLap?: (outcomes: readonly TrialOutcome[]) => void;
}

export interface CampaignOutcome {
  readonly trials: readonly TrialOutcome[];
  readonly kills: number;
  /** Complaints, each with what repeats it. */
  readonly complaints: readonly string[];
}

export async function campaign({ program, trials, seed, onLap }: Campaign): Promise<CampaignOutcome> {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-kill-'));
  const serve = program === 'v1' ? ['--program', PROGRAM] : ['--', process.execPath, STDIO, `--marker=${folder}`];
  const start = (port: number): Promise<Product> => startProduct({ data: join(folder, 'data'), port, serve });
  const startMs = program === 'v1' ? 0 : 100;
  const outcomes: TrialOutcome[] = [];
  const port = await lastingPort();
  let product = await start(port);
  const laps = Math.ceil(trials / TRIALS_PER_LAP);
  try {
    for (let lap = 0; lap < laps; lap++) {
      const arena = { product, folder, restart: () => start(port) };
      const ran = await runLap(planOf(seed + lap, startMs), arena);
      product = ran.product;
      outcomes.push(...ran.outcomes);
      onLap?.(ran.outcomes);
    }
  } finally {
    await product.stop();
  }
  // What a killed product leaves behind ends by itself, when its stdin does.
  const outlived = (await leftBehind(`--marker=${folder}`)).map(pid => `process ${pid} was left behind`);
  const complaints = [...outcomes.flatMap(outcome => repeatable(program, outcome)), ...outlived];
  if (complaints.length === 0) rmSync(folder, { recursive: true, force: true });
  return { trials: outcomes, kills: laps, complaints };
}

const repeatable = (program: ProgramName, { trial, seen, complaints }: TrialOutcome): readonly string[] =>
  complaints.map(complaint => {
    const seed = /^t(\d+)-/.exec(trial.name)?.[1];
    const again = `npm run kill -- --program ${program} --seed ${seed} --trials ${TRIALS_PER_LAP}`;
    return `${trial.name} (${trial.tool}, killed ${trial.window}, had seen ${seen}; again: ${again}): ${complaint}`;
  });
