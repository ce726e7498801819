/**
 * Programs whose sessions cannot do without what they keep in memory (`memory: 'required'`): a session goes on in the program
 * that it began with, or it has lost its memory, and that is said instead of going on as if nothing had been.
 *
 * That a session has begun is noted in the store, once: so a process that was started since knows that the memory was in
 * another. What becomes of the session is the business of whoever keeps it. Calls without a session remember nothing anyway.
 */
import { Fault, invariant } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { CallContext } from '../ports/stateless-server.ts';
import type { RequestId } from '../protocol/messages.ts';
import { stateScopeOf } from '../protocol/state-scope.ts';
import { holderNameOf } from './holder.ts';
import type { RunEnd } from './order.ts';
import type { StartedProgram } from './started-program.ts';
import type { StartedPrograms } from './started-programs.ts';

export class NeededMemory {
  readonly #store: StateStore;
  readonly #programs: StartedPrograms;
  /** Sessions that begin right now. */
  readonly #beginning = new Map<string, Promise<void>>();

  constructor(store: StateStore, programs: StartedPrograms) {
    this.#store = store;
    this.#programs = programs;
  }

  /** Runs in the program of the call's session, when it can take another run; in a fresh one if the session begins. */
  async run(
    call: CallContext,
    request: RequestId | undefined,
    program: () => StartedProgram,
    execute: (started: StartedProgram) => Promise<RunEnd>,
  ): Promise<RunEnd> {
    const { session, principal, signal } = call;
    invariant(session !== undefined, 'only a session has memory that it can lose');
    const note = `memory#${stateScopeOf(principal.id, session.name)}`;
    const holder = holderNameOf(session.id, principal.id);
    for (;;) {
      const other = this.#beginning.get(holder);
      if (other !== undefined) await other.catch(() => {});
      else if (!this.#programs.isKept(holder)) break;
      else if (signal.aborted || this.#programs.admits(holder, request)) return execute(program());
      else if (!this.#programs.admits(holder, undefined)) await this.#programs.vacancy(holder, signal);
      else throw new Fault('run_lost', 'This call cannot go on: an earlier attempt at it still runs in its program.');
    }
    return this.#begin(holder, { note, endsAtMs: session.endsAtMs }, program, execute);
  }

  async #begin(
    holder: string,
    { note, endsAtMs }: { readonly note: string; readonly endsAtMs: number },
    program: () => StartedProgram,
    execute: (started: StartedProgram) => Promise<RunEnd>,
  ): Promise<RunEnd> {
    const begun = this.#note(note, endsAtMs);
    this.#beginning.set(holder, begun);
    let started: StartedProgram;
    let running: Promise<RunEnd>;
    try {
      await begun;
      started = program();
      running = execute(started);
    } finally {
      this.#beginning.delete(holder);
    }
    try {
      return await running;
    } finally {
      // A program that was never ready kept nothing that could be lost.
      if (!started.wasReady) await this.#store.remove(note);
    }
  }

  async #note(scope: string, endsAtMs: number): Promise<void> {
    const note = { scope, version: 1, json: '{}', expiresAtMs: endsAtMs + LIMITS.settledKeepMs };
    const written = await this.#store.commit(note);
    if (written === 'committed') return;
    throw new Fault(
      'memory_lost',
      'The program keeps state in memory, and what it kept for this session is gone with its process. Open a new session.',
    );
  }
}
