/** What a runner is made of, and what its parts share while it lives. */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Client } from '../bridge/from-modern.ts';
import type { Introduction } from '../bridge/from-program.ts';
import type { Environment } from '../ports/environment.ts';
import type { Observer } from '../ports/observer.ts';
import type { Program } from '../ports/program.ts';
import type { RetryLost } from '../ports/retry-lost.ts';
import type { RoundGuard } from '../ports/round-guard.ts';
import type { Seal } from '../ports/seal.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { CallContext } from '../ports/stateless-server.ts';
import type { WorkspaceOwner, Workspaces } from '../ports/workspaces.ts';
import type { RpcNotification, RpcRequest } from '../protocol/messages.ts';
import { workspaceNameOf } from '../protocol/state-scope.ts';
import { execute } from './execution.ts';
import { Feeds } from './feeds.ts';
import type { Holder } from './holder.ts';
import { holderNameOf, holderOf } from './holder.ts';
import { MemoryNotes } from './memory-notes.ts';
import { NeededMemory } from './needed-memory.ts';
import type { Order, Resumption, RunEnd } from './order.ts';
import { ParkedRuns } from './parked-runs.ts';
import type { StartedProgram } from './started-program.ts';
import { StartedPrograms } from './started-programs.ts';

export interface RunnerOptions {
  readonly program: Program;
  readonly seal: Seal;
  readonly environment: Environment;
  readonly observer: Observer;
  /** Names this process to the guard. */
  readonly owner: string;
  readonly guard?: RoundGuard;
  /** Keeps session state and the steps of calls in progress. Without it there is no session state, and steps travel in `requestState`. */
  readonly state?: StateStore;
  readonly retryLost: RetryLost;
  /**
   * `false`: no call of the program is ever begun a second time, neither to replay it nor after a loss. One that waits goes on
   * in this process (`warm`) or ends with `run_lost`.
   */
  readonly repeatable?: boolean;
  /** Tools of which the same is true, where it is not true of all. */
  readonly notRepeatableTools?: readonly string[];
  /**
   * `required`: a session whose program is gone, with what it kept in memory, has ended: its calls throw `memory_lost`. Needs
   * `warm: 'programs'` and `state`.
   */
  readonly memory?: 'optional' | 'required';
  /**
   * Where calls cannot choose the process they come to, as with the environments of a function: told of each call that was turned
   * away, because the memory it requires is in another process, and will be made again. For a moment this process must take none then.
   */
  readonly onTurnedAway?: () => void;
  /**
   * What stays in memory: `nothing`, the default; `runs` that wait, so that an answer which reaches this process need not
   * replay them; also the `programs` between the calls of a session, so that what they remember is there for its next call.
   */
  readonly warm?: Warmth;
  /** How long it stays after it was used last, in milliseconds, where a session does not say how long it is awake. */
  readonly warmMs?: number;
  /**
   * `false` where nobody who listens could be told of a change: each process serves one request at a time, and there is no store.
   * Then programs are shown without such promises.
   */
  readonly tells?: boolean;
  /** The files of sessions. Without it programs run in a folder of their own choice, and keep files as they like. */
  readonly workspaces?: Workspaces;
}

export type Warmth = 'nothing' | 'runs' | 'programs';

const USUAL_MS = LIMITS.idleTimeoutMsDefault;

type Asking = Pick<Order, 'mayAsk' | 'entries' | 'offers' | 'told' | 'desk'>;

export const ASKS_NOTHING: Asking = { mayAsk: false, entries: [], offers: {}, told: { sent: {} } };

/** One runner's program, with what is remembered of it between runs. */
export class Workshop {
  readonly options: RunnerOptions;
  readonly feeds: Feeds;
  readonly parked: ParkedRuns;
  readonly programs: StartedPrograms;
  readonly #memory: NeededMemory | undefined;
  #introduction: { readonly value: Introduction; readonly atMs: number } | undefined;

  constructor(options: RunnerOptions) {
    this.options = options;
    const { program, environment, observer, warm, warmMs = USUAL_MS, workspaces } = options;
    this.parked = new ParkedRuns(environment, {
      keepMs: warmMs,
      most: program.attributes ? LIMITS.parkedRunsMax : LIMITS.warmChildrenMax,
    });
    this.feeds = new Feeds(options);
    this.programs = new StartedPrograms({
      program,
      environment,
      observer,
      keep: warm === 'programs',
      mayRenew: options.memory !== 'required',
      workspaces,
    });
    this.#memory = neededMemory(options, this.programs);
  }

