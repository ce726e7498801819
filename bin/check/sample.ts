/** A value that fits a JSON schema, as far as a checker needs one: the first that is allowed, the shortest, the smallest. */
import { isObject } from '../../core/protocol/messages.ts';

const FORMATS: Readonly<Record<string, string>> = {
  email: 'a@example.com',
  uri: 'https://example.com/',
  date: '2026-01-01',
  'date-time': '2026-01-01T00:00:00Z',
};

export function sampleOf(schema: unknown): unknown {
  if (!isObject(schema)) return {};
  if ('const' in schema) return schema.const;
  if ('default' in schema) return schema.default;
  for (const choices of [schema.enum, schema.examples]) if (Array.isArray(choices)) return choices[0];
  for (const choices of [schema.oneOf, schema.anyOf]) if (Array.isArray(choices)) return sampleOf(choices[0]);
  const type: unknown = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case 'string':
      return FORMATS[String(schema.format)] ?? 'a'.repeat(Math.max(1, Number(schema.minLength ?? 1)));
    case 'integer':
    case 'number':
      return Number(
        schema.minimum ?? (schema.exclusiveMinimum === undefined ? 1 : Number(schema.exclusiveMinimum) + 1),
      );
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'array':
      return Array.from({ length: Number(schema.minItems ?? 0) }, () => sampleOf(schema.items));
    default:
      return membersOf(schema);
  }
}

function membersOf({ properties, required }: Record<string, unknown>): Record<string, unknown> {
  const needed = Array.isArray(required) ? required : [];
  const members = isObject(properties) ? Object.entries(properties) : [];
  return Object.fromEntries(
    members.filter(([name]) => needed.includes(name)).map(([name, one]) => [name, sampleOf(one)]),
  );
}
