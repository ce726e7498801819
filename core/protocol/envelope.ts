/**
 * The envelope of a modern request: what every 2026-07-28 request says about its client in `params._meta`, and the keys
 * that Fermata adds for itself.
 *
 * The specification's keys are in its own namespace (2026-07-28, "Request metadata"); ours are under `dev.fermata/`, and a
 * server that does not know them ignores them.
 */
import type { ClientCapabilities, Implementation, InputRequest, InputResponse } from '@modelcontextprotocol/server';
import type { RpcRequest } from './messages.ts';
import { isObject } from './messages.ts';
import type { LogLevel } from './methods.ts';

export const META = {
  protocolVersion: 'io.modelcontextprotocol/protocolVersion',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  logLevel: 'io.modelcontextprotocol/logLevel',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  subscriptionId: 'io.modelcontextprotocol/subscriptionId',
  progressToken: 'progressToken',
  /** On a question, set by a program's author: the key of the question in `inputRequests`. */
  inputKey: 'dev.fermata/inputKey',
  /** On a result that asks, set by the runner: it asks before the task is made that the call may become. */
  beforeTask: 'dev.fermata/beforeTask',
  /** On a result that asks for pages to be visited: the program has ended the call until then (`-32042`), and does not wait. */
  visitFirst: 'dev.fermata/visitFirst',
  /** On a request, set by the proxy for a session: resource URIs the client subscribed to. */
  subscriptions: 'dev.fermata/subscriptions',
  /** On a request, set by the proxy for a session: the roots the client last told, so that a program need not ask. */
  roots: 'dev.fermata/roots',
  /** On a request, set by the proxy: its client resumes, so that the program may end its connections (`connection-end.ts`). */
  endsConnections: 'dev.fermata/endsConnections',
  /** On an `input_required` result, set by a gate: its questions are decided elsewhere, and not put to the client. */
  elsewhere: 'dev.fermata/elsewhere',
  /** On a question, set by a gate: under which ticket the call waits. */
  ticket: 'dev.fermata/ticket',
} as const;

/** Legacy clients never see these: they belong to the modern envelope. */
export const ENVELOPE_PREFIX = 'io.modelcontextprotocol/';

export interface ModernMeta {
  [META.protocolVersion]: string;
  [META.clientCapabilities]: ClientCapabilities;
  [META.clientInfo]?: Implementation;
  [META.logLevel]?: LogLevel;
  progressToken?: string | number;
  [key: string]: unknown;
}

export type InputRequests = Record<string, InputRequest>;
export type InputResponses = Record<string, InputResponse>;

/** A request of 2026-07-28: self-describing, and perhaps the retry of an earlier round. */
export interface ModernRequest extends RpcRequest {
  params: {
    _meta: ModernMeta;
    inputResponses?: InputResponses;
    requestState?: string;
    [key: string]: unknown;
  };
}

/** The `_meta` of anything, or an empty one. */
export const metaOf = (message: { params?: { _meta?: unknown } | undefined } | undefined): Record<string, unknown> =>
  isObject(message?.params?._meta) ? message.params._meta : {};
