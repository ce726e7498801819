/**
 * What an HTTP face needs from the proxy: a server with sessions for legacy clients, and the plain upstream for modern ones.
 *
 * Replies are values; which status and header they become is the face's business (`core/http`). Every method throws a
 * `Fault` for bad input.
 */
import type { Message, RpcResponse } from '../protocol/messages.ts';
import type { Principal, StatelessServer } from './stateless-server.ts';

/** One legacy HTTP request, without HTTP. */
export interface LegacyCall {
  readonly principal: Principal;
  /** `Mcp-Session-Id`, if the client sent one. */
  readonly sessionId: string | undefined;
  /** `MCP-Protocol-Version`, if the client sent one. */
  readonly revision: string | undefined;
  /** Aborted when the connection is gone. That ends the delivery, never the call. */
  readonly signal: AbortSignal;
}

/**
 * One event of a connection. Without a `message` the event's data is empty: it primes the client with an id. Events are
 * sent in the order given; `retry` (milliseconds) tells the client when to come back after the connection ends.
 */
export interface StreamEvent {
  readonly id?: string;
  readonly retry?: number;
  readonly message?: Message;
}

export type Reply =
  /** 200 `application/json`; `sessionId` goes into `Mcp-Session-Id` (the answer to `initialize` only). */
  | { readonly kind: 'json'; readonly body: RpcResponse | readonly RpcResponse[]; readonly sessionId?: string }
  /** 202, no body. */
  | { readonly kind: 'accepted' }
  /** 200 `text/event-stream`. The face ends the connection when the iteration ends. */
  | { readonly kind: 'stream'; readonly events: AsyncIterable<StreamEvent> };

export interface StatefulServer {
  /** A POST: one parsed JSON body, not yet known to be a message at all. */
  receive(body: unknown, call: LegacyCall): Promise<Reply>;
  /** A GET with `Last-Event-ID`: the rest of that stream. */
  resume(lastEventId: string, call: LegacyCall): Promise<Reply>;
  /** A GET without `Last-Event-ID`: what happens outside of calls. Throws `method_not_allowed` where nothing can come. */
  listen(call: LegacyCall): Promise<Reply>;
  /** A DELETE: ends the session now. */
  end(call: LegacyCall): Promise<void>;
  /** Modern clients go straight through. */
  readonly modern: StatelessServer;
  /** Ends every connection with `retry` and stops driving; what is open stays in the store and goes on elsewhere. */
  close(): Promise<void>;
}
