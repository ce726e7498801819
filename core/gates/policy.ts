/**
 * Which calls a policy names: by tool, by annotations, by a condition on the arguments, by principal or scope. All that it says must
 * apply. Where a condition cannot be judged, the call counts as named: a gate takes the careful side.
 */
import { anyOf } from '../base/pattern.ts';
import { schemaJudge } from '../journal/schema.ts';
import type { Condition } from './expression.ts';
import { condition, Undecidable } from './expression.ts';
import type { GatedCall, Json } from './gate.ts';

export interface PolicyScope {
  /** Names, or patterns with `*`. */
  readonly tools?: readonly string[];
  /** `destructive`: all but those that say `readOnlyHint` or `destructiveHint: false`; `writing`: all but `readOnlyHint`. */
  readonly annotations?: 'destructive' | 'writing';
  /** An expression on the arguments: `amount > 1000`. */
  readonly when?: string;
  /** A JSON Schema that the arguments must fit to be named. */
  readonly schema?: Json;
  /** Names of principals, or patterns with `*`. */
  readonly principals?: readonly string[];
  /** Scopes, or patterns with `*`, of which the caller's credential grants one at least. */
  readonly scopes?: readonly string[];
}

/** Why a call is named, in words; `undefined` if it is not. Cheap questions come first. */
export type Names = (call: GatedCall) => string | undefined | Promise<string | undefined>;

export function namesOf(scope: PolicyScope): Names {
  const tool = scope.tools && anyOf(scope.tools);
  const principal = scope.principals && anyOf(scope.principals);
  const granted = scope.scopes && anyOf(scope.scopes);
  const when = scope.when === undefined ? undefined : condition(scope.when);
  const problem = scope.schema && schemaJudge(scope.schema);
  return seen => {
    if (tool !== undefined && !tool(seen.tool)) return undefined;
    if (principal !== undefined && !principal(seen.call.principal.id)) return undefined;
    if (granted !== undefined && seen.call.principal.scopes?.some(granted) !== true) return undefined;
    if (problem !== undefined && problem(seen.arguments) !== undefined) return undefined;
    const held = when === undefined ? 'yes' : judged(when, seen.arguments);
    if (held === 'no') return undefined;
    const reasons = [
      ...(tool === undefined ? [] : [`the tool ${seen.tool} is named`]),
      ...(principal === undefined ? [] : ['the principal is named']),
      ...(granted === undefined ? [] : ['a scope of the principal is named']),
      ...(problem === undefined ? [] : ['the arguments fit its schema']),
      ...(when === undefined ? [] : [held === 'yes' ? `${scope.when} holds` : `${scope.when} cannot be judged`]),
    ];
    if (scope.annotations === undefined) return reasons.join(', ') || 'every call is named';
    return byAnnotations(seen, scope.annotations, reasons);
  };
}

async function byAnnotations(
  seen: GatedCall,
  wanted: 'destructive' | 'writing',
  reasons: readonly string[],
): Promise<string | undefined> {
  const hints = (await seen.listed())?.annotations ?? {};
  const isMild = hints.readOnlyHint === true || (wanted === 'destructive' && hints.destructiveHint === false);
  return isMild ? undefined : [...reasons, `the tool may be ${wanted}, by its annotations`].join(', ');
}

function judged(when: Condition, args: Json): 'yes' | 'no' | 'perhaps' {
  try {
    return when(args) ? 'yes' : 'no';
  } catch (thrown) {
    if (thrown instanceof Undecidable) return 'perhaps';
    throw thrown;
  }
}
