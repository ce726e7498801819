/**
 * The one map from fault codes to HTTP statuses, for both eras, and the few headers that belong to a status.
 *
 * Legacy clients read 404 as "your session is gone" and any other 4xx or 5xx as a broken connection, so what is the outcome
 * of a well-formed legacy request travels as 200 with a JSON-RPC error. The modern era fixes 404 for unknown methods and 400
 * for what its validation rejects (2026-07-28, "Error codes"). Every cell is pinned by `test/http/status.test.ts`.
 */
import type { Fault, FaultCode } from '../base/errors.ts';
import type { RpcResponse } from '../protocol/messages.ts';

export type Era = 'legacy' | 'modern';

interface StatusRow {
  readonly legacy: number;
  readonly modern: number;
  /** `Retry-After`, in seconds: trying again may help by itself. */
  readonly retryAfterSeconds?: number;
}

const both = (status: number): StatusRow => ({ legacy: status, modern: status });

export const STATUSES: Readonly<Record<FaultCode, StatusRow>> = {
  parse_error: both(400),
  invalid_request: both(400),
  invalid_params: { legacy: 200, modern: 400 },
  method_unknown: { legacy: 200, modern: 404 },
  path_unknown: both(404),
  method_not_allowed: both(405),
  session_required: both(400),
  session_unknown: both(404),
  session_ended: both(404),
  sessions_exceeded: { ...both(429), retryAfterSeconds: 60 },
  calls_exceeded: { legacy: 200, modern: 429, retryAfterSeconds: 1 },
  tasks_exceeded: { legacy: 200, modern: 429, retryAfterSeconds: 60 },
  stream_unknown: both(400),
  request_id_in_use: both(400),
  header_mismatch: both(400),
  capability_missing: { legacy: 200, modern: 400 },
  revision_unsupported: both(400),
  state_rejected: both(200),
  answer_invalid: { legacy: 400, modern: 200 },
  body_too_large: both(413),
  media_type_unsupported: both(415),
  not_acceptable: both(406),
  host_rejected: both(403),
  origin_rejected: both(403),
  principal_required: both(401),
  scope_insufficient: both(403),
  upstream_unreachable: both(502),
  upstream_busy: { ...both(503), retryAfterSeconds: 1 },
  upstream_timeout: both(504),
  upstream_lost: both(502),
  upstream_invalid: both(502),
  rounds_exceeded: both(502),
  questions_exceeded: { legacy: 200, modern: 502 },
  events_exceeded: { legacy: 200, modern: 502 },
  journal_mismatch: both(200),
  journal_too_large: both(200),
  state_too_large: both(200),
  state_unavailable: both(200),
  workspace_too_large: both(200),
  memory_lost: both(200),
  memory_elsewhere: both(200),
  run_lost: both(200),
  program_unstartable: both(200),
  program_crashed: both(200),
  program_unresponsive: both(200),
  program_flooding: both(200),
  store_unavailable: { ...both(503), retryAfterSeconds: 1 },
  store_corrupt: both(500),
  workspace_damaged: both(200),
  store_locked: both(500),
  gate_failed: both(200),
  issuer_unavailable: { ...both(503), retryAfterSeconds: 5 },
  setting_invalid: both(500),
  internal: both(500),
};

export const statusOf = (fault: Fault, era: Era): number => STATUSES[fault.code][era];

/** Errors of a modern server whose status the specification fixes, whoever in the chain said them. */
const STATUS_BY_RPC_CODE: Readonly<Record<number, number>> = {
  [-32601]: 404,
  [-32020]: 400,
  [-32021]: 400,
  [-32022]: 400,
};

/** The status of a modern response: an error that is the outcome of the request itself travels as 200. */
export const statusOfResponse = (response: RpcResponse): number =>
  'error' in response ? (STATUS_BY_RPC_CODE[response.error.code] ?? 200) : 200;
