/**
 * An app as a streaming Lambda handler: the web `Response` goes out as it is made (invoke mode `RESPONSE_STREAM`).
 *
 * The head and a first byte leave at once, since Lambda holds the head back until there is one. The client sets the pace. A
 * body that breaks ends its event stream with an event that says so, and one that would outlast the invocation is ended before;
 * the runtime never sees an error, which would cost the environment.
 */
import { once } from 'node:events';
import { faultOf, rpcErrorOf } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import { encodeSse, SSE_COMMENT } from '../../protocol/sse.ts';
import { headOf, isEventStream } from './head.ts';
import type { EntryOptions } from './invocation.ts';
import { ask, Deadline, finish, reportFault, thawed } from './invocation.ts';
import type { ResponseStream, StreamingHandler } from './runtime.ts';
import { awsLambda } from './runtime.ts';

export interface StreamingEntryOptions extends EntryOptions {
  /** What to do about an event that is no HTTP request; `undefined` for any other. Lambda is told of one that fails, and makes it again. */
  readonly besides?: ((event: unknown) => (() => Promise<void>) | undefined) | undefined;
}

export function streamingEntry(options: StreamingEntryOptions): StreamingHandler {
  const runtime = awsLambda();
  return runtime.streamifyResponse(async (event, raw, context) => {
    const other = options.besides?.(event);
    if (other !== undefined) {
      await thawed();
      await other();
      return ended(raw);
    }
    const deadline = new Deadline(context);
    const { response, until } = await ask(options, event, context, deadline);
    const stream = runtime.HttpResponseStream.from(raw, headOf(response));
    await send(options, response, stream, until);
    await ended(stream);
    await finish(options, deadline);
  });
}

async function send(
  { observer }: EntryOptions,
  response: Response,
  stream: ResponseStream,
  until: AbortSignal,
): Promise<void> {
  const asEvents = isEventStream(response);
  stream.write(asEvents ? SSE_COMMENT : '');
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  const cut = () => void reader.cancel().catch(() => undefined);
  until.addEventListener('abort', cut, { once: true });
  if (until.aborted) cut();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (!stream.write(next.value)) await drained(stream);
    }
    // A client of 2025 comes back and resumes; it is told when.
    if (until.aborted && asEvents) stream.write(encodeSse({ retry: LIMITS.retryMs }));
  } catch (thrown) {
    const fault = faultOf(thrown);
    reportFault(observer, 'invocation.body_failed', fault);
    if (asEvents)
      stream.write(`event: error\ndata: ${JSON.stringify({ jsonrpc: '2.0', error: rpcErrorOf(fault) })}\n\n`);
    cut();
  } finally {
    until.removeEventListener('abort', cut);
  }
}

/** Resolves when there is room again, or when nobody takes anything any more. */
const drained = (stream: ResponseStream): Promise<void> => either(stream, ['drain', 'close']);

async function ended(stream: ResponseStream): Promise<void> {
  const over = either(stream, ['finish', 'close']);
  stream.end();
  await over;
}

async function either(stream: ResponseStream, events: readonly string[]): Promise<void> {
  const heard = new AbortController();
  const { signal } = heard;
  await Promise.race(events.map(event => once(stream, event, { signal }))).catch(() => undefined);
  heard.abort();
}
