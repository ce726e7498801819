/**
 * `initialize`: opens a session.
 *
 * The upstream is asked what it is (`server/discover`), the answer is put in the legacy form, and the session is stored
 * before its id is told. A stale session id on the request is ignored: the client wants a new one (2025-11-25 "Lifecycle").
 */

import { invariant } from '../base/errors.ts';
import { initializeResultOf, introductionOf, modernClientCapabilities } from '../bridge/legacy-initialize.ts';
import { modernRequestOf } from '../bridge/legacy-request.ts';
import type { LegacyCall, Reply } from '../ports/stateful-server.ts';
import type { Outcome, RpcRequest } from '../protocol/messages.ts';
import { outcomeOf, responseOf } from '../protocol/messages.ts';
import { classOf } from '../session/policy.ts';
import type { Session } from '../session/session.ts';
import { admitSession } from './admission.ts';
import type { Engine } from './engine.ts';
import { hasStandaloneStream } from './standalone.ts';
import { isSomebody } from './task-address.ts';
import { ask } from './upstream.ts';
import { watch } from './watch.ts';

export async function openSession(engine: Engine, request: RpcRequest, call: LegacyCall): Promise<Reply> {
  const introduction = introductionOf(request.params);
  const client = {
    clientInfo: introduction.clientInfo,
    clientCapabilities: modernClientCapabilities(introduction.clientCapabilities, introduction.revision),
  };
  const discover = { jsonrpc: '2.0', id: 'discover', method: 'server/discover' } as const;
  const response = await ask(engine, modernRequestOf(discover, discover.id, client), { principal: call.principal });
  const outcome: Outcome = outcomeOf(response);
  if ('error' in outcome) return { kind: 'json', body: responseOf(request.id, outcome) };

  const nowMs = engine.environment.now();
  const session: Session = {
    id: engine.environment.newId(),
    principal: call.principal.id,
    ...introduction,
    subscriptions: [],
    kept: [],
    createdAtMs: nowMs,
    seenAtMs: nowMs,
    ...keptAs(engine, call),
    version: 1,
  };
  await admitSession(engine, session);
  invariant((await engine.stores.sessions.create(session)) === 'created', 'a fresh session id was taken');
  engine.observer({ event: 'session.opened', level: 'info', session: session.id, principal: session.principal });
  watch(engine, session);
  const can = { hearOutsideCalls: hasStandaloneStream(engine), listTasks: isSomebody(session.principal) };
  const result = { ...initializeResultOf(outcome.result, introduction.revision, can) };
  return { kind: 'json', body: responseOf(request.id, { result }), sessionId: session.id };
}

/** How a new session is kept: as its principal's class says, or as for everybody. */
function keptAs(
  { settings }: Engine,
  { principal }: LegacyCall,
): Pick<Session, 'class' | 'idleTimeoutMs' | 'lifetimeMs' | 'idleAction'> {
  const chosen = classOf(settings.classes ?? [], principal);
  const { idleTimeoutMs, lifetimeMs, idleAction } = chosen?.policy ?? settings;
  return { ...(chosen === undefined ? {} : { class: chosen.name }), idleTimeoutMs, lifetimeMs, idleAction };
}
