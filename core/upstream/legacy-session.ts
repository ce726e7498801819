/**
 * The handshake with a server of 2025, and whom it was made for.
 *
 * A server that gives a session id keeps a session; one that gives none is stateless, and the handshake only told what it
 * is. What one client says of itself is told to no other: a session belongs to one principal, and to one Fermata session or
 * one set of capabilities (2025-11-25, "Lifecycle": capabilities are those of the session).
 */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Client } from '../bridge/from-modern.ts';
import { initializeParams } from '../bridge/from-modern.ts';
import type { Introduction } from '../bridge/from-program.ts';
import { introductionOf } from '../bridge/from-program.ts';
import type { CallContext } from '../ports/stateless-server.ts';
import { canonicalJson, digest } from '../protocol/json.ts';
import type { RequestId, RpcError } from '../protocol/messages.ts';
import { isResponse } from '../protocol/messages.ts';
import type { LogLevel } from '../protocol/methods.ts';
import type { Carrier } from './carrier.ts';
import type { Caller, Line } from './legacy-post.ts';
import { legacyDelete, legacyPost, tell } from './legacy-post.ts';
import { heardFrom } from './legacy-stream.ts';
import { StandingStream } from './standing-stream.ts';

export interface LegacySession extends Line {
  readonly introduction: Introduction;
  /** What it says outside any call; there is none without a session. */
  readonly standing: StandingStream | undefined;
  /** For whom it was opened. */
  readonly caller: Caller;
  /** The ids of calls that wait in it for their clients. */
  readonly waiting: Set<RequestId>;
  /** Resources subscribed to, and how many listen for each. */
  readonly subscribed: Map<string, number>;
  /** As the session was told last. */
  logLevel: LogLevel | undefined;
}

const ID = 'fermata-initialize';

/**
 * Makes the handshake. Throws `upstream_invalid` for a server that refuses it. `whole`: a server without sessions is told as well that it is
 * over, since one that wants a handshake may want to hear that.
 */
export async function openLegacySession(
  carrier: Carrier,
  client: Client,
  call: CallContext,
  whole = false,
): Promise<LegacySession> {
  const late = AbortSignal.timeout(LIMITS.upstreamProbeMs);
  try {
    return await opened(carrier, client, { ...call, signal: AbortSignal.any([call.signal, late]) }, whole);
  } catch (thrown) {
    if (!late.aborted || call.signal.aborted) throw thrown;
    throw new Fault('upstream_timeout', `The upstream did not shake hands within ${LIMITS.upstreamProbeMs} ms.`);
  }
}

async function opened(carrier: Carrier, client: Client, call: CallContext, whole: boolean): Promise<LegacySession> {
  const { signal } = call;
  const initialize = { jsonrpc: '2.0', id: ID, method: 'initialize', params: initializeParams(client) } as const;
  const noLine = { sessionId: undefined, revision: undefined };
  const answer = await carrier(legacyPost(initialize, noLine, call), signal);
  const { sessionId } = answer;
  const reading = { carrier, line: { sessionId, revision: undefined }, call, signal, requestId: ID };
  for await (const { message } of heardFrom(answer, reading)) {
    if (message === undefined || !isResponse(message) || (message.id ?? ID) !== ID) continue;
    if ('error' in message) throw refused(message.error.message);
    const { protocolVersion: revision } = message.result;
    if (typeof revision !== 'string') throw refused('its answer names no revision');
    const line = { sessionId, revision };
    const initialized = { jsonrpc: '2.0', method: 'notifications/initialized' } as const;
    if (sessionId !== undefined) await tell(carrier, initialized, line, call, signal);
    else if (whole) await tell(carrier, initialized, line, call, signal).catch(() => undefined);
    return sessionOn(carrier, line, introductionOf(message.result), call);
  }
  throw refused('its answer is none to it');
}

/** A session that exists already: what a call waits in. */
export const sessionOn = (
  carrier: Carrier,
  line: Line,
  introduction: Introduction,
  call: CallContext,
): LegacySession => ({
  ...line,
  introduction,
  standing: line.sessionId === undefined ? undefined : new StandingStream(carrier, line, call),
  caller: { principal: call.principal, ...(call.session === undefined ? {} : { session: call.session }) },
  waiting: new Set(),
  subscribed: new Map(),
  logLevel: undefined,
});

/** Tells the server that a session is over. One that does not know how to end sessions has its own ways, and one that cannot be reached as well. */
export async function endLegacySession(carrier: Carrier, session: LegacySession): Promise<void> {
  session.standing?.close();
  if (session.sessionId === undefined) return;
  try {
    const { body } = await carrier(
      legacyDelete(session, session.caller),
      AbortSignal.timeout(LIMITS.upstreamPartingMs),
    );
    for await (const _ of body); // Read to its end, so that its connection can be used again.
  } catch {
    // It ends by itself some day.
  }
}

const refused = (why: string): Fault => new Fault('upstream_invalid', `The upstream refused the handshake: ${why}.`);

/** Codes of errors about the protocol. What goes wrong within a call is -32603, and may speak of anything. */
const PROTOCOL_CODES = [-32000, -32001, -32002, -32600, -32602];
const NO_HANDSHAKE = [
  /^(?:bad request: |invalid request: |error: )?(?:the )?(?:mcp )?(?:server|session|connection|client)(?: is| was| has)? not (?:yet )?(?:been )?initiali[sz]ed/i,
  /^(?:received )?request (?:received )?before initiali[sz]ation/i,
  /^(?:bad request: |invalid request: |error: )?(?:no valid session|(?:invalid|unknown|missing|invalid or missing) session(?: ?id)?\b|session not found)/i,
];

/**
 * Whether a server refuses a call, before it begins it, because it knows of no handshake: it was started anew, is another environment of
 * the same function, or wants one before each call.
 */
export const missesHandshake = ({ code, message }: RpcError): boolean =>
  PROTOCOL_CODES.includes(code) && NO_HANDSHAKE.some(words => words.test(message));

/** For whom a session may be used: nobody else's calls go through it. */
export const ownerOf = (client: Client, { principal, session }: CallContext): string =>
  JSON.stringify([principal.id, session?.id ?? '', digest(canonicalJson(client.capabilities))]);
