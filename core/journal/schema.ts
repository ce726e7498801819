/**
 * Values judged by a JSON Schema (2020-12): the one place that names the validator. A schema that cannot be used throws, so
 * that whoever asks decides what that means: an answer's schema then judges nothing, a gate's refuses.
 */
import type { Schema } from '@cfworker/json-schema';
import { Validator } from '@cfworker/json-schema';

/** What is wrong with a value, in words; `undefined` if it fits. */
export function schemaProblem(schema: Schema, value: unknown): string | undefined {
  return problemBy(new Validator(schema, '2020-12'), value);
}

/** The same for a schema that is used often: it is prepared once. */
export function schemaJudge(schema: Schema): (value: unknown) => string | undefined {
  const validator = new Validator(schema, '2020-12');
  return value => problemBy(validator, value);
}

function problemBy(validator: Validator, value: unknown): string | undefined {
  const { valid, errors } = validator.validate(value);
  if (valid) return undefined;
  const deepest = errors.at(-1);
  return deepest === undefined ? 'It does not fit the schema.' : `${deepest.instanceLocation}: ${deepest.error}`;
}
