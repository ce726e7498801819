/**
 * How sessions are kept: for everybody, and for classes of principals that are kept otherwise.
 *
 * A class is chosen once, when a session opens: the first that the principal belongs to. The session keeps the times it was
 * opened with, so a change of the settings concerns new sessions. Names and ranges are those of Amazon Bedrock AgentCore
 * Runtime; how they are written is the business of whoever reads the settings.
 */
import { LIMITS } from '../base/limits.ts';
import { anyOf } from '../base/pattern.ts';
import type { IdleAction } from './session.ts';

/** What a session, and a principal, may have at a time. */
export interface SessionLimits {
  /** Calls of a session at work or waiting. */
  readonly calls: number;
  /** Questions of a session that wait for an answer. */
  readonly questions: number;
  /** Bytes in the event logs of a session, as long as they are kept. */
  readonly eventBytes: number;
  /** Sessions of a principal that have not ended. */
  readonly sessions: number;
  /** The first three once more, over all sessions of a principal. */
  readonly callsPerPrincipal: number;
  readonly questionsPerPrincipal: number;
  readonly eventBytesPerPrincipal: number;
}

/** Those that hold for a principal, over all its sessions. */
export const PRINCIPAL_LIMITS = [
  'sessions',
  'callsPerPrincipal',
  'questionsPerPrincipal',
  'eventBytesPerPrincipal',
] as const satisfies readonly (keyof SessionLimits)[];

export const SESSION_LIMITS: SessionLimits = {
  calls: LIMITS.sessionCallsMaxDefault,
  questions: LIMITS.sessionQuestionsMaxDefault,
  eventBytes: LIMITS.sessionEventBytesMaxDefault,
  sessions: LIMITS.principalSessionsMaxDefault,
  callsPerPrincipal: LIMITS.principalCallsMaxDefault,
  questionsPerPrincipal: LIMITS.principalQuestionsMaxDefault,
  eventBytesPerPrincipal: LIMITS.principalEventBytesMaxDefault,
};

export interface SessionPolicy {
  /** Milliseconds without a request after which a session is idle. */
  readonly idleTimeoutMs: number;
  /** Milliseconds from `initialize` to the session's end. */
  readonly lifetimeMs: number;
  readonly idleAction: IdleAction;
  /** Those that are not said are `SESSION_LIMITS`. */
  readonly limits?: Partial<SessionLimits>;
}

export interface SessionClass {
  /** For people; unique. */
  readonly name: string;
  /** Ids of principals, or patterns with `*`; absent: any. */
  readonly principals?: readonly string[];
  /** What the principal's credential must grant, all of it; absent: nothing. */
  readonly scopes?: readonly string[];
  readonly policy: SessionPolicy;
}

/** The first class that a principal belongs to; `undefined` if it is like everybody. */
export const classOf = (
  classes: readonly SessionClass[],
  { id, scopes: granted = [] }: { readonly id: string; readonly scopes?: readonly string[] },
): SessionClass | undefined =>
  classes.find(
    ({ principals, scopes = [] }) =>
      (principals === undefined || anyOf(principals)(id)) && scopes.every(scope => granted.includes(scope)),
  );

/** The limits of a session of a class, or of everybody where the class is gone or there was none. */
export const limitsFor = (
  everybody: Pick<SessionPolicy, 'limits'>,
  classes: readonly SessionClass[],
  name: string | undefined,
): SessionLimits => ({
  ...SESSION_LIMITS,
  ...everybody.limits,
  ...classes.find(one => one.name === name)?.policy.limits,
});
