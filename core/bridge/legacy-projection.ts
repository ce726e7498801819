/**
 * Down to an older revision: questions and results in the words that the client's revision has.
 *
 * A modern server may use all that the newest schema allows; a client of 2025-06-18 knows no titled choices, one of 2025-03-26
 * no resource links. What has an older form gets it; what has none is left out where the server did not insist on it, and is
 * refused by name where it did. It knows no session and no stream. Source: the change logs of 2025-06-18 and 2025-11-25.
 */

import type { InputRequest } from '@modelcontextprotocol/server';
import {
  CAPABILITY_MISSING,
  INTERNAL_ERROR,
  INVALID_PARAMS,
  RESOURCE_NOT_FOUND,
  URL_ELICITATION_REQUIRED,
} from '../protocol/codes.ts';
import { isObject } from '../protocol/messages.ts';
import type { LegacyRevision } from '../protocol/revisions.ts';
import { LEGACY_TRAITS } from '../protocol/revisions.ts';

type Json = Record<string, unknown>;

export type ProjectedQuestion =
  | { readonly question: InputRequest }
  /** What the client's revision cannot be asked. */
  | { readonly inexpressible: string };

/** A question as a client of the revision understands it. */
export function projectedQuestion(question: InputRequest, revision: LegacyRevision): ProjectedQuestion {
  const traits = LEGACY_TRAITS[revision];
  const params: Json = { ...question.params };
  if (question.method === 'elicitation/create' && !traits.richForms) return plainForm(params);
  if (question.method === 'sampling/createMessage' && !traits.samplingTools) return plainSampling(params, traits.audio);
  return { question };
}

/** The form of 2025-06-18: no mode, no dialect, one choice at a time, defaults for booleans only. */
function plainForm({ mode: _, requestedSchema, ...params }: Json): ProjectedQuestion {
  const { $schema: __, ...schema } = isObject(requestedSchema) ? requestedSchema : {};
  const required = Array.isArray(schema.required) ? schema.required : [];
  const properties: Json = {};
  for (const [name, field] of Object.entries(isObject(schema.properties) ? schema.properties : {})) {
    const plain = isObject(field) ? plainField(field) : undefined;
    if (plain !== undefined) properties[name] = plain;
    else if (required.includes(name)) return { inexpressible: `a form that needs several choices in "${name}"` };
  }
  const plain = { ...params, requestedSchema: { ...schema, type: 'object', properties } };
  return { question: { method: 'elicitation/create', params: plain } as unknown as InputRequest };
}

/** A field in its older form; `undefined` for a list of choices, which has none. */
function plainField(field: Json): Json | undefined {
  if (field.type === 'array') return undefined;
  if (field.type === 'boolean') return field;
  const { default: _, oneOf, ...rest } = field;
  if (!Array.isArray(oneOf)) return rest;
  const options = oneOf.filter(isObject);
  return {
    ...rest,
    enum: options.map(option => option.const),
    enumNames: options.map(option => option.title ?? option.const),
  };
}

/** Sampling before 2025-11-25: one block for each message, of a kind the revision has, and no tools. */
function plainSampling(params: Json, audio: boolean): ProjectedQuestion {
  const { tools: _, toolChoice: __, ...rest } = params;
  if (params.tools !== undefined) return { inexpressible: 'sampling with tools' };
  const messages: Json[] = [];
  for (const message of Array.isArray(params.messages) ? params.messages : []) {
    if (!isObject(message)) continue;
    for (const content of Array.isArray(message.content) ? message.content : [message.content]) {
      const type = isObject(content) ? content.type : undefined;
      if (type !== 'text' && type !== 'image' && !(type === 'audio' && audio)) {
        return { inexpressible: `sampling with content of type ${JSON.stringify(type)}` };
      }
      messages.push({ ...message, content });
    }
  }
  return { question: { method: 'sampling/createMessage', params: { ...rest, messages } } as unknown as InputRequest };
}

