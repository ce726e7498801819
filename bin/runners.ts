/** The runners of one deployment, made alike, told together of sessions that end, and closed together. */
import type { Program } from '../core/ports/program.ts';
import type { OnSessionEnd } from '../core/ports/session-end.ts';
import type { Runner, RunnerOptions } from '../core/runner/runner.ts';
import { runner } from '../core/runner/runner.ts';

export class Runners {
  readonly #options: Omit<RunnerOptions, 'program'>;
  readonly #made: Runner[] = [];

  constructor(options: Omit<RunnerOptions, 'program'>) {
    this.#options = options;
  }

  readonly make = (program: Program): Runner => {
    const made = runner({ program, ...this.#options });
    this.#made.push(made);
    return made;
  };

  readonly release: OnSessionEnd = ({ session, principal }) => this.letGo(session, principal);

  /** Ends what is kept for a session and is not at work, and does not wait for it. */
  letGo(session: string, principal: string): void {
    for (const made of this.#made) void made.release(session, principal);
  }

  close(): void {
    for (const made of this.#made) made.close();
  }
}
