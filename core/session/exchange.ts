/**
 * The exchange machine: one client request from arrival to response, over any number of rounds, connections and processes.
 *
 * Rules of this file: everything that affects a transition is here; one step of the table becomes one conditional write; an
 * absent cell is the error (`step` returns `undefined` and nothing changed); time is an argument. It knows neither stores nor
 * streams. What must reach the client after a commit is *derived* from the value (`outboxOf`), so that whoever finds the
 * value after a crash can send it, once, at the same place in the event log.
 */
import type { InputRequest } from '@modelcontextprotocol/server';
import type { ExchangeId } from '../base/ids.ts';
import type { Outcome, RpcRequest } from '../protocol/messages.ts';
import type { LoggedEvent } from './outbox.ts';
import { outboxOf } from './outbox.ts';
import type { TaskFacts } from './task.ts';
import type { Visit } from './visits.ts';
import { ACCEPTED, remembered } from './visits.ts';

export type Phase = 'calling' | 'waiting' | 'ready' | 'settled';

/** The time-limited right to drive an exchange; the exchange's `generation` fences a late holder. */
export interface Lease {
  readonly owner: string;
  readonly untilMs: number;
}

/** Who had the last word. Where it was not the upstream, the questions and answers are kept for the same call made again. */
export type SettledBy = 'upstream' | 'fault' | 'cancelled' | 'lost';

/** One client request. Times are milliseconds since the epoch. Stored as JSON. */
export interface Exchange {
  readonly session: string;
  readonly id: ExchangeId;
  readonly phase: Phase;
  /** The client's request, as it came. */
  readonly request: RpcRequest;
  /** What the credential that the request came with was granted, where it said so. */
  readonly scopes?: readonly string[];
  /** Present when its response is fetched as a task's: then it lives exactly as long as the task. */
  readonly task?: TaskFacts;
  /** Requests to the upstream so far, the running one included. */
  readonly round: number;
  /** What the upstream wants back with the answers, byte for byte. */
  readonly requestState?: string;
  /** The questions of this round, by key. */
  readonly pending: Readonly<Record<string, InputRequest>>;
  /** Those of them that were put to the client, in order: answers already known are not asked for again. */
  readonly asked: readonly string[];
  /** The client's answers, by key. */
  readonly answers: Readonly<Record<string, Outcome>>;
  /** Those of the questions put to the client that were answered elsewhere, in order: they are taken back. */
  readonly withdrawn?: readonly string[];
  /** Pages that its client agreed to visit. */
  readonly visited?: readonly Visit[];
  readonly lease?: Lease;
  /** Rises with every claim. */
  readonly generation: number;
  /** The last sequence of the event log before what `outboxOf` says. */
  readonly sequence: number;
  /** Bytes that its rounds have written to the event log, as far as they ended. */
  readonly logBytes?: number;
  /** Highest progress value that may have reached the client. */
  readonly progress?: number;
  /** When the questions went out. */
  readonly askedAtMs?: number;
  readonly response?: Outcome;
  readonly settledBy?: SettledBy;
  readonly createdAtMs: number;
  /** When it may be deleted. Readers decide by it as well, since stores delete late. */
  readonly expiresAtMs: number;
  /** Counts commits; a commit writes `version + 1` if the stored one is `version`. */
  readonly version: number;
}

/** Later rounds are made by whoever drives the exchange: its record says what its caller was granted. */
export const scopesOf = ({ scopes }: Pick<Exchange, 'scopes'>): Pick<Exchange, 'scopes'> =>
  scopes === undefined ? {} : { scopes };

interface Driven {
  /** Last sequence the driver appended. */
  readonly sequence: number;
  readonly progress?: number | undefined;
  /** What the driver wrote to the event log. */
  readonly bytes?: number;
  readonly expiresAtMs: number;
}

interface Claim {
  readonly owner: string;
  readonly untilMs: number;
  /** Last sequence found in the event log. */
  readonly sequence: number;
  readonly progress?: number | undefined;
}

export interface ExchangeEvents {
  completed: Driven & { readonly outcome: Outcome };
  failed: Driven & {
    readonly outcome: Outcome;
    readonly by: 'fault' | 'lost';
    /** Pages that its client is to visit before it makes the call again, which then goes on from here. */
    readonly pages?: { readonly requests: Exchange['pending']; readonly requestState?: string | undefined };
  };
  inputRequired: Driven & {
    readonly requests: Readonly<Record<string, InputRequest>>;
    readonly requestState?: string | undefined;
    /** Answers known without asking, such as cached roots. */
    readonly known?: Readonly<Record<string, Outcome>>;
    /** Whether nothing of it is put to the client: it is decided elsewhere. */
    readonly quietly?: boolean;
    readonly nowMs: number;
  };
  answered: {
    readonly round: number;
    readonly key: string;
    readonly outcome: Outcome;
    /** Whether it comes from elsewhere than the client. */
    readonly elsewhere?: boolean;
  };
  claimed: Claim;
  lapsed: Claim;
  renewed: { readonly owner: string; readonly untilMs: number };
  cancelled: { readonly expiresAtMs: number; readonly sequence: number };
  /** A late holder wrote where this exchange's outbox belongs: the outbox goes behind it. */
  displaced: { readonly sequence: number };
}

