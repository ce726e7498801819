/**
 * Faults: every error a peer can see, as one closed union of codes.
 *
 * A fault says who must act (the client, the upstream's owner, the program's author, whoever runs the store, or us) and
 * carries the JSON-RPC code of the specification. It does not know HTTP: the one map from codes to statuses is
 * `core/http/status.ts`. Anything thrown that is not a `Fault` is "internal", and its text never reaches a peer.
 */

/** Who must act to make the error go away. */
export type Blame = 'client' | 'upstream' | 'program' | 'store' | 'operator' | 'us';

interface FaultRow {
  readonly blame: Blame;
  /** JSON-RPC error code: the specification's where it names one, else -32603 (internal) or the SDKs' own habit. */
  readonly rpc: number;
}

/** The closed list. `docs/errors.md` explains each row; the tidy test keeps the two together. */
export const FAULTS = {
  parse_error: { blame: 'client', rpc: -32700 },
  invalid_request: { blame: 'client', rpc: -32600 },
  invalid_params: { blame: 'client', rpc: -32602 },
  method_unknown: { blame: 'client', rpc: -32601 },
  path_unknown: { blame: 'client', rpc: -32000 },
  method_not_allowed: { blame: 'client', rpc: -32000 },
  session_required: { blame: 'client', rpc: -32000 },
  session_unknown: { blame: 'client', rpc: -32001 },
  session_ended: { blame: 'client', rpc: -32001 },
  sessions_exceeded: { blame: 'client', rpc: -32000 },
  calls_exceeded: { blame: 'client', rpc: -32000 },
  tasks_exceeded: { blame: 'client', rpc: -32000 },
  stream_unknown: { blame: 'client', rpc: -32000 },
  request_id_in_use: { blame: 'client', rpc: -32600 },
  header_mismatch: { blame: 'client', rpc: -32020 },
  capability_missing: { blame: 'client', rpc: -32021 },
  revision_unsupported: { blame: 'client', rpc: -32022 },
  state_rejected: { blame: 'client', rpc: -32602 },
  answer_invalid: { blame: 'client', rpc: -32602 },
  body_too_large: { blame: 'client', rpc: -32600 },
  media_type_unsupported: { blame: 'client', rpc: -32600 },
  not_acceptable: { blame: 'client', rpc: -32600 },
  host_rejected: { blame: 'client', rpc: -32000 },
  origin_rejected: { blame: 'client', rpc: -32000 },
  principal_required: { blame: 'client', rpc: -32000 },
  scope_insufficient: { blame: 'client', rpc: -32000 },
  upstream_unreachable: { blame: 'upstream', rpc: -32603 },
  upstream_busy: { blame: 'upstream', rpc: -32603 },
  upstream_timeout: { blame: 'upstream', rpc: -32603 },
  upstream_lost: { blame: 'upstream', rpc: -32603 },
  upstream_invalid: { blame: 'upstream', rpc: -32603 },
  rounds_exceeded: { blame: 'upstream', rpc: -32603 },
  questions_exceeded: { blame: 'upstream', rpc: -32603 },
  events_exceeded: { blame: 'upstream', rpc: -32603 },
  journal_mismatch: { blame: 'program', rpc: -32603 },
  journal_too_large: { blame: 'program', rpc: -32603 },
  state_too_large: { blame: 'program', rpc: -32603 },
  state_unavailable: { blame: 'program', rpc: -32603 },
  workspace_too_large: { blame: 'program', rpc: -32603 },
  memory_lost: { blame: 'program', rpc: -32603 },
  memory_elsewhere: { blame: 'program', rpc: -32603 },
  run_lost: { blame: 'program', rpc: -32603 },
  program_unstartable: { blame: 'program', rpc: -32603 },
  program_crashed: { blame: 'program', rpc: -32603 },
  program_unresponsive: { blame: 'program', rpc: -32603 },
  program_flooding: { blame: 'program', rpc: -32603 },
  store_unavailable: { blame: 'store', rpc: -32603 },
  store_corrupt: { blame: 'store', rpc: -32603 },
  workspace_damaged: { blame: 'store', rpc: -32603 },
  store_locked: { blame: 'operator', rpc: -32603 },
  gate_failed: { blame: 'operator', rpc: -32603 },
  issuer_unavailable: { blame: 'operator', rpc: -32603 },
  setting_invalid: { blame: 'operator', rpc: -32603 },
  internal: { blame: 'us', rpc: -32603 },
} as const satisfies Record<string, FaultRow>;

export type FaultCode = keyof typeof FAULTS;

export interface FaultOptions {
  /** Travels to the peer in `error.data`, beside `code`. JSON only. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** For the observer's eyes: the long text, a stack, a child's stderr. Never sent to a peer. */
  readonly detail?: string;
  readonly cause?: unknown;
}

/** An error with a code of the closed union. Its `message` is written for the person who must act, and is sent to the peer. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly data: Readonly<Record<string, unknown>> | undefined;
  readonly detail: string | undefined;

  constructor(code: FaultCode, message: string, options: FaultOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Fault';
    this.code = code;
    this.data = options.data;
    this.detail = options.detail;
  }

  get blame(): Blame {
    return FAULTS[this.code].blame;
  }

  /** The JSON-RPC error code for this fault. */
  get rpc(): number {
    return FAULTS[this.code].rpc;
  }
}

/** The fault that a thrown value is; whatever is no fault is `internal`, its text kept as `detail` only. */
export function faultOf(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  const detail = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return new Fault('internal', 'Internal error. Its details are in the server log.', { detail, cause: thrown });
}

/** The `error` member of a JSON-RPC response for a fault: `data.code` lets a program tell faults apart. */
export function rpcErrorOf(fault: Fault): { code: number; message: string; data: Record<string, unknown> } {
  return { code: fault.rpc, message: fault.message, data: { ...fault.data, code: fault.code } };
}

/** A bug of ours. Thrown where the type system cannot say what we know; reaches a peer as `internal`. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Asserts what must hold if the code is right. Not for bad input: that is a `Fault`. */
export function invariant(condition: unknown, what: string): asserts condition {
  if (!condition) throw new InvariantError(what);
}
