/**
 * Questions and answers between a modern server and a legacy client.
 *
 * A modern server embeds its questions in a result; a legacy client gets them as requests and answers with responses, which
 * may be errors, for which the modern form has no words. Source: MCP 2026-07-28 "Multi round-trip requests"; 2025-11-25
 * "Elicitation", "Sampling", "Roots".
 */

import type { InputRequest } from '@modelcontextprotocol/server';
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { URL_ELICITATION_REQUIRED } from '../protocol/codes.ts';
import type { InputRequests, InputResponses } from '../protocol/envelope.ts';
import type { Outcome, RpcError } from '../protocol/messages.ts';
import { isObject } from '../protocol/messages.ts';
import { isInputMethod } from '../protocol/methods.ts';
import type { LegacyRevision } from '../protocol/revisions.ts';
import { lackFor } from './from-question.ts';
import { projectedQuestion } from './legacy-projection.ts';

type Json = Readonly<Record<string, unknown>>;

export interface InputRequired {
  readonly requests: InputRequests;
  readonly requestState: string | undefined;
}

/** What an `input_required` result asks; throws `upstream_invalid` where it breaks the protocol. `any`: no client is asked. */
export function inputRequiredOf(result: Record<string, unknown>, capabilities: Json | 'any'): InputRequired {
  const { inputRequests = {}, requestState } = result;
  if (!isObject(inputRequests) || (requestState !== undefined && typeof requestState !== 'string')) {
    throw invalid('its inputRequests must be an object and its requestState a string');
  }
  const entries = Object.entries(inputRequests);
  if (entries.length === 0 && requestState === undefined)
    throw invalid('it has neither inputRequests nor requestState');
  if (entries.length > LIMITS.questionsPerRoundMax) {
    throw invalid(`it asks ${entries.length} questions at once; ${LIMITS.questionsPerRoundMax} is the most`);
  }
  const requests: InputRequests = {};
  for (const [key, request] of entries) requests[key] = questionOf(key, request, capabilities);
  return { requests, requestState };
}

const invalid = (what: string): Fault =>
  new Fault('upstream_invalid', `The server's input_required result breaks the protocol: ${what}.`);

function questionOf(key: string, value: unknown, capabilities: Json | 'any'): InputRequest {
  if (!isObject(value) || !isInputMethod(value.method))
    throw invalid(`question ${JSON.stringify(key)} has no known method`);
  const params = value.params === undefined ? {} : value.params;
  if (!isObject(params)) throw invalid(`question ${JSON.stringify(key)} has params that are no object`);
  const lack = capabilities === 'any' ? undefined : lackFor(value.method, params, capabilities);
  if (lack !== undefined) {
    throw invalid(`it asks for ${value.method}, but the client did not declare ${JSON.stringify(lack.required)}`);
  }
  return { method: value.method, params } as InputRequest;
}

/** Whether a result has the least that an answer to a method must have; its values are the asker's to judge. */
export function isAnswerShaped(method: string, outcome: Outcome): boolean {
  if ('error' in outcome) return true;
  const { action, content, roots, role } = outcome.result;
  switch (method) {
    case 'elicitation/create':
      return (
        ['accept', 'decline', 'cancel'].includes(action as string) &&
        (content === undefined || content === null || isObject(content))
      );
    case 'roots/list':
      return Array.isArray(roots);
    default:
      return typeof role === 'string' && (isObject(content) || Array.isArray(content));
  }
}

/**
 * A legacy client's answer as the modern form can say it. An error to an elicitation is `cancel`; an error to sampling or
 * roots has no form: the call ends with it (`refusal`).
 */
export function answerOf(method: string, outcome: Outcome): { answer: Outcome } | { refusal: RpcError } {
  if ('result' in outcome) return { answer: outcome };
  if (method === 'elicitation/create') return { answer: { result: { action: 'cancel' } } };
  return { refusal: outcome.error };
}

/** How a call ends whose question the client refused: a tool says so in its result, anything else fails with the error. */
export function refusedOutcome(callMethod: string, questionMethod: string, error: RpcError): Outcome {
  const text = `The client answered ${questionMethod} with an error: ${error.message} (${error.code})`;
  return failedOutcome(callMethod, text, error);
}

const failedOutcome = (callMethod: string, text: string, error: RpcError): Outcome =>
  callMethod === 'tools/call' ? { result: { content: [{ type: 'text', text }], isError: true } } : { error };

/** The questions of a round as a client of the revision understands them, or how the call ends that cannot be asked so. */
export function projectedQuestions(
  callMethod: string,
  requests: InputRequests,
  revision: LegacyRevision,
): { readonly requests: InputRequests; readonly refused?: Outcome } {
  const projected: InputRequests = {};
  for (const [key, request] of Object.entries(requests)) {
    const one = projectedQuestion(request, revision);
    if ('inexpressible' in one) {
      const message = `The server asked for ${one.inexpressible}, which protocol revision ${revision} cannot express.`;
      return { requests: {}, refused: failedOutcome(callMethod, message, { code: -32602, message }) };
    }
    projected[key] = one.question;
  }
  return { requests: projected };
}

/** The error that sends a client of 2025-11-25 to pages before it makes its call again. `idOf` names the page of a key. */
export function pagesRequired(requests: InputRequests, idOf: (key: string) => string): RpcError {
  const elicitations = Object.entries(requests).map(([key, { params }]) => ({ ...params, elicitationId: idOf(key) }));
  const message = 'This needs a page to be visited first. Make the same call again afterwards.';
  return { code: URL_ELICITATION_REQUIRED, message, data: { elicitations } };
}

/** The answers of a round as `inputResponses`. */
export function inputResponsesOf(answers: Readonly<Record<string, Outcome>>): InputResponses {
  const responses: Record<string, unknown> = {};
  for (const [key, outcome] of Object.entries(answers)) if ('result' in outcome) responses[key] = outcome.result;
  return responses as InputResponses;
}
