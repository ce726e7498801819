/**
 * The environments that start at the same moment: as many as the machine has processors. More would only make each of them late,
 * and an invocation that waits for its turn may meanwhile take an environment that has become free, as on Lambda.
 */
import { availableParallelism } from 'node:os';

export class Starts {
  #free = availableParallelism();
  readonly #waiting = new Set<() => void>();

  /** Whether one more may start; it says when its start is `over`. */
  begin(): boolean {
    if (this.#free === 0) return false;
    this.#free--;
    return true;
  }

  over(): void {
    this.#free++;
    for (const wake of [...this.#waiting]) wake();
  }

  /** Calls at every start that is over, until the function it gives is called. */
  watch(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => void this.#waiting.delete(wake);
  }
}
