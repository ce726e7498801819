/**
 * Writes the notifications of one running round into the exchange's event log.
 *
 * The holder of the lease is the only writer and knows the tail. Small events that come while a write is under way go out
 * together in the next one. When they pile up, the newest of a run of progress stands for the run: never reordered, the last
 * one never dropped. Progress rises over all rounds: a round that starts counting anew is lifted above what was seen.
 */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { EventLog, StreamAddress } from '../ports/event-log.ts';
import { canonicalJson, jsonBytes } from '../protocol/json.ts';
import type { Message, RpcNotification } from '../protocol/messages.ts';
import type { LoggedEvent } from '../session/outbox.ts';
import { patiently } from './patience.ts';

/** Smallest step by which lifted progress rises. */
const STEP = 1e-6;

/** Where a round begins to write. */
export interface WritingPosition {
  readonly sequence: number;
  readonly progress: number | undefined;
  readonly expiresAtMs: number;
  /** What a lost attempt at the same round has written, if there was one: it is not written again. */
  readonly already: readonly RpcNotification[] | undefined;
}

export class StreamWriter {
  readonly #log: EventLog;
  readonly #address: StreamAddress;
  readonly #expiresAtMs: number;
  readonly #isHeld: () => Promise<boolean>;
  readonly #admit: (bytes: number) => Promise<void>;
  readonly #already: string[];
  #sequence: number;
  #progress: number | undefined;
  #bytes = 0;
  #lift: number | undefined;
  #backlog: LoggedEvent[] = [];
  #writing: Promise<void> | undefined;
  #failure: unknown;

  /** `isHeld` tells whether the lease under which this writes is still ours; `admit` throws where there is no room for so much. */
  constructor(
    log: EventLog,
    address: StreamAddress,
    at: WritingPosition,
    isHeld: () => Promise<boolean>,
    admit: (bytes: number) => Promise<void>,
  ) {
    this.#isHeld = isHeld;
    this.#admit = admit;
    this.#log = log;
    this.#address = address;
    this.#sequence = at.sequence;
    this.#progress = at.progress;
    this.#expiresAtMs = at.expiresAtMs;
    this.#already = (at.already ?? []).map(notification => canonicalJson(notification));
    // A round that runs again counts as it did before; any other may count anew.
    this.#lift = at.already === undefined ? undefined : 0;
  }

  /** Last sequence written. Exact once `flush` has resolved. */
  get sequence(): number {
    return this.#sequence;
  }

  get progress(): number | undefined {
    return this.#progress;
  }

  /** How much it has written. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes a notification; it is written soon. `token` is the progress token the client gave with its request. Throws what went
   * wrong with an earlier one.
   */
  write(notification: RpcNotification, token: unknown): void {
    if (this.#failure !== undefined) throw this.#failure;
    const message = isProgress(notification) ? this.#rising(notification, token) : this.#fresh(notification);
    if (message === undefined) return;
    const last = this.#backlog.at(-1)?.message;
    if (this.#backlog.length >= LIMITS.appendBacklogMax && isProgress(message) && isProgress(last)) this.#backlog.pop();
    this.#backlog.push({ message });
    this.#writing ??= this.#drain();
  }

  /** Resolves when everything taken is durable. Throws what went wrong, `upstream_lost` if another process took over. */
  async flush(): Promise<void> {
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #drain(): Promise<void> {
    try {
      while (this.#backlog.length > 0) await this.#append(this.#backlog.splice(0));
    } catch (failure) {
      this.#failure = failure;
    } finally {
      this.#writing = undefined;
    }
  }

  async #append(events: readonly LoggedEvent[]): Promise<void> {
    const bytes = jsonBytes(events);
    await this.#admit(bytes);
    this.#bytes += bytes;
    for (let attempt = 0; attempt < LIMITS.commitAttemptsMax; attempt++) {
      const written = await patiently(() => this.#tried(events));
      if (written === undefined) return;
      if (!(await this.#isHeld())) break;
      this.#sequence = written;
    }
    throw new Fault('upstream_lost', 'Another process has taken over this call.');
  }

  /** The end of what someone else wrote in our place; `undefined` if it was us, this time or before a lost acknowledgement. */
  async #tried(events: readonly LoggedEvent[]): Promise<number | undefined> {
    const expiresAtMs = this.#expiresAtMs;
    const outcome = await this.#log.append(this.#address, this.#sequence + 1, events, { expiresAtMs });
    if (outcome === 'conflict') {
      const there = await this.#log.read(this.#address, this.#sequence, LIMITS.eventsPerReadMax);
      const isOurs = events.every(({ message }, at) => canonicalJson(there[at]?.message) === canonicalJson(message));
      if (!isOurs) return there.at(-1)?.sequence ?? this.#sequence;
    }
    this.#sequence += events.length;
    return undefined;
  }

  #fresh(notification: RpcNotification): RpcNotification | undefined {
    if (this.#already.length === 0) return notification;
    const at = this.#already.indexOf(canonicalJson(notification));
    if (at < 0) return notification;
    this.#already.splice(at, 1);
    return undefined;
  }

  #rising(notification: RpcNotification, token: unknown): RpcNotification | undefined {
    const params = notification.params;
    const value = params?.progress;
    if (token === undefined || params?.progressToken !== token || typeof value !== 'number') return undefined;
    const mark = this.#progress;
    this.#lift ??= mark !== undefined && value <= mark ? mark - value + STEP : 0;
    const lifted = value + this.#lift;
    if (mark !== undefined && lifted <= mark) return undefined;
    this.#progress = lifted;
    if (this.#lift === 0) return notification;
    const total = typeof params.total === 'number' ? { total: params.total + this.#lift } : {};
    return { ...notification, params: { ...params, progress: lifted, ...total } };
  }
}

const isProgress = (message: Message | undefined): boolean =>
  message !== undefined && 'method' in message && message.method === 'notifications/progress';
