/**
 * Error codes of JSON-RPC 2.0 and of MCP that have a meaning of their own in the translation between the eras.
 *
 * Which era emits which is not decided here (2026-07-28, "Error codes"; 2025-11-25, "URL Elicitation Required Error"). The codes of
 * our own faults are `core/base/errors.ts`.
 */
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;
/** Legacy era only. */
export const RESOURCE_NOT_FOUND = -32002;
/** Legacy era only: pages must be visited before the call is made again. */
export const URL_ELICITATION_REQUIRED = -32042;
/** Modern era only. */
export const CAPABILITY_MISSING = -32021;