export type ExchangeEventType = keyof ExchangeEvents;
export type ExchangeEvent = { [T in ExchangeEventType]: { readonly type: T } & ExchangeEvents[T] }[ExchangeEventType];

/**
 * Event-triggered transitions. One state-triggered rule comes after them: *`waiting` with nothing unanswered is `ready`*.
 * An answer to a settled exchange changes no phase: it is late, and kept where the call may be made again.
 */
export const EXCHANGE_TABLE: Readonly<Record<Phase, Partial<Record<ExchangeEventType, Phase>>>> = {
  calling: {
    completed: 'settled',
    failed: 'settled',
    inputRequired: 'waiting',
    lapsed: 'calling',
    renewed: 'calling',
    cancelled: 'settled',
  },
  waiting: { answered: 'waiting', failed: 'settled', cancelled: 'settled', displaced: 'waiting' },
  ready: { claimed: 'calling', failed: 'settled', cancelled: 'settled', displaced: 'ready' },
  settled: { answered: 'settled', displaced: 'settled' },
};

/** What the engine must do once the new value is committed. */
export type Effect =
  /** Append these to the exchange's event log, the first at `first`; repeating it does no harm. */
  | { readonly type: 'append'; readonly first: number; readonly events: readonly LoggedEvent[] }
  /** Hand the exchange to a driver. */
  | { readonly type: 'dispatch' }
  /** Whoever drives it must stop. */
  | { readonly type: 'abandon' };

export interface Step {
  readonly value: Exchange;
  readonly effects: readonly Effect[];
}

/** One transition; `undefined` where the table has no cell or the event does not apply, and then nothing changed. */
export function step(exchange: Exchange, event: ExchangeEvent): Step | undefined {
  const to = EXCHANGE_TABLE[exchange.phase][event.type];
  if (to === undefined) return undefined;
  const folded = fold(exchange, event);
  if (folded === undefined) return undefined;
  const phase = to === 'waiting' && isAnswered(folded) ? 'ready' : to;
  const value = { ...folded, phase, version: exchange.version + 1 };
  return { value, effects: effectsOf(exchange, value) };
}

/**
 * Two transitions in one commit, where the second carries out what the first would have asked for: an exchange that became
 * `ready` is claimed at once. Without a second it is the first alone.
 */
export function stepOn(
  exchange: Exchange,
  event: ExchangeEvent,
  next: (between: Exchange) => ExchangeEvent | undefined,
): Step | undefined {
  const first = step(exchange, event);
  const then = first && next(first.value);
  const second = first && then && step(first.value, then);
  if (first === undefined || second === undefined) return first;
  const effects = [...first.effects.filter(({ type }) => type !== 'dispatch'), ...second.effects];
  return { value: { ...second.value, version: exchange.version + 1 }, effects };
}

/** Whether every question of the round has its answer: also true of a round that asked nothing and only gave state. */
export const isAnswered = (exchange: Pick<Exchange, 'pending' | 'answers'>): boolean =>
  Object.keys(exchange.pending).every(key => Object.hasOwn(exchange.answers, key));

/** What an exchange counts for in its session. */
export interface Weight {
  /** Whether it is at work or waits: 1 or 0. */
  readonly calls: number;
  /** Questions that wait for an answer. */
  readonly questions: number;
  readonly eventBytes: number;
}

export const weightOf = ({ phase, pending, answers, logBytes = 0 }: Exchange): Weight => ({
  calls: phase === 'settled' ? 0 : 1,
  questions: phase === 'waiting' ? Object.keys(pending).filter(key => !Object.hasOwn(answers, key)).length : 0,
  eventBytes: logBytes,
});

export const NO_WEIGHT: Weight = { calls: 0, questions: 0, eventBytes: 0 };

export const sumOf = (one: Weight, other: Weight): Weight => ({
  calls: one.calls + other.calls,
  questions: one.questions + other.questions,
  eventBytes: one.eventBytes + other.eventBytes,
});

/** A new exchange: calling its first round, or going on from an earlier one whose questions and answers were kept. */
export function opened(
  fields: Pick<Exchange, 'session' | 'id' | 'request' | 'scopes' | 'createdAtMs' | 'expiresAtMs'> & {
    readonly lease: Lease;
  },
  kept?: Exchange,
): Step {
  const { lease, ...rest } = fields;
  const base = { ...rest, generation: 1, sequence: 0, version: 1, pending: {}, asked: [], answers: {} };
  if (kept === undefined) return { value: { ...base, phase: 'calling', round: 1, lease }, effects: [] };
  const value: Exchange = {
    ...base,
    round: kept.round,
    pending: kept.pending,
    answers: kept.answers,
    asked: Object.keys(kept.pending).filter(key => !Object.hasOwn(kept.answers, key)),
    ...(kept.requestState === undefined ? {} : { requestState: kept.requestState }),
    ...remembered(kept),
    askedAtMs: fields.createdAtMs,
    phase: isAnswered(kept) ? 'ready' : 'waiting',
  };
  return { value, effects: effectsOf({ ...value, phase: 'calling' }, value) };
}

