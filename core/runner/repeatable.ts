/**
 * Whether a request may be run again although it may have had its effects: by the nature of its method, or because the tool
 * says so (`readOnlyHint`, `idempotentHint`; 2025-11-25, "Tool annotations"), or because the operator says so for all.
 */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { callDigest, digest } from '../protocol/json.ts';
import { isObject } from '../protocol/messages.ts';
import { traitsOf } from '../protocol/methods.ts';
import type { Served } from './round.ts';

/** The fault for a call that would have to be begun a second time though its program must not be. */
export const begunBefore = (): Fault =>
  new Fault(
    'run_lost',
    'This call was begun before, and what it was doing is gone with its process. It is marked as not repeatable, so ' +
      'the call is not begun a second time. See what it did, and make a new call if that is right.',
  );

/** Whether a call must never be begun a second time. Reading may be, whatever the program says of itself: only what it does may not. */
export function isOnceOnly({ workshop, request }: Served): boolean {
  const { repeatable, notRepeatableTools = [] } = workshop.options;
  if (repeatable === false) return traitsOf(request.method).repeatable !== true;
  return request.method === 'tools/call' && notRepeatableTools.includes(String(request.params.name));
}

/**
 * Notes that a call begins which must not begin a second time, and throws `run_lost` for one that did: a request that is sent again
 * because its process died before anything of it was stored bears the same id in the same session.
 */
export async function beginOnce({ call, request, workshop }: Served): Promise<void> {
  const { attempt, lease, session, principal } = call;
  if (attempt?.again === true) throw begunBefore();
  const store = workshop.options.state;
  if (store === undefined || session === undefined || lease === undefined) return;
  const names = [principal.id, session.name, lease.exchange, callDigest(request.method, request.params)];
  const note = { scope: `begun#${digest(JSON.stringify(names))}`, version: 1, json: '{}' };
  const expiresAtMs = session.endsAtMs + LIMITS.settledKeepMs;
  if ((await store.commit({ ...note, expiresAtMs })) === 'conflict') throw begunBefore();
}

export async function isRepeatable(round: Served): Promise<boolean> {
  const { request, workshop } = round;
  if (isOnceOnly(round)) return false;
  if (workshop.options.retryLost !== 'idempotent') return workshop.options.retryLost === 'always';
  if (traitsOf(request.method).repeatable) return true;
  const annotations = request.method === 'tools/call' ? await annotationsOf(request.params.name, round) : {};
  return annotations.readOnlyHint === true || annotations.idempotentHint === true;
}

/** Looks the tool up in the program's list, page by page. */
async function annotationsOf(name: unknown, round: Served): Promise<Record<string, unknown>> {
  let cursor: unknown;
  for (let page = 0; page < LIMITS.listPagesMax; page++) {
    const params = cursor === undefined ? {} : { cursor };
    const listing = { jsonrpc: '2.0' as const, id: 'tools', method: 'tools/list', params };
    const end = await round.workshop.run(round.client, listing, round.signal);
    if (end.kind !== 'completed' || 'error' in end.outcome) return {};
    const { tools, nextCursor } = end.outcome.result;
    const tool = Array.isArray(tools)
      ? tools.find(candidate => isObject(candidate) && candidate.name === name)
      : undefined;
    if (isObject(tool)) return isObject(tool.annotations) ? tool.annotations : {};
    if (typeof nextCursor !== 'string') return {};
    cursor = nextCursor;
  }
  return {};
}
