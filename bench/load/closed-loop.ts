/** A closed loop: every lane has one call in flight and makes the next as soon as the last is over. */
import { quantile } from '../statistics.ts';
import type { Lane } from './lane.ts';

export interface Slice {
  readonly calls: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export type Call = (lane: Lane) => Promise<void>;

export async function closedLoop(lanes: readonly Lane[], call: Call, forMs: number): Promise<Slice> {
  const latencies: number[] = [];
  const startedAt = performance.now();
  const until = startedAt + forMs;
  const loop = async (lane: Lane): Promise<void> => {
    let beganAt = performance.now();
    while (beganAt < until) {
      await call(lane);
      const endedAt = performance.now();
      latencies.push(endedAt - beganAt);
      beganAt = endedAt;
    }
  };
  await Promise.all(lanes.map(loop));
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    calls: latencies.length,
    perSecond: latencies.length / seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  };
}
