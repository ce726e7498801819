/**
 * Whether an answer fits its question. An answer is judged before it is journaled: once recorded it would be given to the
 * program on every run, and a wrong one could never be put right.
 *
 * Specification: 2026-07-28, "Elicitation", "Sampling", "Roots". Answers to elicitation are judged by the question's own
 * `requestedSchema`; a schema that cannot be used judges nothing, since then the program must cope by itself.
 */
import { isObject } from '../protocol/messages.ts';
import type { InputMethod } from '../protocol/methods.ts';
import { schemaProblem } from './schema.ts';

interface Asked {
  readonly method: InputMethod;
  readonly params: Readonly<Record<string, unknown>>;
}

/** What is wrong with an answer, in words; `undefined` if it fits. */
export function misfitOf(question: Asked, answer: Readonly<Record<string, unknown>>): string | undefined {
  switch (question.method) {
    case 'elicitation/create':
      return elicitationMisfit(question.params, answer);
    case 'sampling/createMessage':
      return samplingMisfit(answer);
    case 'roots/list':
      return Array.isArray(answer.roots) && answer.roots.every(root => isObject(root) && typeof root.uri === 'string')
        ? undefined
        : '"roots" must be a list of objects with a "uri".';
  }
}

function elicitationMisfit(params: Asked['params'], answer: Readonly<Record<string, unknown>>): string | undefined {
  if (answer.action === 'decline' || answer.action === 'cancel') return undefined;
  if (answer.action !== 'accept') return '"action" must be "accept", "decline" or "cancel".';
  if (answer.content !== undefined && !isObject(answer.content)) return '"content" must be an object.';
  if (params.mode === 'url' || !isObject(params.requestedSchema)) return undefined;
  return schemaMisfit(params.requestedSchema, answer.content ?? {});
}

function schemaMisfit(schema: Readonly<Record<string, unknown>>, content: unknown): string | undefined {
  try {
    return schemaProblem(schema, content);
  } catch {
    return undefined;
  }
}

function samplingMisfit(answer: Readonly<Record<string, unknown>>): string | undefined {
  if (answer.role !== 'assistant' && answer.role !== 'user') return '"role" must be "assistant" or "user".';
  const blocks = Array.isArray(answer.content) ? answer.content : [answer.content];
  if (!blocks.every(block => isObject(block) && typeof block.type === 'string'))
    return '"content" must be content blocks.';
  return typeof answer.model === 'string' ? undefined : '"model" must be a text.';
}
