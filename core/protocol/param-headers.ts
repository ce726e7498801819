/**
 * Headers that mirror a tool's arguments: `x-mcp-header` in a tool's `inputSchema` makes a client send `Mcp-Param-…`
 * (2026-07-28, "Custom headers from tool parameters").
 *
 * An annotation counts only where the specification allows it: a token, unique without case, on a string, integer or boolean
 * that is reached by `properties` alone. A schema with an annotation that does not count mirrors nothing at all.
 */
import { decodeHeaderValue, encodeHeaderValue } from './headers.ts';
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

/** Whether all annotations of a tool's schema count. A client must not offer a tool of which one does not. */
export const isMirrorable = (inputSchema: unknown): boolean => collect(inputSchema, [], []);

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
    const text = textOf(valueAt(args, path));
    if (text !== undefined) headers[header] = encodeHeaderValue(text);
  }
  return headers;
}

const DECIMAL = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;

/**
 * What is wrong with the headers that came with a call, if anything: each argument to be mirrored has its header, and the header
 * says the same. One without its argument is not expected, and not looked at. Numbers are the same by value.
 */
export function paramHeaderProblem(
  mirrored: readonly MirroredParam[],
  args: unknown,
  headerOf: (name: string) => string | undefined,
): string | undefined {
  for (const { header, path } of mirrored) {
    const value = valueAt(args, path);
    const text = textOf(value);
    if (text === undefined) continue;
    const given = headerOf(header);
    if (given === undefined) return `The ${header} header is missing.`;
    const said = decodeHeaderValue(given);
    if (said === undefined) return `The ${header} header holds no proper base64.`;
    const isSameNumber = typeof value === 'number' && DECIMAL.test(said) && Number(said) === value;
    if (said !== text && !isSameNumber) return `The ${header} header does not say what the body says.`;
  }
  return undefined;
}

const valueAt = (args: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((node, key) => (isObject(node) ? node[key] : undefined), args);

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || Number.isSafeInteger(value)) return String(value);
  return undefined;
}
