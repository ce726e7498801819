/**
 * Bytes to lines, bounded (MCP 2025-11-25, "stdio": messages are delimited by newlines and hold none).
 *
 * Works on bytes, so that a character cut between two chunks stays whole. It keeps only the unfinished line, and says so when
 * that grows past its bound; what a line means is not known here.
 */
export class LineSplitter {
  readonly #bytesMax: number;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The lines that a chunk completes, without their ends. */
  *feed(chunk: Buffer): Generator<string, void, undefined> {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      yield this.#complete(chunk.subarray(from, end));
      from = end + 1;
    }
    if (from === chunk.length) return;
    this.#parts.push(chunk.subarray(from));
    this.#bytes += chunk.length - from;
  }

  /** Whether the unfinished line is longer than it may be. */
  get overflown(): boolean {
    return this.#bytes > this.#bytesMax;
  }

  /** What came after the last line end. */
  rest(): string {
    return this.#complete(Buffer.alloc(0));
  }

  #complete(last: Buffer): string {
    const line = this.#parts.length === 0 ? last : Buffer.concat([...this.#parts, last]);
    this.#parts = [];
    this.#bytes = 0;
    return line.toString('utf8').replace(/\r$/, '');
  }
}