function fold(exchange: Exchange, event: ExchangeEvent): Exchange | undefined {
  switch (event.type) {
    case 'completed':
      return {
        ...released(exchange, event),
        response: event.outcome,
        settledBy: 'upstream',
        ...NO_QUESTIONS,
      };
    case 'failed':
      return { ...sentAway(released(exchange, event), event), response: event.outcome, settledBy: event.by };
    case 'cancelled':
      return { ...released(exchange, event), settledBy: 'cancelled' };
    case 'displaced':
      return event.sequence > exchange.sequence ? { ...exchange, sequence: event.sequence } : undefined;
    case 'inputRequired':
      return asking(released(exchange, event), event);
    case 'answered':
      return answering(exchange, event);
    case 'claimed':
      return { ...claimedBy(exchange, event), ...remembered(exchange), round: exchange.round + 1 };
    case 'lapsed':
      return claimedBy(exchange, event);
    case 'renewed':
      return exchange.lease?.owner === event.owner
        ? { ...exchange, lease: { owner: event.owner, untilMs: event.untilMs } }
        : undefined;
  }
}

const NO_QUESTIONS = { pending: {}, asked: [], answers: {} } as const;

/** The exchange without a holder, at the place in the log where its driver left it. */
function released(exchange: Exchange, event: Driven): Exchange {
  const { lease: _, ...rest } = exchange;
  const expiresAtMs = exchange.task === undefined ? event.expiresAtMs : exchange.expiresAtMs;
  const logBytes = (exchange.logBytes ?? 0) + (event.bytes ?? 0);
  return {
    ...rest,
    sequence: event.sequence,
    expiresAtMs,
    ...highest(exchange, event.progress),
    ...(logBytes === 0 ? {} : { logBytes }),
  };
}

const highest = (exchange: Exchange, progress: number | undefined): { progress?: number } =>
  progress === undefined ? {} : { progress: Math.max(progress, exchange.progress ?? progress) };

function asking(exchange: Exchange, event: ExchangeEvents['inputRequired']): Exchange {
  const { requestState: _, withdrawn: __, ...rest } = exchange;
  return {
    ...rest,
    pending: event.requests,
    asked: event.quietly ? [] : Object.keys(event.requests).filter(key => !Object.hasOwn(event.known ?? {}, key)),
    answers: event.known ?? {},
    askedAtMs: event.nowMs,
    ...(event.requestState === undefined ? {} : { requestState: event.requestState }),
  };
}

/** The same call made again says that its pages were visited: that is its answer. */
function sentAway(exchange: Exchange, { pages }: ExchangeEvents['failed']): Exchange {
  if (pages === undefined) return exchange;
  const { requestState: _, ...rest } = exchange;
  const { requests, requestState } = pages;
  const answers = Object.fromEntries(Object.keys(requests).map(key => [key, ACCEPTED]));
  const asked = { ...rest, pending: requests, asked: [], answers };
  return { ...asked, ...remembered(asked), ...(requestState === undefined ? {} : { requestState }) };
}

/** The first answer to a question of this round counts; any other is late. */
function answering(exchange: Exchange, event: ExchangeEvents['answered']): Exchange | undefined {
  const isOpen = Object.hasOwn(exchange.pending, event.key) && !Object.hasOwn(exchange.answers, event.key);
  if (event.round !== exchange.round || !isOpen) return undefined;
  const answered = { ...exchange, answers: { ...exchange.answers, [event.key]: event.outcome } };
  const isShown = exchange.phase === 'waiting' && exchange.asked.includes(event.key);
  if (!isShown || event.elsewhere !== true) return answered;
  return { ...answered, withdrawn: [...(exchange.withdrawn ?? []), event.key] };
}

const claimedBy = (exchange: Exchange, event: Claim): Exchange => ({
  ...exchange,
  lease: { owner: event.owner, untilMs: event.untilMs },
  generation: exchange.generation + 1,
  sequence: event.sequence,
  ...highest(exchange, event.progress),
});

/** The last sequence the exchange is known to use: its outbox included. */
export const lastSequence = (exchange: Exchange): number => exchange.sequence + outboxOf(exchange).length;

function effectsOf(before: Exchange, after: Exchange): Effect[] {
  const effects: Effect[] = [];
  const isAsked = before.phase === 'waiting' && (after.phase === 'waiting' || after.phase === 'ready');
  const owes = isAsked ? before.withdrawn !== after.withdrawn : before.phase !== after.phase;
  const events = owes ? outboxOf(after) : [];
  if (events.length > 0) effects.push({ type: 'append', first: after.sequence + 1, events });
  if (after.phase === 'ready') effects.push({ type: 'dispatch' });
  if (before.phase === 'calling' && after.settledBy === 'cancelled') effects.push({ type: 'abandon' });
  return effects;
}
