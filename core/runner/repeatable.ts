/**
 * Whether a request may be run again although it may have had its effects: by the nature of its method, or because the tool
 * says so (`readOnlyHint`, `idempotentHint`; 2025-11-25, "Tool annotations"), or because the operator says so for all.
 */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { isObject } from '../protocol/messages.ts';
import { traitsOf } from '../protocol/methods.ts';
import type { Served } from './round.ts';

/** The fault for a call that would have to be begun a second time though its program must not be. */
export const begunBefore = (): Fault =>
  new Fault(
    'run_lost',
    'This call was begun before, and what it was doing is gone with its process. The program is marked as not repeatable, so ' +
      'the call is not begun a second time. See what it did, and make a new call if that is right.',
  );

export async function isRepeatable(round: Served): Promise<boolean> {
  const { request, workshop } = round;
  if (workshop.options.repeatable === false) return traitsOf(request.method).repeatable === true;
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
