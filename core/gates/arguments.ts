/**
 * The arguments gate: where required arguments are missing or invalid against the tool's `inputSchema`, a person is asked for
 * those that a form can express; the answers are merged, and judged again.
 *
 * What a form cannot express passes through untouched, and the tool says what it thinks of it. What the model gave is never
 * overwritten, unless it is invalid and shown as such. Specification: 2026-07-28, "Elicitation", restricted schemas.
 */
import { LIMITS } from '../base/limits.ts';
import { anyOf } from '../base/pattern.ts';
import { lackFor } from '../bridge/from-question.ts';
import { schemaProblem } from '../journal/schema.ts';
import { META } from '../protocol/envelope.ts';
import { isObject } from '../protocol/messages.ts';
import type { Gate, GatedCall, Json, Verdict } from './gate.ts';
import { plain } from './showing.ts';

export interface ArgumentsOptions {
  /** Names or patterns of the tools it is for. */
  readonly tools: readonly string[];
  /** And of those among them that it is not for. */
  readonly except?: readonly string[];
}

export function argumentsGate({ tools, except = [] }: ArgumentsOptions): Gate {
  const isFor = anyOf(tools);
  const isExcepted = anyOf(except);
  const lacking = async (seen: GatedCall): Promise<Lacking | undefined> => {
    if (!isFor(seen.tool) || isExcepted(seen.tool)) return undefined;
    const schema = (await seen.listed())?.inputSchema;
    return schema === undefined ? undefined : lackingIn(schema, seen.arguments);
  };
  return {
    name: 'arguments',
    async enter(seen) {
      const found = await lacking(seen);
      const capabilities = seen.request.params._meta[META.clientCapabilities];
      const canAsk = lackFor('elicitation/create', {}, { ...capabilities }) === undefined;
      return found === undefined || !canAsk ? { kind: 'unconcerned' } : asking(seen, found);
    },
    async answered(seen, _memo, { by, action, content }) {
      if (action !== 'accept') return notGiven(by);
      const found = await lacking(seen);
      if (found === undefined) return { kind: 'pass', because: 'its arguments are whole' };
      const given = Object.fromEntries(
        Object.entries(content).filter(([name]) => Object.hasOwn(found.properties, name)),
      );
      const whole: GatedCall = { ...seen, arguments: { ...seen.arguments, ...given } };
      const left = await lacking(whole);
      const names = Object.keys(given).join(', ');
      return left === undefined
        ? { kind: 'pass', because: `${by} gave ${names}`, arguments: whole.arguments }
        : asking(seen, { ...found, problems: left.problems });
    },
    async explain(seen) {
      const found = await lacking(seen);
      return [found === undefined ? 'does not ask' : `asks, because ${found.problems.join('; ')}`];
    },
  };
}

interface Lacking {
  /** The form's properties, by argument. */
  readonly properties: Readonly<Record<string, Json>>;
  readonly required: readonly string[];
  readonly problems: readonly string[];
}

/** What a form can ask for; `undefined` where nothing is wrong, or something that no form can put right. */
function lackingIn(schema: Json, args: Json): Lacking | undefined {
  const declared = isObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required.filter(name => typeof name === 'string') : [];
  const properties: Record<string, Json> = {};
  const problems: string[] = [];
  for (const name of new Set([...required, ...Object.keys(args)])) {
    const own = Object.hasOwn(declared, name) ? declared[name] : undefined;
    const isGiven = Object.hasOwn(args, name);
    if (isGiven && !isObject(own)) continue;
    const problem = isGiven
      ? schemaProblem({ ...(isObject(own) ? own : {}), $defs: schema.$defs ?? {} }, args[name])
      : 'it is missing';
    if (problem === undefined) continue;
    const field = isObject(own) ? fieldOf(own) : undefined;
    if (field === undefined) return undefined;
    properties[name] = isGiven ? { ...field, description: describedAgain(field, args[name]) } : field;
    problems.push(`${name}: ${problem}`);
  }
  const names = Object.keys(properties);
  return names.length === 0 || names.length > LIMITS.shownArgumentsMax
    ? undefined
    : { properties, required: names, problems };
}

const describedAgain = (field: Json, given: unknown): string =>
  `${typeof field.description === 'string' ? `${field.description} ` : ''}Given and not valid: ${plain(JSON.stringify(given)).slice(0, LIMITS.shownValueCharactersMax)}`;

const KEPT = [
  'type',
  'title',
  'description',
  'default',
  'enum',
  'enumNames',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
];
const FORMATS = new Set(['email', 'uri', 'date', 'date-time']);

/** An argument's schema as a form's field, if a form can have it: a primitive, or a choice of texts. */
function fieldOf(schema: Json): Json | undefined {
  const type = schema.type ?? (Array.isArray(schema.enum) ? 'string' : undefined);
  if (typeof type !== 'string' || !['string', 'number', 'integer', 'boolean'].includes(type)) return undefined;
  if (Array.isArray(schema.enum) && !schema.enum.every(value => typeof value === 'string')) return undefined;
  const field = Object.fromEntries(KEPT.filter(key => schema[key] !== undefined).map(key => [key, schema[key]]));
  const { format } = schema;
  return { ...field, type, ...(typeof format === 'string' && FORMATS.has(format) ? { format } : {}) };
}

function asking(seen: GatedCall, { properties, required, problems }: Lacking): Verdict {
  const params = {
    mode: 'form',
    message: `The call of ${plain(seen.tool)} needs more:\n${problems.map(plain).join('\n')}`,
    requestedSchema: { type: 'object', properties, required: [...required] },
  };
  return {
    kind: 'ask',
    because: problems.join('; '),
    memo: {},
    question: { method: 'elicitation/create', params },
  };
}

const notGiven = (by: string): Verdict => ({
  kind: 'refuse',
  text: 'The missing arguments were asked for and not given, so the call was not made.',
  because: `${by} did not give what is missing`,
});
