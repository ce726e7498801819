/**
 * Messages to a server of 2025, one POST each, with the headers of that era (2025-11-25, "Streamable HTTP").
 *
 * It knows sessions by their id only. What a status means for a session is told here: 404 says that it is gone.
 */
import { Fault } from '../base/errors.ts';
import type { CallContext } from '../ports/stateless-server.ts';
import { HEADER } from '../protocol/headers.ts';
import type { Message } from '../protocol/messages.ts';
import type { Answer, Carrier, Post } from './carrier.ts';

/** Where messages go: a session at the server, or none, and the revision spoken there. */
export interface Line {
  readonly sessionId: string | undefined;
  readonly revision: string | undefined;
}

/** For whom something is sent. */
export type Caller = Pick<CallContext, 'principal' | 'session'>;

export function legacyPost(message: Message, line: Line, caller: Caller): Post {
  const headers = {
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    ...lineHeaders(line),
  };
  return { headers, body: JSON.stringify(message), ...callerOf(caller) };
}

/** The status by which a server says that it still believes in the connection that a stream had before: it allows one at a time. */
export const CONFLICT = 409;

/** Opens the standalone stream, or resumes the one that an event belongs to. */
export function legacyGet(lastEventId: string | undefined, line: Line, caller: Caller): Post {
  const resumed = lastEventId === undefined ? {} : { [HEADER.lastEventId]: lastEventId };
  const headers = { accept: 'text/event-stream', ...lineHeaders(line), ...resumed };
  return { method: 'GET', headers, body: '', ...callerOf(caller) };
}

/** Ends a session. */
export const legacyDelete = (line: Line, caller: Caller): Post => ({
  method: 'DELETE',
  headers: lineHeaders(line),
  body: '',
  ...callerOf(caller),
});

const lineHeaders = ({ sessionId, revision }: Line): Record<string, string> => ({
  ...(sessionId === undefined ? {} : { [HEADER.sessionId]: sessionId }),
  ...(revision === undefined ? {} : { [HEADER.protocolVersion]: revision }),
});

const callerOf = ({ principal, session }: Caller): Pick<Post, 'principal' | 'session'> => ({
  principal,
  session: session?.id,
});

/** Sends what has no answer of its own: a notification, or the response to a question. */
export async function tell(
  carrier: Carrier,
  message: Message,
  line: Line,
  caller: Caller,
  signal: AbortSignal,
): Promise<void> {
  const answer = await carrier(legacyPost(message, line, caller), signal);
  for await (const _ of answer.body); // Read to its end, so that its connection can be used again.
  if (answer.status < 200 || answer.status >= 300) throw refusal(answer, line);
}

/** The fault of an answer that carries no message. */
export function refusal({ status }: Answer, { sessionId }: Line): Fault {
  const data = { status };
  return status === 404 && sessionId !== undefined
    ? new Fault('upstream_lost', 'The upstream does not know the session of this call any more. Make the call again.', {
        data,
      })
    : new Fault('upstream_unreachable', `The upstream refused the request with HTTP status ${status}.`, { data });
}
