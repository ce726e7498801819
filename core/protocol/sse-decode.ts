/**
 * Server-sent events, reading side: text chunks in, events out (WHATWG HTML §9.2, "Interpreting an event stream").
 *
 * The grammar is `eventsource-parser`'s; this file only turns its callbacks into an iteration and bounds it. It does not
 * know where the chunks come from, nor what the data means. An event that the stream's end cut short is not delivered.
 */
import { createParser } from 'eventsource-parser';
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';

export interface SseEvent {
  /** Empty for an event that only carries an id. */
  readonly data: string;
  readonly id?: string;
  readonly event?: string;
  /** Milliseconds to wait before coming back, where the stream said so by now. */
  readonly retryMs?: number;
}

/** The events of a stream, in order, as soon as each is complete. Throws `upstream_invalid` for one without end. */
export async function* decodeSse(
  chunks: AsyncIterable<string>,
  charactersMax: number = LIMITS.sseEventCharactersMax,
): AsyncGenerator<SseEvent, void, undefined> {
  let ready: SseEvent[] = [];
  let retryMs: number | undefined;
  let overflown = false;
  const parser = createParser({
    maxBufferSize: charactersMax,
    onRetry: ms => {
      retryMs = ms;
    },
    onEvent: ({ data, id, event }) => {
      ready.push({
        data,
        ...(id === undefined ? {} : { id }),
        ...(event === undefined ? {} : { event }),
        ...(retryMs === undefined ? {} : { retryMs }),
      });
    },
    onError: error => {
      overflown ||= error.type === 'max-buffer-size-exceeded';
    },
  });
  for await (const chunk of chunks) {
    parser.feed(chunk);
    const events = ready;
    ready = [];
    yield* events;
    if (overflown)
      throw new Fault('upstream_invalid', `An event of the stream is longer than ${charactersMax} characters.`);
  }
}
