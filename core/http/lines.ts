/**
 * The lines of this process: found by their id, or by the session they carry, and ended when their client stays away.
 *
 * What else ends with a line is told to whoever made this. Nothing here is needed after a restart.
 */
import { LIMITS } from '../base/limits.ts';
import type { Line } from './line.ts';

export class Lines {
  readonly #lines = new Map<string, Line>();
  readonly #leaving = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #onAbandoned: (line: Line) => void;

  constructor(onAbandoned: (line: Line) => void) {
    this.#onAbandoned = onAbandoned;
  }

  add(line: Line): void {
    this.#lines.set(line.id, line);
    const [oldest] = [...this.#leaving.keys(), ...this.#lines.keys()];
    const excess = this.#lines.size > LIMITS.linesMax && oldest !== undefined ? this.#lines.get(oldest) : undefined;
    if (excess !== undefined) this.#abandon(excess);
  }

  /** The line of an id, for its own principal. */
  find(id: string | null, principal: string): Line | undefined {
    const line = id === null ? undefined : this.#lines.get(id);
    return line?.principal === principal ? line : undefined;
  }

  carrying(sessionId: string, principal: string): Line | undefined {
    for (const line of this.#lines.values())
      if (line.sessionId === sessionId && line.principal === principal) return line;
    return undefined;
  }

  /** The client has lost its connection, and may come back. */
  left(line: Line): void {
    const timer = setTimeout(() => this.#abandon(line), LIMITS.lineReturnMs);
    timer.unref();
    this.#leaving.set(line.id, timer);
  }

  back(line: Line): void {
    clearTimeout(this.#leaving.get(line.id));
    this.#leaving.delete(line.id);
  }

  /** Ends a line and nothing else. */
  end(line: Line): void {
    this.back(line);
    this.#lines.delete(line.id);
    line.end();
  }

  endAll(): void {
    for (const line of [...this.#lines.values()]) this.end(line);
  }

  #abandon(line: Line): void {
    this.end(line);
    this.#onAbandoned(line);
  }
}
