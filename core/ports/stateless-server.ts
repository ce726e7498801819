/**
 * The one contract between the halves: a server of MCP 2026-07-28 as a function type.
 *
 * One request in; notifications, then exactly one response out, which may be `input_required`. The runner *is* one, the
 * upstream adapters are, a gate maps one to another, and the proxy is built on one. Nothing here knows who implements it.
 */

import type { ModernRequest } from '../protocol/envelope.ts';
import type { RpcNotification, RpcResponse } from '../protocol/messages.ts';

/** Whoever calls without credentials, all of them together. Exists on loopback only. */
export const ANONYMOUS = 'anonymous';

/** The reason of a signal where the process ends and the call goes on in another: what was begun for it is left as it is. */
export const GOES_ON_ELSEWHERE = 'the call goes on in another process';

/** The authenticated identity a call is made for, or `ANONYMOUS`. */
export interface Principal {
  readonly id: string;
  /** What its credential was granted, where it says so: policies may name them. */
  readonly scopes?: readonly string[];
}

/** A session as those behind the proxy may know it. */
export interface SessionHandle {
  readonly id: string;
  /** Tells it apart from others without being a secret: see `state-scope.ts`. */
  readonly name: string;
  /** When it ends whatever happens, in milliseconds since the epoch: nothing needs to be kept for it any longer. */
  readonly endsAtMs: number;
  /** How long it stays awake without a call, in milliseconds, where that is known: memory need not be kept any longer. */
  readonly idleMs?: number;
}

export interface CallContext {
  readonly principal: Principal;
  /** Aborted when nobody wants the answer any more: the callee stops, frees everything and ends the iteration. */
  readonly signal: AbortSignal;
  /**
   * Present when the caller already makes sure that this round runs at most once (the proxy's lease on an exchange); its
   * absence tells the runner to guard the round itself.
   */
  readonly lease?: { readonly session: string; readonly exchange: string; readonly generation: number };
  /**
   * The session that the call belongs to; absent for clients of the modern era, which have none. What may be kept between
   * calls (memory, files, state) is kept for exactly this.
   */
  readonly session?: SessionHandle;
  /**
   * Present when the caller may make this very call again after a process died at it: its name, the same each time, and whether
   * there was an earlier attempt. What an attempt has done is kept under the name.
   */
  readonly attempt?: Attempted;
  /** How often this call was turned away with `memory_elsewhere`: it came to a process that has not what its session remembers. */
  readonly turnedAway?: number;
}

export interface Attempted {
  readonly call: string;
  readonly again: boolean;
}

/**
 * Serves one request.
 *
 * The iteration yields notifications that belong to the request and then the response, last. It throws a `Fault` for what
 * is not the request's own outcome: an unreachable upstream, a crashed program, a rejected state. When `signal` is aborted
 * it may end without a response.
 */
export type StatelessServer = (
  request: ModernRequest,
  call: CallContext,
) => AsyncIterable<RpcNotification | RpcResponse>;
