/**
 * Contestants side by side: each has its turn in every repetition, in rotating order, so that whatever else the machine does
 * meets all of them. Ratios are taken within a repetition, against the first contestant.
 */
import type { Call } from './load/closed-loop.ts';
import { closedLoop } from './load/closed-loop.ts';
import { Lane } from './load/lane.ts';
import type { Started } from './started.ts';
import type { Spread } from './statistics.ts';
import { spreadOf } from './statistics.ts';

export interface Contestant {
  readonly name: string;
  readonly server: Started;
  readonly call: Call;
  open(): Promise<Lane>;
}

/** One whose clients open a session each. */
export const legacyContestant = (name: string, server: Started, call: Call): Contestant => ({
  name,
  server,
  call,
  open: () => Lane.open(server.url),
});

/** How long and how often. */
export interface Pace {
  readonly repetitions: number;
  readonly sliceMs: number;
}

export interface Score {
  readonly name: string;
  readonly inFlight: number;
  readonly perSecond: Spread;
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
  /** Processor time of the server per call. */
  readonly processorMicros: Spread;
  /** Its throughput by that of the first contestant. */
  readonly throughputRatio: Spread;
  /** Its p50 less that of the first contestant. */
  readonly addedP50Ms: Spread;
}

interface Turn {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly processorMicros: number;
}

export async function sideBySide(
  contestants: readonly Contestant[],
  inFlight: number,
  { repetitions, sliceMs }: Pace,
): Promise<readonly Score[]> {
  const lanes = await Promise.all(
    contestants.map(({ open }) => Promise.all(Array.from({ length: inFlight }, () => open()))),
  );
  const turns: Turn[][] = contestants.map(() => []);
  const play = async (index: number, forMs: number): Promise<Turn> => {
    const { server, call } = at(contestants, index);
    const before = await server.processorMicros();
    const slice = await closedLoop(at(lanes, index), call, forMs);
    return { ...slice, processorMicros: ((await server.processorMicros()) - before) / slice.calls };
  };
  for (const index of contestants.keys()) await play(index, sliceMs / 2);
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const offset of contestants.keys()) {
      const index = (repetition + offset) % contestants.length;
      at(turns, index).push(await play(index, sliceMs));
    }
  }
  for (const lane of lanes.flat()) lane.close();
  return contestants.map(({ name }, index) => scoreOf(name, inFlight, at(turns, index), at(turns, 0)));
}

function scoreOf(name: string, inFlight: number, own: readonly Turn[], first: readonly Turn[]): Score {
  const all = (pick: (turn: Turn, against: Turn) => number): Spread =>
    spreadOf(own.map((turn, repetition) => pick(turn, at(first, repetition))));
  return {
    name,
    inFlight,
    perSecond: all(turn => turn.perSecond),
    p50Ms: all(turn => turn.p50Ms),
    p99Ms: all(turn => turn.p99Ms),
    processorMicros: all(turn => turn.processorMicros),
    throughputRatio: all((turn, against) => turn.perSecond / against.perSecond),
    addedP50Ms: all((turn, against) => turn.p50Ms - against.p50Ms),
  };
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`There is nothing at ${index}.`);
  return found;
}
