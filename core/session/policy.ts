/**
 * How sessions are kept: for everybody, and for classes of principals that are kept otherwise.
 *
 * A class is chosen once, when a session opens: the first that the principal belongs to. The session keeps the times it was
 * opened with, so a change of the settings concerns new sessions. Names and ranges are those of Amazon Bedrock AgentCore
 * Runtime; how they are written is the business of whoever reads the settings.
 */
import { anyOf } from '../base/pattern.ts';
import type { IdleAction } from './session.ts';

export interface SessionPolicy {
  /** Milliseconds without a request after which a session is idle. */
  readonly idleTimeoutMs: number;
  /** Milliseconds from `initialize` to the session's end. */
  readonly lifetimeMs: number;
  readonly idleAction: IdleAction;
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
