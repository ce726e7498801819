/** What several streams of one upstream say, in the order it comes, for one reader that may grow impatient. */
export class Inbox<T> {
  readonly #waiting: T[] = [];
  #wake: (() => void) | undefined;

  put(item: T): void {
    this.#waiting.push(item);
    this.#wake?.();
  }

  /** The next item; `undefined` when none came within the time, or the signal was aborted. */
  async next(signal: AbortSignal, patienceMs?: number): Promise<T | undefined> {
    if (this.#waiting.length === 0 && !signal.aborted) await this.#something(signal, patienceMs);
    return this.#waiting.shift();
  }

  #something(signal: AbortSignal, patienceMs: number | undefined): Promise<void> {
    return new Promise(resolve => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        this.#wake = undefined;
        resolve();
      };
      const timer = patienceMs === undefined ? undefined : setTimeout(end, patienceMs);
      signal.addEventListener('abort', end, { once: true });
      this.#wake = end;
    });
  }
}
