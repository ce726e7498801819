/** Plans for the fault proxy: mishaps at random from a seed, and a mishap for the next request of a kind. */
import type { Mishap, Plan } from './fault-proxy.ts';

const KINDS: readonly Mishap[] = ['throttled', 'failed', 'cut', 'unacknowledged', 'unacknowledged', 3];

/** Every so many requests one meets with a mishap; half of those that are not refused are done and not acknowledged. */
export function atRandom(seed: number, share: number): Plan {
  let state = seed;
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return ({ operation }) => {
    if (operation.endsWith('Table') || random() >= share) return undefined;
    return KINDS[Math.floor(random() * KINDS.length)];
  };
}

/** The first request of an operation that is still to come meets with a mishap; every other passes. */
export function once(operation: string, mishap: Mishap): Plan {
  let happened = false;
  return asked => {
    if (happened || asked.operation !== operation) return undefined;
    happened = true;
    return mishap;
  };
}
