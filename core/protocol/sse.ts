/**
 * Server-sent events, writing side (WHATWG HTML §9.2). The reading side is `sse-decode.ts`.
 *
 * An event with an id and no data *primes* a client: it can resume from there although nothing was said yet. Data is JSON
 * text in practice, but a text of several lines is written as several `data:` lines all the same.
 */
export interface SseFields {
  /** The kind of event, where it is not the usual one: `message`. */
  readonly event?: string | undefined;
  readonly id?: string | undefined;
  /** Milliseconds after which a client should come back once the connection ended. */
  readonly retry?: number | undefined;
  /** `undefined` leaves the field out; the empty text is an event without data. */
  readonly data?: string | undefined;
}

/** A comment: clients ignore it, and what lies between sees that the connection lives. */
export const SSE_COMMENT = ':\n\n';

const LINE_END = /\r\n|\r|\n/;

export function encodeSse({ event, id, retry, data }: SseFields): string {
  let text = '';
  if (event !== undefined) text += `event: ${event}\n`;
  if (id !== undefined) text += `id: ${id}\n`;
  if (retry !== undefined) text += `retry: ${retry}\n`;
  if (data !== undefined) {
    if (LINE_END.test(data)) for (const line of data.split(LINE_END)) text += `data: ${line}\n`;
    else text += `data: ${data}\n`;
  }
  return `${text}\n`;
}
