/** A request of ours to a server of 2025 and its outcome, where nobody needs to hear what is said on the way. */
import type { Outcome, RequestId } from '../protocol/messages.ts';
import { isResponse, outcomeOf } from '../protocol/messages.ts';
import { invalid } from './answer.ts';
import type { Carrier } from './carrier.ts';
import type { Caller, Line } from './legacy-post.ts';
import { legacyPost } from './legacy-post.ts';
import { heardFrom } from './legacy-stream.ts';

/** How a server is reached, and for whom. */
export interface Asking {
  readonly carrier: Carrier;
  readonly line: Line;
  readonly caller: Caller;
  readonly signal: AbortSignal;
}

/** `id` must be fresh in its session. Throws a fault where there is no answer. */
export async function legacyAsk(
  { carrier, line, caller, signal }: Asking,
  id: RequestId,
  method: string,
  params: Readonly<Record<string, unknown>>,
): Promise<Outcome> {
  const answer = await carrier(legacyPost({ jsonrpc: '2.0', id, method, params }, line, caller), signal);
  const reading = { carrier, line, call: { ...caller, signal }, signal, requestId: id };
  for await (const { message } of heardFrom(answer, reading))
    if (message !== undefined && isResponse(message) && message.id === id) return outcomeOf(message);
  throw invalid(`its answer to ${method} is none`);
}
