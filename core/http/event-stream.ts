/**
 * An event stream as a response: pulls one event at a time from an iteration, keeps a silent connection alive with comments,
 * and ends the iteration when the client goes away.
 *
 * The client sets the pace: nothing is taken from the iteration before the last event left, and no comment is queued behind
 * an event that has not. It does not know what the events mean, nor which era they belong to.
 */
import { LIMITS } from '../base/limits.ts';
import type { StreamEvent } from '../ports/stateful-server.ts';
import type { SseFields } from '../protocol/sse.ts';
import { encodeSse, SSE_COMMENT } from '../protocol/sse.ts';
import type { Headers } from './responses.ts';

const STREAM_HEADERS: Headers = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache',
  'x-accel-buffering': 'no',
};

const encoder = new TextEncoder();
const COMMENT = encoder.encode(SSE_COMMENT);

const chunkOf = ({ id, retry, message }: StreamEvent): Uint8Array =>
  encoder.encode(encodeSse({ id, retry, data: message === undefined ? primingData(id) : JSON.stringify(message) }));

/** Without a message, an id still needs a `data` line to reach the client; a mere `retry` does not. */
const primingData = (id: string | undefined): string | undefined => (id === undefined ? undefined : '');

export interface EventStreamOptions {
  /** Said before any event. */
  readonly first?: SseFields;
  /** Told once when the client is gone before the end, before the iteration is asked to return. */
  readonly onGone: () => void;
  readonly keepAliveMs?: number | undefined;
}

/** The response for `events`, which must not throw: whoever makes them knows what an error means on this stream. */
export function eventStreamResponse(events: AsyncIterable<StreamEvent>, options: EventStreamOptions): Response {
  return new Response(eventStreamBody(events, options), { headers: STREAM_HEADERS });
}

export function eventStreamBody(
  events: AsyncIterable<StreamEvent>,
  { first, onGone, keepAliveMs = LIMITS.keepAliveMs }: EventStreamOptions,
): ReadableStream<Uint8Array> {
  const iterator = events[Symbol.asyncIterator]();
  let heartbeat: ReturnType<typeof setInterval> | undefined;
  let spoke = false;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (first !== undefined) controller.enqueue(encoder.encode(encodeSse(first)));
        heartbeat = setInterval(() => {
          if (!spoke && (controller.desiredSize ?? -1) >= 0) controller.enqueue(COMMENT);
          spoke = false;
        }, keepAliveMs);
      },
      async pull(controller) {
        try {
          const next = await iterator.next();
          spoke = true;
          if (!next.done) return controller.enqueue(chunkOf(next.value));
          clearInterval(heartbeat);
          controller.close();
        } catch (thrown) {
          clearInterval(heartbeat);
          controller.error(thrown);
        }
      },
      async cancel() {
        clearInterval(heartbeat);
        onGone();
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
