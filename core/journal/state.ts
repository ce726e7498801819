/**
 * What stands inside a sealed `requestState`: the journal, the round's nonce and when it expires, as versioned JSON.
 *
 * Sealing (secrecy, authenticity, binding to principal and call) is the runner's business. The version says how to read the
 * rest: a reader for each version ever written stays here, so that a call that waited through an upgrade goes on.
 */
import type { Journal } from './journal.ts';

export interface RoundState {
  /** Names the round: its program runs once with the answers to this round's questions, however often they come. */
  readonly nonce: string;
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number;
  readonly journal: Journal;
}

/** 2 says that there are facts, which a reader of version 1 would overlook, and do again what was done. */
const versionOf = ({ facts }: Journal): number => (facts === undefined || facts.length === 0 ? 1 : 2);

export const encodeState = (state: RoundState): string =>
  JSON.stringify({
    v: versionOf(state.journal),
    exp: state.expiresAtMs,
    nonce: state.nonce,
    journal: plainest(state.journal),
  });

/** Without facts it is a journal of version 1, to the letter. */
const plainest = ({ facts = [], ...journal }: Journal): Journal =>
  facts.length === 0 ? journal : { ...journal, facts };

type Written = { readonly v: 1 | 2; readonly exp: number; readonly nonce: string; readonly journal: Journal };

/** The state that was written; `undefined` for a version this code does not know. Only for text whose seal was good. */
export function decodeState(text: string): RoundState | undefined {
  const written: Written | { readonly v: unknown } = JSON.parse(text);
  return isOfToday(written) ? { nonce: written.nonce, expiresAtMs: written.exp, journal: written.journal } : undefined;
}

const isOfToday = (written: { readonly v: unknown }): written is Written => written.v === 1 || written.v === 2;
