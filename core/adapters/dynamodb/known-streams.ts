/**
 * What this process remembers of the streams it wrote or read lately: where packs end, and how patiently to look for news.
 *
 * Only a saving: a place that is known to be the end of a pack need not be looked up again, and such a place never moves while
 * its stream lives. What is forgotten or too old is looked up in the table.
 */
import { LIMITS } from '../../base/limits.ts';

interface Known {
  /** Sequences at which a pack ends, the newest few, rising. */
  readonly ends: number[];
  learnedAtMs: number;
  pauseMs: number;
}

const ENDS_MAX = 16;

export class KnownStreams {
  readonly #now: () => number;
  /** In the order of their last use. */
  readonly #streams = new Map<string, Known>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether a pack is known to end at a sequence: the next one begins after it. Before the first event there is nothing. */
  isEnd(stream: string, sequence: number): boolean {
    return sequence === 0 || this.#fresh(stream)?.ends.includes(sequence) === true;
  }

  /** The highest sequence that is known to be written; 0 if none is. */
  tail(stream: string): number {
    return this.#fresh(stream)?.ends.at(-1) ?? 0;
  }

  learn(stream: string, end: number): void {
    const known = this.#used(stream);
    known.learnedAtMs = this.#now();
    if (known.ends.includes(end)) return;
    known.pauseMs = LIMITS.tailPollMsMin;
    known.ends.push(end);
    known.ends.sort((a, b) => a - b);
    if (known.ends.length > ENDS_MAX) known.ends.shift();
  }

  forget(stream: string): void {
    this.#streams.delete(stream);
  }

  /** How long to wait before the next look at a stream: short after news, and longer with every look that finds none. */
  pauseMs(stream: string): number {
    return this.#streams.get(stream)?.pauseMs ?? LIMITS.tailPollMsMin;
  }

  sawNothing(stream: string): void {
    const known = this.#used(stream);
    known.pauseMs = Math.min(known.pauseMs * 2, LIMITS.tailPollMsMax);
  }

  #fresh(stream: string): Known | undefined {
    const known = this.#streams.get(stream);
    return known !== undefined && this.#now() - known.learnedAtMs < LIMITS.knownStreamMsMax ? known : undefined;
  }

  #used(stream: string): Known {
    const known = this.#fresh(stream) ?? {
      ends: [],
      learnedAtMs: this.#now(),
      pauseMs: this.pauseMs(stream),
    };
    this.#streams.delete(stream);
    this.#streams.set(stream, known);
    const [oldest] = this.#streams.keys();
    if (this.#streams.size > LIMITS.knownStreamsMax && oldest !== undefined) this.#streams.delete(oldest);
    return known;
  }
}