/** A result in the words of the revision. */
export function projectedResult(result: Json, revision: LegacyRevision): Json {
  const traits = LEGACY_TRAITS[revision];
  let projected = wrapped(result);
  if (Array.isArray(projected.tools))
    projected = { ...projected, tools: projected.tools.map(tool => asTool(tool, revision)) };
  if (!traits.structured) projected = unstructured(projected);
  if (Array.isArray(projected.content)) {
    projected = { ...projected, content: projected.content.map(block => plainBlock(block, revision)) };
  }
  return projected;
}

/** Legacy `structuredContent` is an object; any other JSON value travels as `{ result: value }`, as the official SDK does it. */
const wrapped = (result: Json): Json =>
  'structuredContent' in result && !isObject(result.structuredContent)
    ? { ...result, structuredContent: { result: result.structuredContent } }
    : result;

/** A tool whose schema of output agrees with what `wrapped` makes of its output, or has none where the revision has none. */
function asTool(tool: unknown, revision: LegacyRevision): unknown {
  if (!isObject(tool) || !isObject(tool.outputSchema)) return tool;
  const { outputSchema, ...rest } = tool;
  if (!LEGACY_TRAITS[revision].structured) return rest;
  if (outputSchema.type === 'object') return tool;
  const { $schema, $defs, definitions, ...root } = outputSchema;
  const kept = Object.entries({ $schema, $defs, definitions }).filter(([, value]) => value !== undefined);
  const object = { type: 'object', properties: { result: root }, required: ['result'] };
  return { ...rest, outputSchema: { ...Object.fromEntries(kept), ...object } };
}

/** Before 2025-06-18 only `content` is read: what stands in `structuredContent` alone is put there as text. */
function unstructured(result: Json): Json {
  if (!('structuredContent' in result)) return result;
  const { structuredContent, content, ...rest } = result;
  const blocks = Array.isArray(content) && content.length > 0 ? content : undefined;
  return { ...rest, content: blocks ?? [{ type: 'text', text: JSON.stringify(structuredContent) }] };
}

/** A block of content that the revision has; one of a kind that it does not have becomes text. */
function plainBlock(block: unknown, revision: LegacyRevision): unknown {
  if (!isObject(block)) return block;
  const traits = LEGACY_TRAITS[revision];
  if (block.type === 'resource_link' && !traits.structured) {
    return { type: 'text', text: `${String(block.title ?? block.name ?? 'Resource')}: ${String(block.uri)}` };
  }
  if (block.type === 'audio' && !traits.audio) {
    return {
      type: 'text',
      text: `[audio of type ${String(block.mimeType)}, which this client's protocol cannot carry]`,
    };
  }
  return block;
}

const isModernOnly = (code: number): boolean => code <= -32020 && code >= -32099;

/**
 * An error in the codes of the legacy era. Those of the modern transport are about the request that the proxy made, which the
 * client never saw; a tool that lacks a capability of the client says so in its result, where a model reads it.
 */
export function projectedError(
  method: string,
  error: { code: number; message: string; data?: unknown },
  revision: LegacyRevision,
): ProjectedError {
  const data = isObject(error.data) ? error.data : {};
  if (method === 'resources/read' && error.code === INVALID_PARAMS && typeof data.uri === 'string') {
    return { error: { ...error, code: RESOURCE_NOT_FOUND } };
  }
  const sendsToPages = error.code === URL_ELICITATION_REQUIRED && LEGACY_TRAITS[revision].elicitation.includes('url');
  if (sendsToPages || !isModernOnly(error.code)) return { error };
  if (method === 'tools/call' && error.code === CAPABILITY_MISSING) {
    const missing = isObject(data.requiredCapabilities) ? JSON.stringify(data.requiredCapabilities) : error.message;
    const text = `This tool needs something of the client that it did not declare: ${missing}`;
    return { result: { content: [{ type: 'text', text }], isError: true } };
  }
  return { error: { ...error, code: INTERNAL_ERROR, data: { ...data, originalCode: error.code } } };
}

type ProjectedError = { readonly error: { code: number; message: string; data?: unknown } } | { readonly result: Json };
