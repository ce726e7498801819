/**
 * Messages as a wire would carry them: copies that hold nothing but JSON.
 *
 * In one process an object could be handed over as it is, and then a program that goes on changing what it returned would
 * change it in our journal. So every message is copied, with the semantics of `JSON.stringify` (`toJSON`, no `undefined`, no
 * `NaN`). Texts are shared, so a large result costs little. Knows nothing of MCP.
 */

/** A copy of a value as JSON would have it. Throws for what JSON cannot hold: a bigint, a cycle. */
export function plainJson(value: unknown): unknown {
  const json = hasToJson(value) ? value.toJSON() : value;
  if (Array.isArray(json)) return json.map(item => plainJson(item) ?? null);
  if (typeof json === 'object' && json !== null) return plainObject(json);
  if (typeof json === 'number') return Number.isFinite(json) ? json : null;
  if (typeof json === 'bigint') throw new TypeError('A bigint is no JSON value.');
  return typeof json === 'string' || typeof json === 'boolean' || json === null ? json : undefined;
}

function plainObject(value: object): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    const plain = plainJson(member);
    if (plain !== undefined) define(copy, key, plain);
  }
  return copy;
}

/** An own member named `__proto__` is data like any other; an assignment would change the prototype instead. */
function define(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

const hasToJson = (value: unknown): value is { toJSON(): unknown } =>
  typeof value === 'object' && value !== null && 'toJSON' in value && typeof value.toJSON === 'function';
