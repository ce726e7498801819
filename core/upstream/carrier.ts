/**
 * What carries a request to an upstream and its answer back: an HTTP connection, the invocation of a function.
 *
 * Carrier and upstream speak HTTP in either case, so all that lies above the bytes is shared and lives in this folder.
 */
import type { Principal } from '../ports/stateless-server.ts';

/** One POST: the headers that the protocol asks for, and the message. Servers of 2025 know GET and DELETE as well, without one. */
export interface Post {
  readonly method?: 'POST' | 'GET' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For whom, where the carrier keeps callers apart. */
  readonly principal: Principal;
  readonly session: string | undefined;
}

/** An answer whose head has arrived. */
export interface Answer {
  readonly status: number;
  /** The value of `Content-Type`; the empty text for none. */
  readonly contentType: string;
  /** The value of `Mcp-Session-Id`: a server of 2025 opened a session. */
  readonly sessionId?: string | undefined;
  /** The body in the pieces it comes in. Throws a fault when it breaks; leaving it early frees what carries it. */
  readonly body: AsyncIterable<string>;
}

/**
 * Sends a request and resolves with the head of its answer. `signal` ends both of them. Throws `upstream_unreachable` for a
 * request that was never taken and `upstream_lost` for one that may have been: the retry policy needs to tell them apart.
 */
export type Carrier = (post: Post, signal: AbortSignal) => Promise<Answer>;
