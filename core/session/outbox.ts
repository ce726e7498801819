/**
 * What an exchange owes its client, derived from its value alone.
 *
 * A commit comes first and sending second, so a process may die between the two. Whoever finds the exchange afterwards
 * derives the same messages at the same places of the event log; putting them there twice is refused by the log, so each
 * reaches the client once.
 */
import type { InputRequest } from '@modelcontextprotocol/server';
import { questionIdOf } from '../base/ids.ts';
import type { Message } from '../protocol/messages.ts';
import { responseOf } from '../protocol/messages.ts';
import type { Exchange } from './exchange.ts';
import { completionsOf, elicitationIdOf } from './visits.ts';

/** One event of a stream as the log keeps it. `last` ends the stream; an event without a message only does that. */
export interface LoggedEvent {
  readonly message?: Message;
  readonly last?: true;
}

/** The events after `exchange.sequence` that the exchange's phase calls for. */
export function outboxOf(exchange: Exchange): readonly LoggedEvent[] {
  switch (exchange.phase) {
    case 'calling':
      return [];
    case 'waiting':
    case 'ready':
      return [...questionsOf(exchange), ...(exchange.withdrawn ?? []).map(key => withdrawn(exchange, key, DECIDED))];
    case 'settled':
      return exchange.response === undefined
        ? [...withdrawalsOf(exchange), { last: true }]
        : [
            ...withdrawalsOf(exchange),
            ...completionsOf(exchange).map(message => ({ message })),
            { message: responseOf(exchange.request.id, exchange.response), last: true },
          ];
  }
}

const questionId = (exchange: Exchange, key: string): string =>
  questionIdOf({ exchange: exchange.id, round: exchange.round, key });

/** Each question of the round as a JSON-RPC request whose id says where its answer belongs. */
function questionsOf(exchange: Exchange): LoggedEvent[] {
  return exchange.asked.flatMap(key => {
    const question = exchange.pending[key];
    return question === undefined
      ? []
      : [
          {
            message: {
              jsonrpc: '2.0',
              id: questionId(exchange, key),
              ...addressed(exchange, key, question),
            } as Message,
          },
        ];
  });
}

/** URL mode needs an `elicitationId` in the legacy era. */
function addressed(exchange: Exchange, key: string, question: InputRequest): InputRequest {
  if (question.method !== 'elicitation/create' || question.params.mode !== 'url') return question;
  return { ...question, params: { ...question.params, elicitationId: elicitationIdOf(exchange, key) } };
}

/** A settled exchange takes back the questions nobody answered (2025-11-25, "Cancellation"). */
function withdrawalsOf(exchange: Exchange): LoggedEvent[] {
  return exchange.asked
    .filter(key => !Object.hasOwn(exchange.answers, key))
    .map(key => withdrawn(exchange, key, 'The call that asked has ended.'));
}

const DECIDED = 'This was decided elsewhere.';

const withdrawn = (exchange: Exchange, key: string, reason: string): LoggedEvent => ({
  message: {
    jsonrpc: '2.0',
    method: 'notifications/cancelled',
    params: { requestId: questionId(exchange, key), reason },
  },
});
