/**
 * What the contract suites of the stores need from an adapter, and the records they store. The clock stands still until a
 * suite moves it, so that expiry is decided by the suite and not by how fast the machine is.
 */
import type { Stores } from '../../core/ports/stores.ts';
import type { Exchange } from '../../core/session/exchange.ts';
import type { Session } from '../../core/session/session.ts';

export interface StoresUnderTest {
  readonly stores: Stores;
  /** The store's clock now. */
  now(): number;
  /** Moves the store's clock forward. */
  advance(ms: number): void;
  cleanup(): Promise<void>;
}

export type MakeStores = () => Promise<StoresUnderTest>;

const HOUR_MS = 60 * 60_000;

/** A clock that moves only when it is told to. */
export function handClock(startMs = Date.parse('2026-03-01T12:00:00Z')): { now(): number; advance(ms: number): void } {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    advance: ms => {
      nowMs += ms;
    },
  };
}

export const sampleSession = (nowMs: number, over: Partial<Session> = {}): Session => ({
  id: 'session-1',
  principal: 'ada',
  revision: '2025-11-25',
  clientInfo: { name: 'client', version: '1.0.0' },
  clientCapabilities: { elicitation: {} },
  subscriptions: [],
  kept: [],
  createdAtMs: nowMs,
  seenAtMs: nowMs,
  idleTimeoutMs: HOUR_MS,
  lifetimeMs: 8 * HOUR_MS,
  idleAction: 'sleep',
  version: 1,
  ...over,
});

export const sampleExchange = (nowMs: number, over: Partial<Exchange> = {}): Exchange => ({
  session: 'session-1',
  id: 'n7',
  phase: 'calling',
  request: {
    jsonrpc: '2.0',
    id: 7,
    method: 'tools/call',
    params: { name: 'add', arguments: { note: 'Zürich – 東京 🧾' } },
  },
  round: 1,
  pending: {},
  asked: [],
  answers: {},
  lease: { owner: 'owner-1', untilMs: nowMs + 30_000 },
  generation: 1,
  sequence: 0,
  createdAtMs: nowMs,
  expiresAtMs: nowMs + HOUR_MS,
  version: 1,
  ...over,
});
