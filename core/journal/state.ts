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

const VERSION = 1;

export const encodeState = (state: RoundState): string =>
  JSON.stringify({ v: VERSION, exp: state.expiresAtMs, nonce: state.nonce, journal: state.journal });

type Written = { readonly v: 1; readonly exp: number; readonly nonce: string; readonly journal: Journal };

/** The state that was written; `undefined` for a version this code does not know. Only for text whose seal was good. */
export function decodeState(text: string): RoundState | undefined {
  const written: Written | { readonly v: unknown } = JSON.parse(text);
  return isOfToday(written) ? { nonce: written.nonce, expiresAtMs: written.exp, journal: written.journal } : undefined;
}

const isOfToday = (written: { readonly v: unknown }): written is Written => written.v === VERSION;
