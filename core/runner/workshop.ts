/** What a runner is made of, and what its parts share while it lives. */
import type { Client } from '../bridge/from-modern.ts';
import type { Introduction } from '../bridge/from-program.ts';
import type { Environment } from '../ports/environment.ts';
import type { Observer } from '../ports/observer.ts';
import type { Program } from '../ports/program.ts';
import type { RetryLost } from '../ports/retry-lost.ts';
import type { RoundGuard } from '../ports/round-guard.ts';
import type { Seal } from '../ports/seal.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { RpcNotification, RpcRequest } from '../protocol/messages.ts';
import type { Order, RunEnd } from './execution.ts';
import { execute } from './execution.ts';
import { Feed } from './feed.ts';

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
}

type Asking = Pick<Order, 'mayAsk' | 'entries' | 'offers' | 'told' | 'desk'>;

const ASKS_NOTHING: Asking = { mayAsk: false, entries: [], offers: {}, told: { sent: {} } };

/** One runner's program, with what is remembered of it between runs. */
export class Workshop {
  readonly options: RunnerOptions;
  readonly feed = new Feed();
  #introduction: { readonly value: Introduction; readonly atMs: number } | undefined;

  constructor(options: RunnerOptions) {
    this.options = options;
  }

  /** Runs the program once. Changes it reports go to the feed, everything else to `emit`. */
  async run(
    client: Client,
    request: RpcRequest | undefined,
    signal: AbortSignal,
    emit: (notification: RpcNotification) => void = () => {},
    asking: Asking = ASKS_NOTHING,
  ): Promise<RunEnd> {
    const { program, observer, environment } = this.options;
    const end = await execute({
      ...asking,
      program,
      observer,
      client,
      signal,
      uris: this.feed.urisWith(client.subscriptions),
      ...(request === undefined ? {} : { request }),
      onNotification: (notification, destination) =>
        destination === 'feed' ? this.feed.publish(notification) : emit(notification),
    });
    if (end.kind !== 'aborted') this.#introduction = { value: end.introduction, atMs: environment.now() };
    return end;
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
