/**
 * Calls whose client gave up or whose process died: their questions and answers are kept, so that the same call made again in
 * the session continues instead of asking again.
 *
 * The session names them, since it is loaded for every request anyway and a plain call must cost no further read. A kept call
 * is taken once: forgetting it is a conditional write of the session.
 */
import { LIMITS } from '../base/limits.ts';
import { callDigest } from '../protocol/json.ts';
import type { RpcRequest } from '../protocol/messages.ts';
import type { Exchange } from '../session/exchange.ts';
import type { Session } from '../session/session.ts';
import { forgetting, keeping, keptCall } from '../session/session.ts';
import { changeSession } from './changes.ts';
import type { Engine } from './engine.ts';

/** Notes that an exchange may be continued. Before it is settled: a note too many does no harm, one too few loses answers. */
export async function keepCall(engine: Engine, session: Session, exchange: Exchange): Promise<void> {
  if (Object.keys(exchange.pending).length === 0) return;
  const nowMs = engine.environment.now();
  const { method, params } = exchange.request;
  const kept = { call: callDigest(method, params), exchange: exchange.id, untilMs: nowMs + LIMITS.settledKeepMs };
  await changeSession(engine, session, current => keeping(current, kept, nowMs, LIMITS.keptCallsPerSessionMax));
}

/** The exchange that this call continues, if it is one made before; it is taken out of the session, by one taker only. */
export async function takeKept(engine: Engine, session: Session, request: RpcRequest): Promise<Exchange | undefined> {
  if (session.kept.length === 0) return undefined;
  const call = callDigest(request.method, request.params);
  const nowMs = engine.environment.now();
  const note = keptCall(session, call, nowMs);
  const exchange = note && (await engine.stores.exchanges.load(session.id, note.exchange));
  if (exchange?.settledBy !== 'cancelled' && exchange?.settledBy !== 'lost') return undefined;
  let taken = false;
  await changeSession(engine, session, current => {
    taken = keptCall(current, call, nowMs)?.exchange === exchange.id;
    return taken ? forgetting(current, call) : current;
  });
  return taken ? exchange : undefined;
}
