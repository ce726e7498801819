/** One invocation of a function in the local Lambda: what is asked, and where the answer goes. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** What a function failed with, as Lambda tells it. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

/** Where a response goes while it is made. After `end` nothing more comes. */
export interface Sink {
  begin(contentType: string): void;
  /** Resolves when more may be written. */
  write(chunk: Buffer): Promise<void>;
  end(error?: FunctionError): void;
}

export interface Invocation {
  readonly requestId: string;
  readonly payload: Buffer;
  readonly tenantId: string | undefined;
  readonly sink: Sink;
}

/** A refusal of the Lambda API, by its HTTP status and its exception. */
export class Refusal extends Error {
  readonly status: number;
  readonly type: string;
  readonly reason: string | undefined;

  constructor(status: number, type: string, message: string, reason?: string) {
    super(message);
    this.status = status;
    this.type = type;
    this.reason = reason;
  }
}

/** Resolves when a response takes more, or nothing any more. */
export async function hasRoom(response: Writable): Promise<void> {
  const heard = new AbortController();
  const { signal } = heard;
  const events = ['drain', 'close'].map(event => once(response, event, { signal }));
  await Promise.race(events).catch(() => undefined);
  heard.abort();
}

/** The most a request or a buffered response may hold. */
export const PAYLOAD_BYTES_MAX = 6 * 1024 * 1024;

/** A response kept whole. */
export class Kept implements Sink {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  error: FunctionError | undefined;

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  begin(): void {}

  async write(chunk: Buffer): Promise<void> {
    this.#bytes += chunk.length;
    if (this.#bytes <= PAYLOAD_BYTES_MAX) this.#chunks.push(chunk);
  }

  end(error?: FunctionError): void {
    this.error = error;
    if (this.#bytes <= PAYLOAD_BYTES_MAX || error !== undefined) return;
    const errorMessage = `Response payload size exceeded maximum allowed payload size (${PAYLOAD_BYTES_MAX} bytes).`;
    this.error = { errorType: 'Function.ResponseSizeTooLarge', errorMessage };
  }
}
