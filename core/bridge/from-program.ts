/**
 * From a legacy program to a modern client: what a program answered becomes what 2026-07-28 allows on the wire.
 *
 * Results gain `resultType`, cache hints and the server's name, and lose what the modern era does not have (tasks of
 * 2025-11-25); errors get codes that still mean something (2026-07-28, "Error codes": -32002 and -32042 are not emitted any
 * more, and undefined codes of the reserved range never). It knows nothing of runs and journals.
 */

import type { Implementation, InitializeResult, ServerCapabilities } from '@modelcontextprotocol/server';
import { INTERNAL_ERROR, INVALID_PARAMS, RESOURCE_NOT_FOUND, URL_ELICITATION_REQUIRED } from '../protocol/codes.ts';
import { META } from '../protocol/envelope.ts';
import type { Outcome, RpcError } from '../protocol/messages.ts';
import { isObject } from '../protocol/messages.ts';
import { traitsOf } from '../protocol/methods.ts';
import { MODERN_REVISIONS } from '../protocol/revisions.ts';
import { RELATED_TASK } from '../protocol/tasks.ts';

type Json = Record<string, unknown>;

/** What a program's `initialize` said about it. */
export interface Introduction {
  readonly serverInfo: Implementation;
  readonly capabilities: ServerCapabilities;
  readonly instructions?: string;
}

/** Reads the result of `initialize`; lenient, since programs of all ages answer it. */
export function introductionOf(result: Json): Introduction {
  const { serverInfo, capabilities, instructions } = result as Partial<InitializeResult>;
  return {
    serverInfo: isObject(serverInfo) ? serverInfo : { name: 'unknown', version: '0' },
    capabilities: isObject(capabilities) ? capabilities : {},
    ...(typeof instructions === 'string' ? { instructions } : {}),
  };
}

/** An introduction without promises to tell of changes, where nobody could be told. */
export function withoutChanges({ capabilities, ...introduction }: Introduction): Introduction {
  const kept = { ...capabilities };
  for (const family of ['tools', 'prompts', 'resources'] as const) {
    const known = capabilities[family];
    if (known === undefined) continue;
    const { listChanged: _, subscribe: __, ...rest }: Record<string, unknown> = known;
    kept[family] = rest;
  }
  return { ...introduction, capabilities: kept };
}

/** The result of `server/discover`. Tasks of 2025-11-25 are not the extension of 2026 and must not look like it. */
export function discovery(introduction: Introduction): Json {
  const { tasks: _, ...capabilities } = introduction.capabilities;
  return modernResult(
    'server/discover',
    {
      supportedVersions: [...MODERN_REVISIONS],
      capabilities,
      ...(introduction.instructions === undefined ? {} : { instructions: introduction.instructions }),
    },
    introduction.serverInfo,
  );
}

/** A complete result, as a modern client expects it. */
export function modernResult(method: string, result: Json, serverInfo: Implementation): Json {
  return {
    ...(method === 'tools/list' ? withoutExecution(result) : result),
    ...(traitsOf(method).cacheable ? cacheHints(result) : {}),
    resultType: 'complete',
    _meta: namedBy(result._meta, serverInfo),
  };
}

/** A result that asks. The server's name is left out where it is not known without starting the program. */
export function inputRequired({ _meta, ...fields }: Json, serverInfo: Implementation | undefined): Json {
  const meta = serverInfo === undefined ? _meta : namedBy(_meta, serverInfo);
  return { ...fields, resultType: 'input_required', ...(meta === undefined ? {} : { _meta: meta }) };
}

/** Such a result that is to reach the client as it is, even where the call may become a task (the extension for tasks, "Task Creation"). */
export const askingBeforeTask = ({ result }: { readonly result: Json }): { readonly result: Json } => ({
  result: { ...result, _meta: { ...(isObject(result._meta) ? result._meta : {}), [META.beforeTask]: true } },
});

/** What belongs to a task that the client does not know of: the server's own name for it means nothing to anybody else. */
export function unrelated(value: Json): Json {
  if (!isObject(value._meta)) return value;
  const { [RELATED_TASK]: _, ...meta } = value._meta;
  const { _meta, ...rest } = value;
  return Object.keys(meta).length === 0 ? rest : { ...rest, _meta: meta };
}

const namedBy = (meta: unknown, serverInfo: Implementation): Json => ({
  ...(isObject(meta) ? meta : {}),
  [META.serverInfo]: serverInfo,
});

/** A program's own hints if they are good ones; else nothing may be kept and nobody else may see it. */
const cacheHints = ({ ttlMs, cacheScope }: Json): Json => ({
  ttlMs: typeof ttlMs === 'number' && Number.isSafeInteger(ttlMs) && ttlMs >= 0 ? ttlMs : 0,
  cacheScope: cacheScope === 'public' ? 'public' : 'private',
});

/** `Tool.execution` says whether a tool runs as a task of 2025-11-25. */
const withoutExecution = (result: Json): Json =>
  Array.isArray(result.tools)
    ? {
        ...result,
        tools: result.tools.map((tool: unknown) => {
          if (!isObject(tool)) return tool;
          const { execution: _, ...rest } = tool;
          return rest;
        }),
      }
    : result;

const DEFINED = [-32020, -32021, -32022];
const isReserved = (code: number): boolean => code <= -32020 && code >= -32099;

/** The error with a code a modern client understands. */
export function modernError(method: string, params: Json, error: RpcError): RpcError {
  const isMissing = error.code === RESOURCE_NOT_FOUND || (method === 'resources/read' && error.code === INVALID_PARAMS);
  if (isMissing) {
    const data = isObject(error.data) ? error.data : {};
    const uri = data.uri ?? params.uri;
    return { ...error, code: INVALID_PARAMS, data: { ...data, ...(uri === undefined ? {} : { uri }) } };
  }
  if (!isReserved(error.code) || DEFINED.includes(error.code)) return error;
  const data = isObject(error.data) ? error.data : error.data === undefined ? {} : { originalData: error.data };
  return { ...error, code: INTERNAL_ERROR, data: { ...data, originalCode: error.code } };
}

/** The pages that a `-32042` names as to be visited first; `undefined` for any other outcome, and if it names none. */
export function pagesToVisit(outcome: Outcome): readonly Json[] | undefined {
  if (!('error' in outcome) || outcome.error.code !== URL_ELICITATION_REQUIRED || !isObject(outcome.error.data))
    return undefined;
  const { elicitations } = outcome.error.data;
  const pages = Array.isArray(elicitations) ? elicitations.filter(isPage) : [];
  return pages.length === 0 ? undefined : pages;
}

/** What a call comes to whose page the user did not visit. */
export function notVisited(method: string, page: string): Outcome {
  const text = `This needs a page to be visited first, and it was not: ${page}`;
  return method === 'tools/call'
    ? { result: { content: [{ type: 'text', text }], isError: true, resultType: 'complete' } }
    : { error: { code: INTERNAL_ERROR, message: text, data: { originalCode: URL_ELICITATION_REQUIRED } } };
}

const isPage = (value: unknown): value is Json =>
  isObject(value) && typeof value.url === 'string' && typeof value.message === 'string';
