/**
 * What a gated call remembers between its rounds: which gate asked what, how the arguments were changed, and the upstream's
 * own `requestState`, whole, inside ours. It travels sealed, so a client can neither read nor change it.
 *
 * Specification: 2026-07-28, "Multi round-trip requests": states are opaque to clients, and servers must not trust them.
 */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Environment } from '../ports/environment.ts';
import type { Seal } from '../ports/seal.ts';
import type { CallContext } from '../ports/stateless-server.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import { callDigest } from '../protocol/json.ts';
import { isObject } from '../protocol/messages.ts';
import type { Json } from './gate.ts';

export interface GateState {
  /** Of this waiting; a question asked again keeps it. */
  readonly nonce: string;
  readonly expiresAtMs: number;
  readonly arguments: Json;
  /** The gate that waits; without one all have let the call through, and the upstream asks. */
  readonly asked?: {
    readonly gate: string;
    readonly memo: Json;
    readonly times: number;
    readonly elsewhere?: { readonly shown: boolean };
  };
  readonly upstreamState?: string;
}

/** What ours begin with: an upstream's state may be sealed as well, by the same keys. */
const PREFIX = 'gates1~';

export class GateStates {
  readonly #seal: Seal;
  readonly #environment: Environment;

  constructor(seal: Seal, environment: Environment) {
    this.#seal = seal;
    this.#environment = environment;
  }

  sealed(state: GateState, request: ModernRequest, call: CallContext): string {
    return PREFIX + this.#seal.seal(JSON.stringify(state), bindingOf(request, call));
  }

  /** The state that came with a request, if it is one of ours; throws `state_rejected` where it is not good for this call. */
  opened(request: ModernRequest, call: CallContext): GateState | undefined {
    const { requestState } = request.params;
    if (typeof requestState !== 'string' || !requestState.startsWith(PREFIX)) return undefined;
    const isPossible = requestState.length <= 2 * LIMITS.requestStateBytesMax;
    const text = isPossible ? this.#seal.open(requestState.slice(PREFIX.length), bindingOf(request, call)) : undefined;
    const state: unknown = text === undefined ? undefined : JSON.parse(text);
    if (isState(state) && state.expiresAtMs > this.#environment.now()) return state;
    throw stateRejected('it was altered, has expired, or belongs to another call or user');
  }
}

export const stateRejected = (why: string): Fault =>
  new Fault('state_rejected', `This requestState is not valid here: ${why}. Make the call again without it.`);

/** Whom, which session and what a state is for: the tool and a digest of its arguments are part of it. */
const bindingOf = ({ method, params }: ModernRequest, { principal, session }: CallContext): string =>
  JSON.stringify(['gates', principal.id, session?.id ?? '', method, params.name, callDigest(method, params)]);

const isState = (value: unknown): value is GateState =>
  isObject(value) &&
  typeof value.nonce === 'string' &&
  typeof value.expiresAtMs === 'number' &&
  isObject(value.arguments);
