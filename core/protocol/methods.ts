/**
 * One descriptor per method: everything the system needs to know about it is a row of this table.
 *
 * Nothing outside this file enumerates methods. A method that has no row is forwarded untouched: the upstream says whether
 * it knows it.
 */

export interface MethodTraits {
  /** A modern server may answer it with `input_required` (2026-07-28, "Multi round-trip requests"). */
  readonly mayAsk?: true;
  /** A modern result carries `ttlMs` and `cacheScope` (SEP-2549). */
  readonly cacheable?: true;
  /** Running it again does no harm by the nature of the method; `tools/call` depends on the tool's annotations. */
  readonly repeatable?: true;
  /** Exists in the legacy era only: a modern request for it is "method not found". */
  readonly legacyOnly?: true;
  /** Its result may be one page of several, with a cursor for the next. */
  readonly paged?: true;
  /** Its response comes only when someone ends it: no time-out applies. */
  readonly endless?: true;
  /** The parameter that a modern HTTP client mirrors in `Mcp-Name`. */
  readonly nameParam?: 'name' | 'uri' | 'taskId';
}

const METHODS: Readonly<Record<string, MethodTraits>> = {
  'server/discover': { cacheable: true, repeatable: true },
  'tools/list': { cacheable: true, repeatable: true, paged: true },
  'tools/call': { mayAsk: true, nameParam: 'name' },
  'prompts/list': { cacheable: true, repeatable: true, paged: true },
  'prompts/get': { mayAsk: true, repeatable: true, nameParam: 'name' },
  'resources/list': { cacheable: true, repeatable: true, paged: true },
  'resources/templates/list': { cacheable: true, repeatable: true, paged: true },
  'resources/read': { mayAsk: true, cacheable: true, repeatable: true, nameParam: 'uri' },
  'completion/complete': { repeatable: true },
  'subscriptions/listen': { repeatable: true, endless: true },
  'tasks/get': { repeatable: true, nameParam: 'taskId' },
  'tasks/update': { nameParam: 'taskId' },
  'tasks/cancel': { repeatable: true, nameParam: 'taskId' },
  initialize: { legacyOnly: true },
  ping: { legacyOnly: true, repeatable: true },
  'logging/setLevel': { legacyOnly: true, repeatable: true },
  'resources/subscribe': { legacyOnly: true, repeatable: true },
  'resources/unsubscribe': { legacyOnly: true, repeatable: true },
};

const NONE: MethodTraits = {};

/** The traits of a method; an unknown method has none. */
export const traitsOf = (method: string): MethodTraits => METHODS[method] ?? NONE;

/** What a server may ask a client for within a call: the methods of `inputRequests`. */
export const INPUT_METHODS = ['elicitation/create', 'sampling/createMessage', 'roots/list'] as const;
export type InputMethod = (typeof INPUT_METHODS)[number];
export const isInputMethod = (method: unknown): method is InputMethod => INPUT_METHODS.includes(method as InputMethod);

/** RFC 5424 severities in the specification's spelling, from the least severe to the most. */
export const LOG_LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const isLogLevel = (value: unknown): value is LogLevel => LOG_LEVELS.includes(value as LogLevel);
export const isAtLeast = (level: unknown, threshold: LogLevel): boolean =>
  isLogLevel(level) && LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(threshold);
