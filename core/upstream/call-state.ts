/**
 * What this side must know again when a call of an upstream goes on, sealed in `requestState`.
 *
 * The seal binds it to what it is for, to the principal and to the call, so that nobody else's answers get there (2025-11-25,
 * "Elicitation": servers bind questions to users). What is in it is the business of whoever seals it.
 */
import { Fault } from '../base/errors.ts';
import type { Seal } from '../ports/seal.ts';
import type { CallContext } from '../ports/stateless-server.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import { callDigest, parsedJson } from '../protocol/json.ts';

/** What a state is for: `purpose` tells the kinds of states apart. */
export interface Binding {
  readonly purpose: 'upstream' | 'visits';
  readonly request: ModernRequest;
  readonly call: CallContext;
}

interface Expiring {
  readonly expiresAtMs: number;
}

export const sealedState = <State extends Expiring>(seal: Seal, state: State, binding: Binding): string =>
  seal.seal(JSON.stringify(state), textOf(binding));

/** Throws `state_rejected` for what is not ours, was altered, belongs to another call, or is too old. */
export function openedState<State extends Expiring>(
  seal: Seal,
  text: string,
  binding: Binding,
  isState: (value: unknown) => value is State,
  nowMs: number,
): State {
  const plain = seal.open(text, textOf(binding));
  const state = plain === undefined ? undefined : parsedJson(plain);
  if (isState(state) && state.expiresAtMs > nowMs) return state;
  throw new Fault(
    'state_rejected',
    'This requestState is not valid for this call: it was altered, is too old, or belongs to another call. Make the call again without it.',
  );
}

const textOf = ({ purpose, request, call }: Binding): string =>
  `${purpose}\n${call.principal.id}\n${callDigest(request.method, request.params)}`;
