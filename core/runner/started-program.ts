/**
 * A program that was started, and the runs that take place in it: at the same time where the program tells them apart, else
 * one after the other. It makes the handshake once, gives each run what concerns it, and outlives them where it is kept.
 *
 * What a run makes of a message is the run's business (`execution.ts`), and how long a program is kept is that of
 * `started-programs.ts`.
 */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Client } from '../bridge/from-modern.ts';
import type { Introduction } from '../bridge/from-program.ts';
import type { Aids } from '../ports/aids.ts';
import type { Observer } from '../ports/observer.ts';
import type { Program } from '../ports/program.ts';
import type { RequestId, RpcNotification, RpcRequest } from '../protocol/messages.ts';
import type { Hearer } from './connection.ts';
import { Connection } from './connection.ts';
import { brought, shakeHands } from './handshake.ts';
import type { Lodging } from './lodging.ts';

/** A run, as its program's messages reach it. */
export interface Occupant {
  /** The id under which the program sees the run's request; a run that only shakes hands has none. */
  readonly id: RequestId | undefined;
  onRequest(request: RpcRequest): void;
  onNotification(notification: RpcNotification): void;
  onLost(fault: Fault): void;
  /** What it offers the handler of its request. */
  aids(): Aids | undefined;
}

/** Who decides what becomes of a program that a run has left. */
export interface Keeper {
  /** A run has ended or was parked here. */
  left(started: StartedProgram): void;
  /** It said something while no run was there to hear it. */
  overheard(notification: RpcNotification): void;
}

export class StartedProgram {
  /** For whom it is kept; without one it is not used again. */
  readonly holder: string | undefined;
  readonly connection: Connection;
  readonly #program: Program;
  readonly #keeper: Keeper;
  readonly #active = new Set<Occupant>();
  readonly #parked = new Set<Occupant>();
  #hasDropped = false;
  /** Runs that were left here for ever and still take memory. */
  #abandoned = 0;
  #introduction: Promise<Introduction> | undefined;
  #wasReady = false;
  #logLevel: Client['logLevel'];
  readonly #uris = new Set<string>();
  readonly #lodging: Lodging;