  /** Runs the program once. Changes it reports go to the feed, everything else to `emit`. */
  async run(
    client: Client,
    request: RpcRequest | undefined,
    signal: AbortSignal,
    emit: (notification: RpcNotification) => void = () => {},
    { call, ...asking }: Asking & { readonly call?: CallContext } = ASKS_NOTHING,
  ): Promise<RunEnd> {
    const { program, environment, warm = 'nothing' } = this.options;
    const hearing = this.#hearing(call?.principal.id, emit);
    const forRun = (): StartedProgram =>
      this.programs.for(call && this.holderOf(call), request?.id, hearing, () => call && ownerOf(call));
    const execution = (started: StartedProgram): Promise<RunEnd> =>
      execute({
        ...asking,
        program,
        started,
        mayPark: warm !== 'nothing',
        client,
        signal,
        uris: this.feeds.urisWith(call?.principal.id, client.subscriptions),
        ...(request === undefined ? {} : { request }),
        onNotification: hearing,
      });
    const memory = call?.session === undefined ? undefined : this.#memory;
    const end = await (memory === undefined || call === undefined
      ? execution(forRun())
      : memory.run(call, request?.id, forRun, execution));
    if (end.kind !== 'aborted') this.#introduction = { value: end.introduction, atMs: environment.now() };
    return end;
  }

  /** For whom a call's memory is kept, if it can be found again. */
  holderOf(call: CallContext): Holder | undefined {
    return holderOf(call, this.options.warmMs ?? USUAL_MS);
  }

  /** What is kept in memory for a session goes. Resolves when its program is gone. */
  release(session: string, principal: string): Promise<void> {
    const holder = holderNameOf(session, principal);
    this.parked.release(holder);
    return this.programs.release(holder);
  }

  /** Goes on with a run that waits in this process; `undefined` if there is none that can. */
  resumed(
    nonce: string,
    resumption: Omit<Resumption, 'onNotification'>,
    call: CallContext,
    emit: (notification: RpcNotification) => void,
  ): Promise<RunEnd> | undefined {
    const end = this.parked
      .take(nonce)
      ?.resume({ ...resumption, onNotification: this.#hearing(call.principal.id, emit) });
    if (end === undefined || call.session === undefined || this.#memory === undefined) return end;
    return this.#memory.goingOn(call, () => end);
  }

  /** What a run that is made for nobody changes, nobody hears of. */
  #hearing(principal: string | undefined, emit: (notification: RpcNotification) => void): Order['onNotification'] {
    return (notification, destination) => {
      if (destination !== 'feed') emit(notification);
      else if (principal !== undefined) this.feeds.publish(principal, notification);
    };
  }

  /** What the program last said about itself, if it has run in this process. */
  get lastIntroduction(): Introduction | undefined {
    return this.#introduction?.value;
  }

  /** What the program says about itself, at most so and so old; `undefined` if the signal was aborted. */
  async introduction(client: Client, signal: AbortSignal, maxAgeMs: number): Promise<Introduction | undefined> {
    const known = this.#introduction;
    if (known !== undefined && this.options.environment.now() - known.atMs <= maxAgeMs) return known.value;
    const end = await this.run(client, undefined, signal);
    return end.kind === 'aborted' ? undefined : end.introduction;
  }
}

/** Files belong to a session of a principal; a call without a session has none to come back to. */
const ownerOf = ({ principal, session }: CallContext): WorkspaceOwner | undefined =>
  session && {
    name: workspaceNameOf(principal.id, session.name),
    expiresAtMs: session.endsAtMs + LIMITS.settledKeepMs,
  };

function neededMemory(options: RunnerOptions, programs: StartedPrograms): NeededMemory | undefined {
  const { memory, state, warm, environment, owner, onTurnedAway } = options;
  if (memory !== 'required') return undefined;
  if (state !== undefined && warm === 'programs') {
    const notes = new MemoryNotes(state, environment, owner, onTurnedAway !== undefined);
    return new NeededMemory(notes, programs, onTurnedAway ?? (() => {}));
  }
  throw new Fault(
    'setting_invalid',
    "A program whose memory is required needs warm: 'programs', and a store (state) that notes which sessions it has.",
  );
}
