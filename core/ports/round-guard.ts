/**
 * Makes a round of a program run once, however often its `requestState` comes back (2026-07-28: `requestState` is not
 * single-use by itself). Contract: `test/contracts/round-guard.contract.ts`.
 */
export type RoundClaim =
  /** Ours: run it, then settle it. */
  | { readonly kind: 'claimed' }
  /** Someone claimed it and has not settled it; `live` says whether that holder may still be running. */
  | { readonly kind: 'held'; readonly live: boolean }
  /** It ran before; this is what came of it. */
  | { readonly kind: 'settled'; readonly outcome: string };

export interface RoundGuard {
  /**
   * Claims a nonce for `owner` until a moment. A holder whose time is over is `held` with `live: false`; so is one whose
   * process is known to be dead, which an embedded store tells by itself. From `expiresAtMs` on the nonce is free again.
   */
  claim(nonce: string, owner: string, nowMs: number, untilMs: number, expiresAtMs: number): Promise<RoundClaim>;
  /** Takes over a nonce from a holder that is not live any more. `false` if it is, or if someone else was faster. */
  reclaim(nonce: string, owner: string, nowMs: number, untilMs: number): Promise<boolean>;
  /** Records what came of it. Only the holder may: from anyone else, and when it is settled already, it changes nothing. */
  settle(nonce: string, owner: string, outcome: string): Promise<void>;
}
