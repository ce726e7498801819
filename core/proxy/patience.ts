/**
 * Patience with a store that is out of reach for a moment: work whose result must not be lost is tried again for as long as the
 * lease on the exchange surely holds. Work that is tried again must be harmless to repeat.
 */
import { setTimeout } from 'node:timers/promises';
import { faultOf } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';

export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let pauseMs: number = LIMITS.storePauseMsMin; ; pauseMs *= 2) {
    try {
      return await work();
    } catch (thrown) {
      if (faultOf(thrown).code !== 'store_unavailable' || pauseMs > LIMITS.storePauseMsMax) throw thrown;
      await setTimeout(pauseMs);
    }
  }
}
