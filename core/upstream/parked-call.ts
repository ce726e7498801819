/**
 * A call that waits at a server of 2025: what must be known to go on with it from any process, sealed in `requestState`
 * (`call-state.ts`). The upstream's session id is a secret of this side and never leaves it in the clear.
 */
import type { Introduction } from '../bridge/from-program.ts';
import type { Seal } from '../ports/seal.ts';
import type { CallContext } from '../ports/stateless-server.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import type { RequestId } from '../protocol/messages.ts';
import { isObject } from '../protocol/messages.ts';
import { FOLLOWING } from '../protocol/tasks.ts';
import { openedState, sealedState } from './call-state.ts';
import type { Followed } from './legacy-task.ts';

/** A question of the upstream, under the id it has there. */
export interface Waiting {
  readonly id: RequestId;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface ParkedCall {
  /** `undefined` for a server that keeps tasks, but no sessions. */
  readonly sessionId: string | undefined;
  readonly revision: string | undefined;
  /** What the server said of itself: another process has not heard it. */
  readonly introduction: Introduction;
  /** The call's id at the upstream. */
  readonly requestId: RequestId;
  /** Of a tool that runs as a task only: see `legacy-call.ts`. */
  readonly task?: 'wanted' | Followed | undefined;
  /** The last event read of its stream; `undefined` where the upstream gives no ids. */
  readonly position: string | undefined;
  /** The last event read of the session's standalone stream. */
  readonly standing: string | undefined;
  /** Names the connection that the process which parked the call may still hold. */
  readonly held: string;
  readonly waiting: Readonly<Record<string, Waiting>>;
  readonly expiresAtMs: number;
}

const VERSION = 1;

export function sealed(seal: Seal, parked: ParkedCall, request: ModernRequest, call: CallContext): string {
  const isFollowed = parked.task !== undefined && parked.task !== 'wanted';
  const text = sealedState(seal, { v: VERSION, ...parked }, { purpose: 'upstream', request, call });
  return isFollowed ? `${FOLLOWING}${text}` : text;
}

/** Throws `state_rejected` for what is not ours, was altered, belongs to another call, or is too old. */
export const opened = (
  seal: Seal,
  text: string,
  request: ModernRequest,
  call: CallContext,
  nowMs: number,
): ParkedCall =>
  openedState(
    seal,
    text.startsWith(FOLLOWING) ? text.slice(FOLLOWING.length) : text,
    { purpose: 'upstream', request, call },
    isParkedCall,
    nowMs,
  );

/** Whatever has our version was sealed above. */
const isParkedCall = (value: unknown): value is ParkedCall => isObject(value) && value.v === VERSION;
