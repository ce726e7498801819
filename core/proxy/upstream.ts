/** Requests the proxy makes to the upstream for itself: short, without questions, without notifications. */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { modernRequestOf } from '../bridge/legacy-request.ts';
import type { CallContext } from '../ports/stateless-server.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import type { RpcResponse } from '../protocol/messages.ts';
import { isObject, outcomeOf } from '../protocol/messages.ts';
import { traitsOf } from '../protocol/methods.ts';
import type { Exchange } from '../session/exchange.ts';
import type { Session } from '../session/session.ts';
import type { Engine } from './engine.ts';
import { handleOf } from './handle.ts';
import { clientFactsOf } from './sessions.ts';
import { onlyLooks } from './upstream-tasks.ts';

/** For whom the proxy asks: a principal, within a session if there is one already. */
type Asker = Pick<CallContext, 'principal' | 'session'>;

/** The response to one request; notifications on the way are dropped. */
export async function ask(engine: Engine, request: ModernRequest, asker: Asker): Promise<RpcResponse> {
  const signal = AbortSignal.any([engine.closing.signal, AbortSignal.timeout(LIMITS.roundMsMax)]);
  for await (const message of engine.upstream(request, { ...asker, signal })) {
    if (!('method' in message)) return message;
  }
  throw new Fault('upstream_invalid', `The server ended without a response to ${request.method}.`);
}

/**
 * Whether running a round again does no harm: by the method's nature, because it only looks after a task, or because the tool says so in its annotations. What
 * cannot be found out counts as harmful.
 */
export async function isRepeatable(engine: Engine, session: Session, exchange: Exchange): Promise<boolean> {
  const { method, params } = exchange.request;
  if (traitsOf(method).repeatable || onlyLooks(exchange.requestState)) return true;
  if (method !== 'tools/call') return false;
  const annotations = await annotationsOf(engine, session, params?.name).catch(() => undefined);
  return annotations?.readOnlyHint === true || annotations?.idempotentHint === true;
}

async function annotationsOf(
  engine: Engine,
  session: Session,
  tool: unknown,
): Promise<Record<string, unknown> | undefined> {
  let cursor: string | undefined;
  for (let page = 0; page < LIMITS.listPagesMax; page++) {
    const list = {
      jsonrpc: '2.0',
      id: 'tools',
      method: 'tools/list',
      params: cursor === undefined ? {} : { cursor },
    } as const;
    const response = await ask(engine, modernRequestOf(list, list.id, clientFactsOf(session)), {
      principal: { id: session.principal },
      session: handleOf(session),
    });
    const outcome = outcomeOf(response);
    if ('error' in outcome || !Array.isArray(outcome.result.tools)) return undefined;
    const found = outcome.result.tools.find(candidate => isObject(candidate) && candidate.name === tool);
    if (isObject(found)) return isObject(found.annotations) ? found.annotations : undefined;
    if (typeof outcome.result.nextCursor !== 'string') return undefined;
    cursor = outcome.result.nextCursor;
  }
  return undefined;
}
