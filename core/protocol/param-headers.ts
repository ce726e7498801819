/**
 * Headers that mirror a tool's arguments: `x-mcp-header` in a tool's `inputSchema` makes a client send `Mcp-Param-…`
 * (2026-07-28, "Custom headers from tool parameters").
 *
 * An annotation counts only where the specification allows it: a token, unique without case, on a string, integer or boolean
 * that is reached by `properties` alone. A schema with an annotation that does not count mirrors nothing at all.
 */
import { encodeHeaderValue } from './headers.ts';
import { isObject } from './messages.ts';

export interface MirroredParam {
  readonly header: string;
  readonly path: readonly string[];
}

const ANNOTATION = 'x-mcp-header';
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const MIRRORED_TYPES = new Set<unknown>(['string', 'integer', 'boolean']);

/** The parameters that a tool's schema wants mirrored. */
export function mirroredParams(inputSchema: unknown): readonly MirroredParam[] {
  const found: MirroredParam[] = [];
  return collect(inputSchema, [], found) ? found : [];
}

/** Collects annotated properties; `false` as soon as one does not count. */
function collect(schema: unknown, path: readonly string[], found: MirroredParam[]): boolean {
  if (!isObject(schema)) return true;
  if (ANNOTATION in schema) {
    const name = schema[ANNOTATION];
    if (path.length === 0 || typeof name !== 'string' || !TOKEN.test(name) || !MIRRORED_TYPES.has(schema.type))
      return false;
    const header = `mcp-param-${name.toLowerCase()}`;
    if (found.some(other => other.header === header)) return false;
    found.push({ header, path });
  }
  if (!isObject(schema.properties)) return true;
  return Object.entries(schema.properties).every(([key, child]) => collect(child, [...path, key], found));
}

/** The headers for one call. An argument that is absent, null or of another kind is not mirrored. */
export function paramHeaders(mirrored: readonly MirroredParam[], args: unknown): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { header, path } of mirrored) {
    const text = textOf(path.reduce<unknown>((node, key) => (isObject(node) ? node[key] : undefined), args));
    if (text !== undefined) headers[header] = encodeHeaderValue(text);
  }
  return headers;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || Number.isSafeInteger(value)) return String(value);
  return undefined;
}
