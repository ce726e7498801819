/**
 * The HTTP headers of MCP: their names, how a value that is not plain ASCII is written in one, and which ones a modern
 * request must carry (2026-07-28, "Streamable HTTP": standard request headers, value encoding).
 *
 * Knows no HTTP library: headers are names and texts. Headers that mirror a tool's arguments are in `param-headers.ts`.
 */
import { decodeBase64, encodeBase64 } from './base64.ts';
import type { ModernRequest } from './envelope.ts';
import { META } from './envelope.ts';
import { traitsOf } from './methods.ts';

/** Names in lower case: HTTP compares them without case, and every library takes them so. */
export const HEADER = {
  protocolVersion: 'mcp-protocol-version',
  method: 'mcp-method',
  name: 'mcp-name',
  sessionId: 'mcp-session-id',
  lastEventId: 'last-event-id',
  /** Between a proxy of ours and a runner elsewhere: which session a call belongs to, when it ends and how long it stays awake, and which attempt it is. */
  callSession: 'fermata-session',
  callSessionEnds: 'fermata-session-ends',
  callSessionIdle: 'fermata-session-idle',
  callAttempt: 'fermata-attempt',
  /** And how often it was turned away, since it came to an environment that does not remember its session. */
  callTurnedAway: 'fermata-turned-away',
} as const;

const PREFIX = '=?base64?';
const SUFFIX = '?=';
const PLAIN = /^[\x20-\x7e]+$/;

const isEncoded = (value: string): boolean =>
  value.length >= PREFIX.length + SUFFIX.length && value.startsWith(PREFIX) && value.endsWith(SUFFIX);

/** A value as a header may carry it: itself where it is plain ASCII that parsing leaves alone, else base64 in a sentinel. */
export const encodeHeaderValue = (value: string): string =>
  PLAIN.test(value) && value === value.trim() && !isEncoded(value) ? value : `${PREFIX}${encodeBase64(value)}${SUFFIX}`;

/** The value a header carries; `undefined` for a sentinel that holds no proper base64. */
export function decodeHeaderValue(header: string): string | undefined {
  const value = header.replace(/^[ \t]+|[ \t]+$/g, '');
  return isEncoded(value) ? decodeBase64(value.slice(PREFIX.length, -SUFFIX.length)) : value;
}

/** What `Mcp-Name` must say for a request; `undefined` if its method mirrors nothing or the parameter is no text. */
export function mirroredName(method: string, params: Readonly<Record<string, unknown>>): string | undefined {
  const { nameParam } = traitsOf(method);
  const value = nameParam === undefined ? undefined : params[nameParam];
  return typeof value === 'string' ? value : undefined;
}

/** The headers that every modern request over HTTP carries. */
export function standardHeaders(request: ModernRequest): Record<string, string> {
  const name = mirroredName(request.method, request.params);
  return {
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    [HEADER.protocolVersion]: request.params._meta[META.protocolVersion],
    [HEADER.method]: encodeHeaderValue(request.method),
    ...(name === undefined ? {} : { [HEADER.name]: encodeHeaderValue(name) }),
  };
}
