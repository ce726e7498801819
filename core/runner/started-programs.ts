/**
 * The programs that are running: which of them a run takes place in, and which are kept after it.
 *
 * A program kept between calls serves the calls of one session of one principal and of no other, so that what it remembers stays
 * where it belongs. How many are kept, and for how long, is bounded; the one used longest ago goes first. A call that cannot take
 * place in its session's program (it is busy and could not tell two calls apart) gets one of its own, which ends with it.
 */
import { LIMITS } from '../base/limits.ts';
import { destinationOf } from '../bridge/from-notification.ts';
import type { Environment } from '../ports/environment.ts';
import type { Observer } from '../ports/observer.ts';
import type { Program } from '../ports/program.ts';
import type { Workspaces } from '../ports/workspaces.ts';
import type { RequestId } from '../protocol/messages.ts';
import type { Holder } from './holder.ts';
import type { FindOwner } from './lodging.ts';
import { Lodging } from './lodging.ts';
import type { Order } from './order.ts';
import type { Keeper } from './started-program.ts';
import { StartedProgram } from './started-program.ts';

interface Parts {
  readonly program: Program;
  readonly environment: Environment;
  readonly observer: Observer;
  /** Whether programs are kept between the calls of a session. */
  readonly keep: boolean;
  /** Whether a session's program may be replaced by a fresh one while the session lives. */
  readonly mayRenew: boolean;
  readonly workspaces: Workspaces | undefined;
}

interface Kept {
  readonly started: StartedProgram;
  readonly keepMs: number;
  readonly usedAtMs: number;
}

export class StartedPrograms {
  readonly #parts: Parts;
  /** By the name of their holder; the one used longest ago first. */
  readonly #kept = new Map<string, Kept>();
  readonly #all = new Set<StartedProgram>();
  /** Who waits for a program to take another run. */
  readonly #waiting = new Map<StartedProgram, readonly (() => void)[]>();
  #sweeper: NodeJS.Timeout | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * The program for a run: its session's if there is one that takes it, else a fresh one, in the folder of `owner`. `hear` is told of
   * what changes while no call is open.
   */
  for(
    holder: Holder | undefined,
    id: RequestId | undefined,
    hear: Order['onNotification'],
    owner: FindOwner = () => undefined,
  ): StartedProgram {
    const { program, observer, keep, workspaces } = this.#parts;
    const kept = holder === undefined ? undefined : this.#keptFor(holder.name);
    if (kept?.admits(id)) return kept;
    const isFirst = keep && holder !== undefined && kept?.connection.isOver !== false;
    const keeper: Keeper = {
      left: one => this.#left(one),
      overheard: notification => {
        if (destinationOf(notification, NOBODY) === 'feed') hear(notification, 'feed');
      },
    };
    const lodging = new Lodging(workspaces, owner);
    const started = new StartedProgram(program, isFirst ? holder.name : undefined, observer, keeper, lodging);
    this.#all.add(started);
    if (isFirst) this.#keep(holder.name, started, holder.keepMs);
    return started;
  }

  isKept(holder: string): boolean {
    return this.#keptFor(holder)?.connection.isOver === false;
  }

  /** Whether a run with that request may take place in the program kept for a session. */
  admits(holder: string, id: RequestId | undefined): boolean {
    return this.#keptFor(holder)?.admits(id) === true;
  }

  /** Its time is looked at here as well, since a process that was frozen has swept nothing. */
  #keptFor(holder: string): StartedProgram | undefined {
    const kept = this.#kept.get(holder);
    if (kept !== undefined && this.#isOver(kept)) this.#drop(holder, kept.started);
    return this.#kept.get(holder)?.started;
  }

  #isOver({ started, usedAtMs, keepMs }: Kept): boolean {
    return !started.isBusy && this.#parts.environment.now() - usedAtMs >= keepMs;
  }

  /** Resolves when the program kept for a session may take another run, if one is kept; or when the signal is aborted. */
  async vacancy(holder: string, signal: AbortSignal): Promise<void> {
    const started = this.#keptFor(holder);
    if (signal.aborted || started === undefined || started.connection.isOver || started.admits(undefined)) return;
    await new Promise<void>(resolve => {
      signal.addEventListener('abort', () => resolve(), { once: true });
      this.#waiting.set(started, [...(this.#waiting.get(started) ?? []), resolve]);
    });
  }

  /** Ends what is kept for a session, if it is not at work: a session that ended has no more calls. Resolves when it is gone. */
  async release(holder: string): Promise<void> {
    const started = this.#kept.get(holder)?.started;
    if (started === undefined) return;
    this.#drop(holder, started);
    if (!started.isBusy) await started.connection.gone;
  }

  /** Ends all of them. */
  close(): void {
    clearTimeout(this.#sweeper);
    this.#kept.clear();
    for (const started of this.#all) started.end(started.ending);
    this.#all.clear();
  }

  #keep(holder: string, started: StartedProgram, keepMs: number): void {
    this.#kept.delete(holder);
    this.#kept.set(holder, { started, keepMs, usedAtMs: this.#parts.environment.now() });
    const most = this.#parts.program.attributes ? LIMITS.warmProgramsMax : LIMITS.warmChildrenMax;
    if (this.#kept.size > most) {
      const oldest = [...this.#kept].find(([, one]) => !one.started.isBusy);
      if (oldest !== undefined) this.#drop(oldest[0], oldest[1].started);
    }
    this.#sweeper ??= setTimeout(() => this.#sweep(), LIMITS.warmSweepMs).unref();
  }

  #left(started: StartedProgram): void {
    const kept = started.holder === undefined ? undefined : this.#kept.get(started.holder);
    const waiting = this.#waiting.get(started) ?? [];
    this.#waiting.delete(started);
    for (const wake of waiting) queueMicrotask(wake);
    if (started.connection.isOver) {
      this.#forget(started);
      return;
    }
    if (started.holder !== undefined && kept?.started === started) {
      if (started.isWorn && this.#parts.mayRenew) this.#drop(started.holder, started);
      else this.#keep(started.holder, started, kept.keepMs);
    } else if (started.isDeserted) this.#end(started);
  }

  #sweep(): void {
    this.#sweeper = undefined;
    for (const [holder, kept] of this.#kept) if (this.#isOver(kept)) this.#drop(holder, kept.started);
    if (this.#kept.size > 0) this.#sweeper = setTimeout(() => this.#sweep(), LIMITS.warmSweepMs).unref();
  }

  /** It is not kept any more; one at work ends with its last run. */
  #drop(holder: string, started: StartedProgram): void {
    this.#kept.delete(holder);
    // Runs that wait in it are replayed when their answers come.
    if (!started.isBusy) this.#end(started);
  }

  #end(started: StartedProgram): void {
    started.end(started.ending);
    this.#forget(started);
  }

  #forget(started: StartedProgram): void {
    this.#all.delete(started);
    if (started.holder !== undefined && this.#kept.get(started.holder)?.started === started)
      this.#kept.delete(started.holder);
  }
}

const NOBODY = { token: undefined, logLevel: undefined };
