/**
 * What event logs use to wake those of this process who wait in `changed`: beside the port, since every adapter needs it and
 * adapters are strangers to one another.
 *
 * It promises to leave nothing behind: whichever of the call, the signal and the patience comes first, the other two are taken
 * down.
 */
export class Notifier {
  readonly #waiting = new Map<string, Set<() => void>>();
  closed = false;

  /** Resolves at the next `notify(key)`, when the signal is aborted, or after `patienceMs`; whether it was `notify`. */
  wait(key: string, signal: AbortSignal, patienceMs: number): Promise<boolean> {
    if (signal.aborted || this.closed) return Promise.resolve(false);
    const waiting = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiting);
    return new Promise(resolve => {
      const end = (notified: boolean): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', leave);
        waiting.delete(wake);
        if (waiting.size === 0 && this.#waiting.get(key) === waiting) this.#waiting.delete(key);
        resolve(notified);
      };
      const wake = (): void => end(true);
      const leave = (): void => end(false);
      const timer = setTimeout(leave, patienceMs);
      signal.addEventListener('abort', leave);
      waiting.add(wake);
    });
  }

  notify(key: string): void {
    for (const wake of [...(this.#waiting.get(key) ?? [])]) wake();
  }

  /** Wakes everyone, now and from now on. */
  close(): void {
    this.closed = true;
    for (const key of [...this.#waiting.keys()]) this.notify(key);
  }
}
