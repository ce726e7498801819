/**
 * What it means for a call that its server asks for input: which questions are put to the client, which are answered already, and
 * when there have been enough of them.
 *
 * Roots that the client told and pages that it agreed to visit are not asked for again; a server that waits for such a page is
 * called again, less and less often. A program that has ended its call until pages are visited gets that said to a client of
 * 2025-11-25 as it meant it: by `-32042`. The same call made again goes on from there.
 */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { InputRequired } from '../bridge/legacy-questions.ts';
import { inputRequiredOf, pagesRequired, projectedQuestions } from '../bridge/legacy-questions.ts';
import type { InputRequests } from '../protocol/envelope.ts';
import { META } from '../protocol/envelope.ts';
import type { Outcome } from '../protocol/messages.ts';
import { isObject } from '../protocol/messages.ts';
import { traitsOf } from '../protocol/methods.ts';
import type { Exchange, ExchangeEvent } from '../session/exchange.ts';
import type { Session } from '../session/session.ts';
import { ACCEPTED, elicitationIdOf, isAwaitingVisits, pageOf, visitsOf } from '../session/visits.ts';
import type { Engine } from './engine.ts';
import { clientFactsOf } from './sessions.ts';

/** Where the round's driver is in the event log, and how much it wrote there. */
export interface Written {
  readonly sequence: number;
  readonly progress: number | undefined;
  readonly bytes: number;
}

export const driven = (engine: Engine, at: Written, responseBytes = 0) => ({
  sequence: at.sequence,
  progress: at.progress,
  bytes: at.bytes + responseBytes,
  expiresAtMs: engine.environment.now() + LIMITS.settledKeepMs,
});

/** The transition that an `input_required` result stands for. Throws `upstream_invalid` and `rounds_exceeded`. */
export function askedEvent(
  engine: Engine,
  session: Session,
  exchange: Exchange,
  result: Record<string, unknown>,
  at: Written,
): ExchangeEvent {
  const { method } = exchange.request;
  if (!traitsOf(method).mayAsk) {
    throw new Fault(
      'upstream_invalid',
      `The server asked for input in answer to ${method}, where the protocol does not allow it.`,
    );
  }
  const isElsewhere = isMarked(result, META.elsewhere);
  const { clientCapabilities } = clientFactsOf(session);
  const { requests: asked, requestState } = inputRequiredOf(result, isElsewhere ? 'any' : clientCapabilities);
  const { requests, refused } = isElsewhere
    ? { requests: asked, refused: undefined }
    : projectedQuestions(method, asked, session.revision);
  if (refused !== undefined) return { type: 'completed', outcome: refused, ...driven(engine, at) };
  if (isMarked(result, META.visitFirst) && exchange.task === undefined)
    return sentAway(engine, exchange, { requests, requestState }, at);
  const known = knownAnswers(session, exchange, requests);
  const unanswered = Object.keys(requests).filter(key => !Object.hasOwn(known, key));
  const isPolled = isAwaitingVisits({ asked: unanswered, pending: requests });
  const bound = isPolled ? LIMITS.stateOnlyRoundsMax : LIMITS.roundsMax;
  if (exchange.round >= bound) {
    throw new Fault(
      'rounds_exceeded',
      `The server asked for another round after ${exchange.round}, which is the most allowed.`,
    );
  }
  const nowMs = engine.environment.now();
  const expiresAtMs = nowMs + LIMITS.waitingKeepMsMax;
  const { sequence, progress, bytes } = at;
  const written = { sequence, progress, bytes, expiresAtMs };
  return { type: 'inputRequired', requests, requestState, known, quietly: isElsewhere, nowMs, ...written };
}

/** A gate that asks somebody else, or a program that does not wait. */
const isMarked = ({ _meta }: Record<string, unknown>, mark: string): boolean => isObject(_meta) && _meta[mark] === true;

/** The answers that need not be asked for: cached roots, and pages that were agreed to. */
function knownAnswers(session: Session, exchange: Exchange, requests: InputRequests): Record<string, Outcome> {
  const visited = exchange.task?.era === 'modern' ? [] : visitsOf(exchange).map(({ url }) => url);
  const known: Record<string, Outcome> = {};
  for (const [key, request] of Object.entries(requests)) {
    const url = pageOf(request);
    if (request.method === 'roots/list' && session.roots) known[key] = { result: { ...session.roots } };
    if (url !== undefined && visited.includes(url)) known[key] = ACCEPTED;
  }
  return known;
}

function sentAway(engine: Engine, exchange: Exchange, pages: InputRequired, at: Written): ExchangeEvent {
  const error = pagesRequired(pages.requests, key => elicitationIdOf(exchange, key));
  return { type: 'failed', by: 'lost', outcome: { error }, pages, ...driven(engine, at) };
}
