/**
 * A storm over a deployment: at random moments, from a seed, an environment of any function is killed (SIGKILL) or stopped for
 * a while in the middle of its work (SIGSTOP). One stop is longer than a lease, so that a late holder meets its successor.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { LIMITS } from '../../core/base/limits.ts';
import type { Chance } from '../scenarios/kill/random.ts';
import type { Deployment } from '../support/lambda/deployment.ts';

const PAUSE_MS = [50, 500] as const;
const STALL_MS = [20, 2_000] as const;
/** Of the blows that find a process at work, the share that only stops it. */
const STALLS = 0.4;

export interface Damage {
  kills: number;
  stalls: number;
  /** Stops that outlasted the lease. */
  outlasted: number;
  /** Processes that had work to do when they were hit. */
  atWork: number;
}

/** Rages until it is told to stop; resolves with the damage done. */
export async function storm(deployment: Deployment, chance: Chance, over: AbortSignal): Promise<Damage> {
  const damage: Damage = { kills: 0, stalls: 0, outlasted: 0, atWork: 0 };
  while (!over.aborted) {
    await pause(chance.between(...PAUSE_MS));
    const there = deployment.functions.flatMap(({ environments }) => [...environments]);
    const [first, ...others] = there;
    if (first === undefined) continue;
    const target = chance.oneOf([first, ...others]);
    const isAtWork = target.phase === 'busy';
    if (isAtWork) damage.atWork++;
    const isProxyOrDriver = target.options.functionName !== 'upstream';
    if (isAtWork && isProxyOrDriver && damage.outlasted === 0 && target.stall(LIMITS.leaseMs + 4_000)) {
      damage.outlasted++;
    } else if (isAtWork && chance.fraction() < STALLS && target.stall(chance.between(...STALL_MS))) {
      damage.stalls++;
    } else {
      target.kill();
      damage.kills++;
    }
  }
  return damage;
}
