/**
 * JSON-RPC messages of MCP: the official types by shorter names, and what tells them apart.
 *
 * Types come from the official package and are never declared again here. The guards look only at the envelope (JSON-RPC 2.0
 * §4, §5): whether `params` are right for a method is for whoever serves the method.
 */
import type {
  JSONRPCErrorResponse,
  JSONRPCNotification,
  JSONRPCRequest,
  JSONRPCResultResponse,
  RequestId,
} from '@modelcontextprotocol/server';
import { LIMITS } from '../base/limits.ts';

export type { RequestId };
export type RpcRequest = JSONRPCRequest;
export type RpcNotification = JSONRPCNotification;
export type RpcResponse = JSONRPCResultResponse | JSONRPCErrorResponse;
export type RpcError = JSONRPCErrorResponse['error'];
export type Message = RpcRequest | RpcNotification | RpcResponse;

/** The outcome part of a response: what a server said, without the id it said it to. */
export type Outcome = { readonly result: Record<string, unknown> } | { readonly error: RpcError };

type JsonObject = Record<string, unknown>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A request id as MCP allows it: a string or an integer, never null, bounded in length. */
export const isRequestId = (value: unknown): value is RequestId =>
  (typeof value === 'string' && value.length <= LIMITS.idCharactersMax) || Number.isSafeInteger(value);

const isEnvelope = (value: unknown): value is JsonObject => isObject(value) && value.jsonrpc === '2.0';
const hasObjectParams = (value: JsonObject): boolean => value.params === undefined || isObject(value.params);

export const isRequest = (value: unknown): value is RpcRequest =>
  isEnvelope(value) && typeof value.method === 'string' && isRequestId(value.id) && hasObjectParams(value);

export const isNotification = (value: unknown): value is RpcNotification =>
  isEnvelope(value) && typeof value.method === 'string' && !('id' in value) && hasObjectParams(value);

export const isErrorResponse = (value: unknown): value is JSONRPCErrorResponse =>
  isEnvelope(value) &&
  !('method' in value) &&
  isObject(value.error) &&
  Number.isInteger(value.error.code) &&
  typeof value.error.message === 'string';

export const isResultResponse = (value: unknown): value is JSONRPCResultResponse =>
  isEnvelope(value) && !('method' in value) && isRequestId(value.id) && isObject(value.result) && !('error' in value);

export const isResponse = (value: unknown): value is RpcResponse => isResultResponse(value) || isErrorResponse(value);

export const isMessage = (value: unknown): value is Message =>
  isRequest(value) || isNotification(value) || isResponse(value);

export const outcomeOf = (response: RpcResponse): Outcome =>
  'error' in response ? { error: response.error } : { result: response.result };

export const responseOf = (id: RequestId, outcome: Outcome): RpcResponse =>
  'error' in outcome
    ? { jsonrpc: '2.0', id, error: outcome.error }
    : ({ jsonrpc: '2.0', id, result: outcome.result } as RpcResponse);
