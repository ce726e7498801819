/** The garbage collector, for tests of what is kept in memory and what goes. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collects now, and again until everything is gone; says how many are left when it has been tried often enough. */
export async function leftOf(held: readonly WeakRef<object>[]): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const left = (): number => held.filter(one => one.deref() !== undefined).length;
  for (let pass = 0; pass < 20; pass++) {
    // A reference is held until the end of the turn that looked at it.
    await new Promise(resolve => setImmediate(resolve));
    collect();
    await new Promise(resolve => setImmediate(resolve));
    if (left() === 0) return 0;
  }
  return left();
}
