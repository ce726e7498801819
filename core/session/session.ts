/**
 * The session machine: `open → asleep ⇄ open → ended`, as a table.
 *
 * Rules of this file: a session's phase is never stored, it is *computed on read* from its times, so that no timer and no
 * sweeper is needed and a process that was down misses nothing. Time is an argument. What a session means on the wire
 * (headers, statuses) is not known here. Source: MCP 2025-11-25 "Session Management"; names and ranges of the time-outs are
 * those of Amazon Bedrock AgentCore Runtime.
 */
import type { ClientCapabilities, Implementation, ListRootsResult } from '@modelcontextprotocol/server';
import type { ExchangeId } from '../base/ids.ts';
import { LIMITS } from '../base/limits.ts';
import type { LogLevel } from '../protocol/methods.ts';
import type { LegacyRevision } from '../protocol/revisions.ts';

export type SessionPhase = 'open' | 'asleep' | 'ended';
export type SessionEventType = 'touched' | 'idled' | 'stopped' | 'outlived';

/** What idleness does: the session sleeps and revives on its next request, or it ends (404 from then on). */
export type IdleAction = 'sleep' | 'end';

/** Why a session was ended on purpose: by its client's DELETE, by an administrator, or because its program lost its memory. */
export type StopReason = 'deleted' | 'stopped' | 'memory_lost';

/** Why a session ended or fell asleep: on purpose, or by time alone. */
export type EndReason = StopReason | 'outlived' | 'idled';

/** A call whose client gave up or whose process died: its answers are kept for the same call made again. */
export interface KeptCall {
  /** `callDigest` of the request. */
  readonly call: string;
  readonly exchange: ExchangeId;
  readonly untilMs: number;
}

/** What `initialize` opened. Times are milliseconds since the epoch. Stored as JSON. */
export interface Session {
  readonly id: string;
  readonly principal: string;
  readonly revision: LegacyRevision;
  readonly clientInfo: Implementation;
  readonly clientCapabilities: ClientCapabilities;
  readonly logLevel?: LogLevel;
  /** Resource URIs the client subscribed to. */
  readonly subscriptions: readonly string[];
  /** What the client last answered to `roots/list`; absent until asked and after `roots/list_changed`. */
  readonly roots?: ListRootsResult;
  readonly kept: readonly KeptCall[];
  /** The class of principals that it was opened by, if it was one. */
  readonly class?: string;
  readonly createdAtMs: number;
  readonly seenAtMs: number;
  readonly idleTimeoutMs: number;
  readonly lifetimeMs: number;
  readonly idleAction: IdleAction;
  /** Set when it was ended on purpose. */
  readonly stoppedAtMs?: number;
  readonly stopReason?: StopReason;
  /** Counts commits; a commit writes `version + 1` if the stored one is `version`. */
  readonly version: number;
}

/** Event-triggered transitions. An absent cell means: that event says nothing in that phase. */
export const SESSION_TABLE: Readonly<Record<SessionPhase, Partial<Record<SessionEventType, SessionPhase>>>> = {
  open: { touched: 'open', idled: 'asleep', stopped: 'ended', outlived: 'ended' },
  asleep: { touched: 'open', stopped: 'ended', outlived: 'ended' },
  ended: {},
};

/** When the session ends whatever happens, in milliseconds since the epoch. */
export const endsAtMs = (session: Session): number => session.createdAtMs + session.lifetimeMs;

/** When a store may delete it: ended sessions are kept a while, so that a late request learns that its session has ended. */
export function keptUntilMs(session: Session): number {
  const idles = session.idleAction === 'end' ? idlesAtMs(session) : Number.POSITIVE_INFINITY;
  return Math.min(session.stoppedAtMs ?? idles, idles, endsAtMs(session)) + LIMITS.settledKeepMs;
}

/** When the session falls idle unless it is touched before. */
export const idlesAtMs = (session: Session): number => session.seenAtMs + session.idleTimeoutMs;

/** The phase at a moment: the events that time alone has caused, run through the table. */
export function phaseAt(session: Session, nowMs: number): SessionPhase {
  let phase: SessionPhase = 'open';
  for (const event of eventsUntil(session, nowMs)) phase = SESSION_TABLE[phase][event] ?? phase;
  return phase;
}

function* eventsUntil(session: Session, nowMs: number): Generator<SessionEventType> {
  if (session.stoppedAtMs !== undefined) yield 'stopped';
  if (nowMs >= endsAtMs(session)) yield 'outlived';
  if (nowMs >= idlesAtMs(session)) yield session.idleAction === 'end' ? 'stopped' : 'idled';
}

/** Why and when the session left the phase `open`, if it has by a moment: the first cause counts. */
export function leftOpen(
  session: Session,
  nowMs: number,
): { readonly reason: EndReason; readonly atMs: number } | undefined {
  const causes: { reason: EndReason; atMs: number }[] = [];
  if (session.stoppedAtMs !== undefined)
    causes.push({ reason: session.stopReason ?? 'deleted', atMs: session.stoppedAtMs });
  if (nowMs >= endsAtMs(session)) causes.push({ reason: 'outlived', atMs: endsAtMs(session) });
  if (nowMs >= idlesAtMs(session) && (session.idleAction === 'end' || causes.length === 0))
    causes.push({ reason: 'idled', atMs: idlesAtMs(session) });
  return causes.sort((one, other) => one.atMs - other.atMs)[0];
}

/** A touch is worth a write only once per tenth of the idle time-out. */
export const isTouchDue = (session: Session, nowMs: number): boolean =>
  nowMs - session.seenAtMs >= session.idleTimeoutMs / 10;

/** The session as touched now; `undefined` if it has ended and can be touched no more. */
export function touched(session: Session, nowMs: number): Session | undefined {
  return SESSION_TABLE[phaseAt(session, nowMs)].touched === undefined
    ? undefined
    : { ...session, seenAtMs: Math.max(session.seenAtMs, nowMs) };
}

/** The calls still kept at a moment, the newest `max` of them, with one added or replaced. */
export function keeping(session: Session, call: KeptCall, nowMs: number, max: number): Session {
  const others = session.kept.filter(kept => kept.call !== call.call && kept.untilMs > nowMs);
  return { ...session, kept: [...others, call].slice(-max) };
}

export const keptCall = (session: Session, call: string, nowMs: number): KeptCall | undefined =>
  session.kept.find(kept => kept.call === call && kept.untilMs > nowMs);

export const forgetting = (session: Session, call: string): Session => ({
  ...session,
  kept: session.kept.filter(kept => kept.call !== call),
});
