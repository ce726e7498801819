/** A legacy client's call on the wire that waits for something, its stream open or cut, to be gone on with from elsewhere. */
import type { RpcRequest } from '../../core/protocol/messages.ts';
import { isRequest } from '../../core/protocol/messages.ts';
import { eventsIn, messagesIn, textIn, WireClient } from './clients/wire.ts';

export interface WaitingCall {
  readonly client: WireClient;
  /** The parameters of the question. */
  readonly question: Record<string, unknown>;
  /** Answers the question in the client. */
  answer(result: Record<string, unknown>): Promise<Response>;
  /** The text of the call's result, from a stream that is resumed after the question. */
  result(): Promise<string>;
}

export interface CallOptions {
  readonly headers?: Record<string, string>;
  readonly capabilities?: Record<string, unknown>;
}

/** Resolves when the question is there; the connection is cut then. */
export async function waitingCall(
  url: string,
  tool: string,
  args: Record<string, unknown>,
  options: CallOptions = {},
): Promise<WaitingCall> {
  const client = await WireClient.open(url, options);
  const cut = new AbortController();
  const { question, lastEventId } = await questionIn(await client.post(client.tool(tool, args), cut.signal));
  cut.abort();
  return {
    client,
    question: { ...question.params },
    answer: result => client.answer(question.id, result),
    result: async () => textIn((await messagesIn(await client.resume(lastEventId))).at(-1)),
  };
}

async function questionIn(response: Response): Promise<{ question: RpcRequest; lastEventId: string }> {
  let lastEventId = '';
  for await (const { id, message } of eventsIn(response)) {
    lastEventId = id ?? lastEventId;
    if (isRequest(message)) return { question: message, lastEventId };
  }
  throw new Error('The call ended without a question.');
}
