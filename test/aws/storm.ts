/**
 * A storm over a deployment: at random moments, from a seed, an environment of any function is killed (SIGKILL) or stopped for
 * a while in the middle of its work (SIGSTOP). One of those at work is stopped for longer than a lease, and left alone until it
 * has woken.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { LIMITS } from '../../core/base/limits.ts';
import type { Chance } from '../scenarios/kill/random.ts';
import type { Deployment } from '../support/lambda/deployment.ts';
import type { Environment } from '../support/lambda/environment.ts';

const PAUSE_MS = [50, 500] as const;
const STALL_MS = [20, 2_000] as const;
const SLEEP_MS = LIMITS.leaseMs + 4_000;
/** Of the blows that find a process at work, the share that only stops it. */
const STALLS = 0.4;

export interface Damage {
  kills: number;
  stalls: number;
  /** The environment whose stop outlasted a lease. */
  sleeper?: Environment;
  /** Processes that had work to do when they were hit. */
  atWork: number;
}

/** Rages until it is told to stop; resolves with the damage done, when everyone is awake again. */
export async function storm(deployment: Deployment, chance: Chance, over: AbortSignal): Promise<Damage> {
  const damage: Damage = { kills: 0, stalls: 0, atWork: 0 };
  let woken = Promise.resolve();
  while (!over.aborted) {
    await pause(chance.between(...PAUSE_MS));
    const there = deployment.functions
      .flatMap(({ environments }) => [...environments])
      .filter(each => each !== damage.sleeper);
    const [first, ...others] = there;
    if (first === undefined) continue;
    const target = chance.oneOf([first, ...others]);
    const isAtWork = target.phase === 'busy';
    if (isAtWork) damage.atWork++;
    const isProxyOrDriver = target.options.functionName !== 'upstream';
    if (isAtWork && target.hasStarted && isProxyOrDriver && damage.sleeper === undefined && target.stall(SLEEP_MS)) {
      damage.sleeper = target;
      woken = pause(SLEEP_MS);
    } else if (isAtWork && chance.fraction() < STALLS && target.stall(chance.between(...STALL_MS))) {
      damage.stalls++;
    } else {
      target.kill();
      damage.kills++;
    }
  }
  await woken;
  return damage;
}
