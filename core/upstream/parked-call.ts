/**
 * A call that waits at a server of 2025: what must be known to go on with it from any process, sealed in `requestState`.
 *
 * The seal binds it to the principal and to the call, so that nobody else's answers get there (2025-11-25, "Elicitation":
 * servers bind questions to users). The upstream's session id is a secret of this side and never leaves it in the clear.
 */
import { Fault } from '../base/errors.ts';
import type { Introduction } from '../bridge/from-program.ts';
import type { Seal } from '../ports/seal.ts';
import type { CallContext } from '../ports/stateless-server.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import { callDigest } from '../protocol/json.ts';
import type { RequestId } from '../protocol/messages.ts';

/** A question of the upstream, under the id it has there. */
export interface Waiting {
  readonly id: RequestId;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface ParkedCall {
  readonly sessionId: string;
  readonly revision: string | undefined;
  /** What the server said of itself: another process has not heard it. */
  readonly introduction: Introduction;
  /** The call's id at the upstream. */
  readonly requestId: RequestId;
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

export const sealed = (seal: Seal, parked: ParkedCall, request: ModernRequest, call: CallContext): string =>
  seal.seal(JSON.stringify({ v: VERSION, ...parked }), bindingOf(request, call));

/** Throws `state_rejected` for what is not ours, was altered, belongs to another call, or is too old. */
export function opened(seal: Seal, text: string, request: ModernRequest, call: CallContext, nowMs: number): ParkedCall {
  const plain = seal.open(text, bindingOf(request, call));
  const parked: (ParkedCall & { v: unknown }) | undefined = plain === undefined ? undefined : JSON.parse(plain);
  if (parked?.v === VERSION && parked.expiresAtMs > nowMs) return parked;
  throw new Fault(
    'state_rejected',
    'This requestState is not valid for this call: it was altered, is too old, or belongs to another call. Make the call again without it.',
  );
}

const bindingOf = (request: ModernRequest, { principal }: CallContext): string =>
  `upstream\n${principal.id}\n${callDigest(request.method, request.params)}`;
