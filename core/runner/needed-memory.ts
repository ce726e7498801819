/**
 * Programs whose sessions cannot do without what they keep in memory (`memory: 'required'`): a session goes on in the program
 * that it began with, or it has lost its memory, and that is said instead of going on as if nothing had been.
 *
 * That a session has begun is noted in the store, once: so a process that was started since knows that the memory was in
 * another. Where calls cannot choose their process, one that comes to the wrong one waits there while the right one is at work, and
 * is then turned away, to be made again at once; turned away often enough, the right one is gone. What becomes of the session is the
 * business of whoever keeps it. Calls without a session remember nothing anyway.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Fault, invariant } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { CallContext } from '../ports/stateless-server.ts';
import type { RequestId } from '../protocol/messages.ts';
import { stateScopeOf } from '../protocol/state-scope.ts';
import { holderNameOf } from './holder.ts';
import type { MemoryNotes, NotePlace } from './memory-notes.ts';
import type { RunEnd } from './order.ts';
import type { StartedProgram } from './started-program.ts';
import type { StartedPrograms } from './started-programs.ts';

export class NeededMemory {
  readonly #notes: MemoryNotes;
  readonly #programs: StartedPrograms;
  readonly #onTurnedAway: () => void;
  /** Sessions that begin right now. */
  readonly #beginning = new Map<string, Promise<void>>();

  constructor(notes: MemoryNotes, programs: StartedPrograms, onTurnedAway: () => void) {
    this.#notes = notes;
    this.#programs = programs;
    this.#onTurnedAway = onTurnedAway;
  }

  /** A run of a session's call goes on in its program. */
  goingOn<T>(call: CallContext, work: () => Promise<T>): Promise<T> {
    return this.#notes.during(placeOf(call), work);
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
    const place = placeOf(call);
    const holder = holderNameOf(session.id, principal.id);
    for (;;) {
      const other = this.#beginning.get(holder);
      if (other !== undefined) await other.catch(() => {});
      else if (!this.#programs.isKept(holder)) break;
      else if (signal.aborted || this.#programs.admits(holder, request))
        return this.#notes.during(place, () => execute(program()));
      else if (!this.#programs.admits(holder, undefined)) await this.#programs.vacancy(holder, signal);
      else throw new Fault('run_lost', 'This call cannot go on: an earlier attempt at it still runs in its program.');
    }
    const begun = this.#begun(call, place);
    this.#beginning.set(holder, begun);
    let started: StartedProgram;
    let running: Promise<RunEnd>;
    try {
      await begun;
      started = program();
      running = this.#notes.during(place, () => execute(started));
    } finally {
      this.#beginning.delete(holder);
    }
    try {
      return await running;
    } finally {
      // A program that was never ready kept nothing that could be lost.
      if (!started.wasReady) await this.#notes.remove(place);
    }
  }

  /** Resolves when it is noted that the session begins here. Throws `memory_elsewhere`, `memory_lost`. */
  async #begun({ signal, turnedAway = 0 }: CallContext, place: NotePlace): Promise<void> {
    while (!(await this.#notes.begin(place))) {
      const note = await this.#notes.read(place);
      if (note === undefined) continue;
      if (note.isOurs) throw lost();
      if (note.isAtWork && !signal.aborted) {
        await pause(LIMITS.memoryLookMs, undefined, { signal }).catch(() => {});
        continue;
      }
      if (turnedAway >= LIMITS.memoryTurnsMax) throw lost();
      this.#onTurnedAway();
      throw new Fault(
        'memory_elsewhere',
        'What the program remembers of this session is in another process. Try again.',
      );
    }
  }
}

function placeOf({ session, principal }: CallContext): NotePlace {
  invariant(session !== undefined, 'only a session has memory that it can lose');
  const scope = `memory#${stateScopeOf(principal.id, session.name)}`;
  return { scope, expiresAtMs: session.endsAtMs + LIMITS.settledKeepMs };
}

const lost = (): Fault =>
  new Fault(
    'memory_lost',
    'The program keeps state in memory, and what it kept for this session is gone with its process. Open a new session.',
  );
