/**
 * Cursors of paginated lists that belong to their principal: sealed on the way out, opened on the way in.
 *
 * Fermata speaks to the server behind it in its own name, so that server cannot tell whose cursor it gets; here is the only place
 * that can. A cursor of somebody else, of another list, or one that was altered is -32602, as an unknown one is ("Pagination", both
 * eras). Whatever may be in it stays unread. What goes on behind knows nothing of this.
 */
import { Fault, rpcErrorOf } from '../base/errors.ts';
import type { Seal } from '../ports/seal.ts';
import type { StatelessServer } from '../ports/stateless-server.ts';
import { responseOf } from '../protocol/messages.ts';
import { traitsOf } from '../protocol/methods.ts';

export function ownCursors(server: StatelessServer, seal: Seal): StatelessServer {
  const serve: StatelessServer = async function* (request, call) {
    const { method, id } = request;
    const binding = `cursor\n${call.principal.id}\n${method}`;
    const { cursor, ...params } = request.params;
    const opened = typeof cursor === 'string' ? seal.open(cursor, binding) : undefined;
    if (cursor !== undefined && opened === undefined) {
      const message =
        'This cursor is not one of this list for you. Take nextCursor as it came, or ask for the first page.';
      return yield responseOf(id, { error: rpcErrorOf(new Fault('invalid_params', message)) });
    }
    const asked = opened === undefined ? request : { ...request, params: { ...params, cursor: opened } };
    for await (const said of server(asked, call)) {
      const next = 'result' in said ? (said.result as Record<string, unknown>).nextCursor : undefined;
      if (typeof next !== 'string' || !('result' in said)) yield said;
      else yield responseOf(id, { result: { ...said.result, nextCursor: seal.seal(next, binding) } });
    }
  };
  return (request, call) => (traitsOf(request.method).paged ? serve(request, call) : server(request, call));
}
