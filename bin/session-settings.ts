/**
 * How long sessions, connections and lost rounds last, as it is set: the same for every composition root.
 *
 * Pure. Where a value comes from is the caller's business; it is asked for by the name of the option.
 */

import { formatDuration, parseDuration } from '../core/base/duration.ts';
import { LIMITS } from '../core/base/limits.ts';
import type { RetryLost } from '../core/ports/retry-lost.ts';
import type { SessionClass, SessionLimits, SessionPolicy } from '../core/session/policy.ts';
import type { IdleAction } from '../core/session/session.ts';
import type { GivenLimits, GivenSessions } from './config-sessions.ts';
import type { Given } from './given.ts';
import { choice, invalid } from './given.ts';
import { Misuse } from './misuse.ts';

export interface SessionSettings extends SessionPolicy {
  /** Principals whose sessions are kept otherwise. */
  readonly classes: readonly SessionClass[];
  readonly retryLost: RetryLost;
  /** How long a connection is held; `undefined`: as long as its client likes. */
  readonly holdMs: number | undefined;
}

export type SessionOption = 'idle-timeout' | 'max-lifetime' | 'idle-action' | 'retry-lost' | 'hold';

const RETRY_LOST = ['never', 'idempotent', 'always'] as const satisfies readonly RetryLost[];
const IDLE_ACTIONS = ['sleep', 'end'] as const satisfies readonly IdleAction[];
/** Below the 29 seconds after which API gateways cut. */
const HOLD_MS_EXAMPLE = 25_000;

type LookUp = (name: SessionOption) => Given | undefined;

/** `lookUp` gives what options and variables say; the configuration is asked where they say nothing. */
export function sessionSettings(
  lookUp: LookUp,
  config: GivenSessions = {},
  initialAction: IdleAction = 'sleep',
): SessionSettings {
  const everybody: LookUp = name => lookUp(name) ?? config[name];
  return {
    ...policyOf(everybody, config.limits, '', initialAction),
    classes: (config.classes ?? []).map(({ policy, ...whom }) => ({
      ...whom,
      policy: policyOf(
        name => policy[name] ?? everybody(name),
        { ...config.limits, ...policy.limits },
        ` of the class ${whom.name}`,
        initialAction,
      ),
    })),
    retryLost: choice(everybody('retry-lost'), RETRY_LOST, 'idempotent'),
    holdMs: holdTime(everybody('hold')),
  };
}

function policyOf(
  lookUp: LookUp,
  limits: GivenLimits | undefined,
  whose: string,
  initialAction: IdleAction,
): SessionPolicy {
  const idleTimeoutMs = duration(lookUp('idle-timeout'), LIMITS.idleTimeoutMsDefault, LIMITS.idleTimeoutMsMax);
  const lifetimeMs = duration(lookUp('max-lifetime'), LIMITS.lifetimeMsDefault, LIMITS.lifetimeMsMax);
  if (idleTimeoutMs > lifetimeMs) {
    const facts = `The idle time-out${whose} (${formatDuration(idleTimeoutMs)}) is longer than the lifetime (${formatDuration(lifetimeMs)}).`;
    throw new Misuse(`${facts} Raise --max-lifetime or lower --idle-timeout.`);
  }
  const idleAction: IdleAction = choice(lookUp('idle-action'), IDLE_ACTIONS, initialAction);
  return { idleTimeoutMs, lifetimeMs, idleAction, ...(limits === undefined ? {} : { limits: limitsOf(limits) }) };
}

const limitsOf = (given: GivenLimits): Partial<SessionLimits> =>
  Object.fromEntries(
    Object.entries(given).map(([name, limit]) => [
      name,
      name === 'eventBytes' || name === 'eventBytesPerPrincipal'
        ? amount(limit, LIMITS.sessionEventBytesMin, LIMITS.sessionEventBytesMax)
        : amount(limit, 1, LIMITS.sessionLimitMax),
    ]),
  );

function amount(given: Given, min: number, max: number): number {
  const value = Number(given.text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalid(given, `no whole number from ${min} to ${max}`, String(Math.max(min, 100)));
}

const duration = (given: Given | undefined, initial: number, max: number): number =>
  given === undefined ? initial : within(given, LIMITS.idleTimeoutMsMin, max, initial);

const holdTime = (given: Given | undefined): number | undefined =>
  given === undefined ? undefined : within(given, LIMITS.holdMsMin, LIMITS.holdMsMax, HOLD_MS_EXAMPLE);

function within(given: Given, min: number, max: number, example: number): number {
  const value = parseDuration(given.text);
  if (value !== undefined && value >= min && value <= max) return value;
  const bounds = `from ${formatDuration(min)} to ${formatDuration(max)}`;
  throw invalid(given, value === undefined ? `no time (${bounds})` : `not ${bounds}`, formatDuration(example));
}

/** Whether a session of anybody may sleep, which takes away what was kept in memory for it. */
export const maySleep = ({ idleAction, classes }: SessionSettings): boolean =>
  [idleAction, ...classes.map(({ policy }) => policy.idleAction)].includes('sleep');
