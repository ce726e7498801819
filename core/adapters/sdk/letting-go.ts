/**
 * Lets go of what the SDK keeps for a handler that waits for answers which will never come.
 *
 * A kept program outlives many calls, and an open await of a handler hangs on nothing but private maps of its server:
 * `_responseHandlers` and `_progressHandlers` by the id of the question, `_requestHandlerAbortControllers` by that of the request. Once
 * it is taken out of them, the await never settles, so no `catch` and no `finally` of the program runs, and the garbage collector
 * takes the handler. Where a release of the SDK keeps these elsewhere nothing breaks, but that memory stays until the program
 * goes. Pinned by `test/adapters/sdk/private-parts.test.ts`.
 */
import type { RequestId } from '../../protocol/messages.ts';
import type { ProtocolServer } from './built-server.ts';

/** The await of a question: nobody will answer it. */
export const letGoOfQuestion = (protocol: ProtocolServer, question: RequestId): void =>
  takeOut(protocol, question, '_responseHandlers', '_progressHandlers');

/** The signal of a request: nobody will cancel it. */
export const letGoOfRequest = (protocol: ProtocolServer, request: RequestId): void =>
  takeOut(protocol, request, '_requestHandlerAbortControllers');

function takeOut(protocol: ProtocolServer, id: RequestId, ...fields: readonly string[]): void {
  for (const field of fields) {
    const map = protocol[field];
    if (map instanceof Map) map.delete(id);
  }
}