  constructor(program: Program, holder: string | undefined, observer: Observer, keeper: Keeper, lodging: Lodging) {
    this.#program = program;
    this.holder = holder;
    this.#keeper = keeper;
    this.#lodging = lodging;
    const hearer: Hearer = {
      onRequest: (request, about) => this.#asked(request, about),
      onNotification: (notification, about) => this.#noticed(notification, about),
      onLost: fault => this.#lost(fault),
      aids: request => [...this.#active].find(run => run.id === request)?.aids(),
    };
    this.connection = new Connection(program, hearer, observer);
  }

  /** Whether a run with that request may take place here now. */
  admits(id: RequestId | undefined): boolean {
    if (this.connection.isOver || (this.#active.size > 0 && !this.#program.attributes)) return false;
    // A request that was given up may still be open at the program, under the same id.
    return id === undefined || !this.connection.isAwaiting(id);
  }

  enter(run: Occupant): void {
    this.#parked.delete(run);
    this.#active.add(run);
    this.connection.recount();
  }

  /** Makes the program ready for a client: started and introduced, or told what has changed since. */
  async ready(client: Client, uris: readonly string[]): Promise<Introduction> {
    const known = this.#introduction;
    const fresh = uris.filter(uri => !this.#uris.has(uri));
    const logLevel = client.logLevel === this.#logLevel ? undefined : client.logLevel;
    this.#logLevel = client.logLevel ?? this.#logLevel;
    for (const uri of fresh) this.#uris.add(uri);
    if (known === undefined) {
      this.#introduction = this.#begun(client, fresh);
      return this.#introduction;
    }
    const introduction = await known;
    if (logLevel !== undefined || fresh.length > 0)
      await brought(this.connection, { logLevel, uris: fresh }, introduction);
    return introduction;
  }

  async #begun(client: Client, uris: readonly string[]): Promise<Introduction> {
    try {
      const livesThere = this.#program.livesInFolder === true && this.#lodging.isThere;
      const place = livesThere ? await this.#lodging.workspace() : undefined;
      // It may have been ended while its folder was brought up.
      if (this.connection.isOver) throw new Fault('run_lost', 'The program was ended before it had begun.');
      await this.connection.start(place);
      const introduction = await shakeHands(this.connection, client, uris);
      this.#wasReady = true;
      return introduction;
    } catch (thrown) {
      this.end('stop');
      throw thrown;
    }
  }

  /**
   * A run has ended (`done`), waits here for answers (`parked`) or for nothing (`dropped`), was `stopped` in the middle, or has
   * found the program unusable (`broken`). One that cannot tell requests apart is unusable once one of them was stopped.
   */
  leave(run: Occupant, how: 'done' | 'parked' | 'dropped' | 'stopped' | 'broken'): void {
    this.#active.delete(run);
    this.#parked.delete(run);
    if (how === 'parked') this.#parked.add(run);
    if (how === 'dropped') this.#abandon(run);
    if (how === 'stopped' && run.id !== undefined) this.connection.abandon(run.id, 'cancelled');
    if (how !== 'done' && how !== 'parked') this.#lodging.spoil();
    if (how === 'broken' || (how === 'stopped' && !this.#program.attributes)) this.end('stop');
    this.#keeper.left(this);
  }

  #abandon(run: Occupant): void {
    this.#hasDropped = true;
    if (!this.connection.forgets) this.#abandoned += 1;
    if (run.id !== undefined) this.connection.abandon(run.id, 'forgotten');
  }

  /** Whether so many runs were left in it for ever that a fresh one is better, if nothing it remembers is needed. */
  get isWorn(): boolean {
    return this.#abandoned >= LIMITS.abandonedRunsMax;
  }

  isHolding(run: Occupant): boolean {
    return this.#parked.has(run) && !this.connection.isOver;
  }

  /** How to end it: one with runs that wait for ever is left as it is, so that no `catch` and no `finally` of theirs runs. */
  get ending(): 'park' | 'stop' {
    return this.#hasDropped || this.#parked.size > 0 ? 'park' : 'stop';
  }

  /** Whether it was ever started and introduced. */
  get wasReady(): boolean {
    return this.#wasReady;
  }

  get isDeserted(): boolean {
    return this.#active.size === 0 && this.#parked.size === 0;
  }

  get isBusy(): boolean {
    return this.#active.size > 0;
  }

  /** The folder of its session. */
  folder(): Promise<string> {
    return this.#lodging.workspace().then(({ folder }) => folder);
  }

  /** Brings what a call wrote to the store; `undefined` where there is no folder in use. */
  save(): Promise<void> | undefined {
    return this.#lodging.save();
  }

  /** Cuts the program off: nothing of it is heard any more, and its other runs come to know. */
  end(mode: 'park' | 'stop', fault?: Fault): void {
    this.connection.cut(mode);
    const runs = [...this.#active];
    if (runs.length > 0 || this.#parked.size > 0) this.#lodging.spoil();
    this.#lodging.leave(this.connection.gone);
    this.#active.clear();
    this.#parked.clear();
    if (fault !== undefined) for (const run of runs) run.onLost(fault);
  }

  #asked(request: RpcRequest, about: RequestId | undefined): void {
    const run = this.#concerned(about);
    if (run !== undefined) run.onRequest(request);
    else if (request.method === 'ping') this.connection.reply(request.id, { result: {} });
    else {
      const message = `The client cannot be asked for ${request.method} now: no call is open.`;
      this.connection.reply(request.id, { error: { code: -32601, message } });
    }
  }

  #noticed(notification: RpcNotification, about: RequestId | undefined): void {
    if (notification.method === 'notifications/cancelled') {
      for (const run of [...this.#active, ...this.#parked]) run.onNotification(notification);
      return;
    }
    const run = this.#concerned(about);
    if (run !== undefined) run.onNotification(notification);
    else this.#keeper.overheard(notification);
  }

  /** The run that something is about. What names no run belongs to the one that runs, and if none does to the last one that waits. */
  #concerned(about: RequestId | undefined): Occupant | undefined {
    const runs = [...this.#parked, ...this.#active];
    return about === undefined ? runs.at(-1) : runs.find(run => run.id === about);
  }

  #lost(fault: Fault): void {
    this.end('stop', fault);
    this.#keeper.left(this);
  }
}
