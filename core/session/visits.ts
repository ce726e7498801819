/**
 * Pages that a client agreed to visit within one call: what is asked for again is not put to it again, and when the call has gone
 * well it hears that each of them is done with (2025-11-25, "Elicitation": URL mode).
 *
 * A modern server cannot say that a page is done with; all that is known is that it stopped asking. Pure: no store, no stream.
 */
import type { InputRequest } from '@modelcontextprotocol/server';
import { questionIdOf } from '../base/ids.ts';
import { digest } from '../protocol/json.ts';
import type { Outcome, RpcNotification } from '../protocol/messages.ts';
import type { Exchange } from './exchange.ts';

export interface Visit {
  readonly url: string;
  /** As the client was told it. */
  readonly elicitationId: string;
}

type Questions = Pick<Exchange, 'session' | 'id' | 'round' | 'pending' | 'answers' | 'visited'>;

export const ACCEPTED: Outcome = { result: { action: 'accept' } };

/** The page that a question sends to; `undefined` for any other question. */
export const pageOf = ({ method, params }: InputRequest): string | undefined =>
  method === 'elicitation/create' && params.mode === 'url' ? params.url : undefined;

/** Unique in the whole server; modern questions have none. */
export const elicitationIdOf = (exchange: Pick<Exchange, 'session' | 'id' | 'round'>, key: string): string =>
  digest(`${exchange.session}/${questionIdOf({ exchange: exchange.id, round: exchange.round, key })}`);

/** Every page that was agreed to so far, in the round that its questions are of too. */
export function visitsOf(exchange: Questions): readonly Visit[] {
  const visited = [...(exchange.visited ?? [])];
  for (const [key, question] of Object.entries(exchange.pending)) {
    const url = pageOf(question);
    if (url === undefined || !isAccepted(exchange.answers[key]) || visited.some(visit => visit.url === url)) continue;
    visited.push({ url, elicitationId: elicitationIdOf(exchange, key) });
  }
  return visited;
}

/** As a member of an exchange, where there is one to remember. */
export const remembered = (exchange: Questions): { readonly visited?: readonly Visit[] } => {
  const visited = visitsOf(exchange);
  return visited.length === 0 ? {} : { visited };
};

const isAccepted = (answer: Outcome | undefined): boolean =>
  answer !== undefined && 'result' in answer && answer.result.action === 'accept';

/** Whether nothing is put to the client, and nothing is waited for but pages that it agreed to visit, if that. */
export const isAwaitingVisits = ({ asked, pending }: Pick<Exchange, 'asked' | 'pending'>): boolean =>
  asked.length === 0 && Object.values(pending).every(question => pageOf(question) !== undefined);

/** What a client of 2025-11-25 hears of its pages when a call has gone well. */
export function completionsOf({ visited, response, settledBy, task }: Exchange): readonly RpcNotification[] {
  const wentWell =
    settledBy === 'upstream' && response !== undefined && 'result' in response && response.result.isError !== true;
  if (!wentWell || task?.era === 'modern') return [];
  const method = 'notifications/elicitation/complete';
  return (visited ?? []).map(({ elicitationId }) => ({ jsonrpc: '2.0', method, params: { elicitationId } }));
}
