/**
 * `-32042` of a server of 2025 as 2026 says it: the pages are asked for, and when they were visited the call is made anew.
 *
 * Such a server has ended the call and keeps nothing of it, so that all there is to remember is which pages it named; it looks for
 * itself whether they were visited. Sources: 2025-11-25, "URL Elicitation Required Error"; 2026-07-28, "Multi round-trip requests".
 */
import { Fault, rpcErrorOf } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { clientOf } from '../bridge/from-modern.ts';
import { inputRequired, notVisited, pagesToVisit } from '../bridge/from-program.ts';
import { lackFor } from '../bridge/from-question.ts';
import type { Environment } from '../ports/environment.ts';
import type { Seal } from '../ports/seal.ts';
import type { CallContext, StatelessServer } from '../ports/stateless-server.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import { META } from '../protocol/envelope.ts';
import type { Outcome, RpcResponse } from '../protocol/messages.ts';
import { isObject, outcomeOf, responseOf } from '../protocol/messages.ts';
import { traitsOf } from '../protocol/methods.ts';
import { openedState, sealedState } from './call-state.ts';

type Page = Readonly<Record<string, unknown>>;

interface Parts {
  readonly seal: Seal;
  readonly environment: Environment;
}

/** Its states begin so; those of the server behind do not. */
const PREFIX = 'visit.';

export function withVisits(server: StatelessServer, parts: Parts): StatelessServer {
  return async function* (request, call) {
    const { requestState } = request.params;
    const isOurs = typeof requestState === 'string' && requestState.startsWith(PREFIX);
    if (isOurs) {
      const pages = openedPages(parts, requestState.slice(PREFIX.length), request, call);
      const answer = answerAbout(parts, pages, request, call);
      if (answer !== undefined) return yield responseOf(request.id, answer);
    }
    for await (const said of server(isOurs ? anew(request) : request, call))
      yield 'method' in said ? said : visiting(parts, said, request, call);
  };
}

function anew(request: ModernRequest): ModernRequest {
  const { requestState: _, inputResponses: __, ...params } = request.params;
  return { ...request, params };
}

/** The response, or the question that stands for it. */
function visiting(parts: Parts, response: RpcResponse, request: ModernRequest, call: CallContext): RpcResponse {
  const pages = traitsOf(request.method).mayAsk ? pagesToVisit(original(outcomeOf(response))) : undefined;
  if (pages === undefined) return response;
  const lack = lackFor('elicitation/create', { mode: 'url' }, clientOf(request).capabilities);
  if (lack === undefined)
    return responseOf(request.id, asking(parts, pages.slice(0, LIMITS.questionsPerRoundMax), request, call));
  const data = { requiredCapabilities: lack.required };
  return responseOf(request.id, { error: rpcErrorOf(new Fault('capability_missing', lack.error.message, { data })) });
}

/** The error under the code that the server gave it. */
function original(outcome: Outcome): Outcome {
  if (!('error' in outcome) || !isObject(outcome.error.data)) return outcome;
  const { originalCode } = outcome.error.data;
  return typeof originalCode === 'number' ? { error: { ...outcome.error, code: originalCode } } : outcome;
}

const keyOf = (index: number): string => `page-${index + 1}`;

function asking(parts: Parts, pages: readonly Page[], request: ModernRequest, call: CallContext): Outcome {
  const inputRequests = Object.fromEntries(
    pages.map(({ message, url }, index) => [
      keyOf(index),
      { method: 'elicitation/create', params: { mode: 'url', message, url } },
    ]),
  );
  const expiresAtMs = parts.environment.now() + LIMITS.requestStateMsMax;
  const requestState = PREFIX + sealedState(parts.seal, { pages, expiresAtMs }, { purpose: 'visits', request, call });
  return { result: inputRequired({ inputRequests, requestState, _meta: { [META.visitFirst]: true } }, undefined) };
}

/** What there is to say before the call is made anew: pages that are open still, or one that nobody wants to visit. */
function answerAbout(
  parts: Parts,
  pages: readonly Page[],
  request: ModernRequest,
  call: CallContext,
): Outcome | undefined {
  const responses: Readonly<Record<string, unknown>> = request.params.inputResponses ?? {};
  const actions = pages.map((_, index) => {
    const response = responses[keyOf(index)];
    return isObject(response) ? response.action : undefined;
  });
  const refused = actions.findIndex(action => action !== undefined && action !== 'accept');
  if (refused >= 0) return notVisited(request.method, String(pages[refused]?.message));
  return actions.every(action => action === 'accept') ? undefined : asking(parts, pages, request, call);
}

function openedPages(
  { seal, environment }: Parts,
  text: string,
  request: ModernRequest,
  call: CallContext,
): readonly Page[] {
  return openedState(seal, text, { purpose: 'visits', request, call }, isAsked, environment.now()).pages;
}

interface Asked {
  readonly pages: readonly Page[];
  readonly expiresAtMs: number;
}

const isAsked = (value: unknown): value is Asked =>
  isObject(value) && Array.isArray(value.pages) && typeof value.expiresAtMs === 'number';
