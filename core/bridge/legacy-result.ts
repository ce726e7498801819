/**
 * What a modern server says, as a legacy client expects to hear it.
 *
 * The modern envelope is taken off (`resultType`, `ttlMs`, `cacheScope`, reserved `_meta` keys); everything else passes
 * untouched, in the words of the client's revision (`legacy-projection.ts`). Statuses are not known here. Source: mcp.md's bridging table, rule "strip on the way to a legacy client".
 */
import { Fault } from '../base/errors.ts';
import { ENVELOPE_PREFIX } from '../protocol/envelope.ts';
import type { Outcome, RpcNotification } from '../protocol/messages.ts';
import { isObject } from '../protocol/messages.ts';
import type { LegacyRevision } from '../protocol/revisions.ts';
import { LEGACY_TRAITS } from '../protocol/revisions.ts';
import { projectedError, projectedResult } from './legacy-projection.ts';

type JsonObject = Record<string, unknown>;

/** What the outcome was asked for, and by a client of which age. */
export interface Asked {
  readonly method: string;
  readonly revision: LegacyRevision;
}

/** A completed modern outcome as a legacy one. Throws `upstream_invalid` for a result type nobody defined. */
export function legacyOutcomeOf(outcome: Outcome, { method, revision }: Asked): Outcome {
  if ('error' in outcome) return projectedError(method, outcome.error, revision);
  const { resultType, ttlMs: _t, cacheScope: _c, ...result } = outcome.result as JsonObject;
  if (resultType !== undefined && resultType !== 'complete') {
    throw new Fault(
      'upstream_invalid',
      `The server answered with resultType ${JSON.stringify(resultType)}, which is unknown.`,
    );
  }
  const projected = projectedResult(bare(result), revision);
  return { result: method === 'tools/list' && LEGACY_TRAITS[revision].tasks ? withTaskSupport(projected) : projected };
}

/** Any tool may be called as a task of 2025-11-25: tasks are made in front of the server, which runs the tool as ever. */
const withTaskSupport = (result: JsonObject): JsonObject =>
  Array.isArray(result.tools)
    ? {
        ...result,
        tools: result.tools.map((tool: unknown) =>
          isObject(tool) ? { ...tool, execution: { taskSupport: 'optional' } } : tool,
        ),
      }
    : result;

/** Without the reserved keys of the modern envelope in `_meta`. */
function bare(value: JsonObject): JsonObject {
  if (!isObject(value._meta)) return value;
  const kept = Object.entries(value._meta).filter(([key]) => !key.startsWith(ENVELOPE_PREFIX));
  const { _meta, ...rest } = value;
  return kept.length === 0 ? rest : { ...rest, _meta: Object.fromEntries(kept) };
}

export const legacyNotificationOf = (notification: RpcNotification): RpcNotification =>
  isObject(notification.params)
    ? ({ ...notification, params: bare(notification.params) } as RpcNotification)
    : notification;

/** Whether a modern result asks for input. */
export const isInputRequired = (outcome: Outcome): outcome is { result: JsonObject } =>
  'result' in outcome && outcome.result.resultType === 'input_required';
