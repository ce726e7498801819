/**
 * Several messages in one POST, which only revision 2025-03-26 has.
 *
 * Each is handled as if it had come alone. If every request is answered at once the answers go back as one array; otherwise
 * they share one connection, whose events keep the ids of their own streams.
 */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Reply, StreamEvent } from '../ports/stateful-server.ts';
import type { Message, RpcResponse } from '../protocol/messages.ts';
import { isMessage, isRequest } from '../protocol/messages.ts';

/** The messages of a batch. `initialize` may not be in one (2025-03-26 "Lifecycle"). */
export function messagesOf(body: readonly unknown[]): readonly Message[] {
  if (body.length === 0 || body.length > LIMITS.batchMessagesMax) {
    throw new Fault('invalid_request', `A batch holds 1 to ${LIMITS.batchMessagesMax} messages.`);
  }
  if (!body.every(isMessage))
    throw new Fault('invalid_request', 'Every element of a batch must be a JSON-RPC message.');
  if (body.some(message => isRequest(message) && message.method === 'initialize')) {
    throw new Fault('invalid_request', 'initialize must be sent alone.');
  }
  return body;
}

/** One reply for the replies of a batch. */
export function combined(replies: readonly Reply[]): Reply {
  const answers = replies.flatMap(reply => (reply.kind === 'json' ? [reply.body as RpcResponse] : []));
  const streams = replies.flatMap(reply => (reply.kind === 'stream' ? [reply.events] : []));
  if (streams.length > 0) return { kind: 'stream', events: merged(answers, streams) };
  return answers.length > 0 ? { kind: 'json', body: answers } : { kind: 'accepted' };
}

async function* merged(
  answers: readonly RpcResponse[],
  streams: readonly AsyncIterable<StreamEvent>[],
): AsyncGenerator<StreamEvent> {
  for (const message of answers) yield { message };
  const iterators = streams.map(stream => stream[Symbol.asyncIterator]());
  const next = (index: number) => iterators[index]?.next().then(result => ({ index, result }));
  const waiting = new Map(iterators.map((_, index) => [index, next(index)]));
  try {
    while (waiting.size > 0) {
      const heard = await Promise.race(waiting.values());
      if (heard === undefined) return;
      if (heard.result.done) waiting.delete(heard.index);
      else {
        waiting.set(heard.index, next(heard.index));
        yield heard.result.value;
      }
    }
  } finally {
    await Promise.all(iterators.map(iterator => iterator.return?.()));
  }
}
