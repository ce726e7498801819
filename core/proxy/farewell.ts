/**
 * A listening of 2026 that ends because this process closes ends with its result, so that the client knows to listen again elsewhere
 * (2026-07-28, "Subscriptions": graceful end). Everything else passes.
 */
import type { StatelessServer } from '../ports/stateless-server.ts';
import { META } from '../protocol/envelope.ts';
import { responseOf } from '../protocol/messages.ts';
import { traitsOf } from '../protocol/methods.ts';

export function withFarewell(server: StatelessServer, closing: AbortSignal): StatelessServer {
  const listen: StatelessServer = async function* (request, call) {
    const signal = AbortSignal.any([call.signal, closing]);
    try {
      for await (const said of server(request, { ...call, signal })) {
        yield said;
        if (!('method' in said)) return;
      }
    } catch (thrown) {
      if (!closing.aborted) throw thrown;
    }
    if (!closing.aborted || call.signal.aborted) return;
    const _meta = { [META.subscriptionId]: request.id };
    yield responseOf(request.id, { result: { resultType: 'complete', _meta } });
  };
  return (request, call) => (traitsOf(request.method).endless ? listen : server)(request, call);
}
