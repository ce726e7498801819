/**
 * Changes that programs report, for those who listen: one feed for each principal, since a run is made for one, and what it
 * changes is nobody else's business.
 *
 * Who listens in this process hears at once. Other processes find a record in the store (`core/journal/change-record.ts`), at which a process
 * looks while somebody listens there and no longer. Without a store, changes stay in this process.
 * Why: `docs/decisions/0019-changes-that-programs-report.md`.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Fault, faultOf } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { ChangeRecord, Seen } from '../journal/change-record.ts';
import { changesSince, newChangeRecord, notificationOf, withChanges } from '../journal/change-record.ts';
import type { Environment } from '../ports/environment.ts';
import type { FeedListener, Listened } from '../ports/feed.ts';
import { Feed } from '../ports/feed.ts';
import type { Observer } from '../ports/observer.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { RpcNotification } from '../protocol/messages.ts';
import { changeScopeOf } from '../protocol/state-scope.ts';

interface Parts {
  readonly state?: StateStore;
  readonly environment: Environment;
  readonly observer: Observer;
}

export class Feeds {
  readonly #parts: Parts;
  readonly #shared = new Map<string, SharedFeed>();
  /** Names this process in what it writes. */
  readonly #by: string;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#by = parts.environment.newId().slice(0, 8);
  }

  /** A run for a principal has reported a change. */
  publish(principal: string, change: RpcNotification): void {
    this.#of(principal).publish(change);
  }

  /** Resolves when what was published for a principal is in the store, or could not be brought there. */
  async kept(principal: string): Promise<void> {
    await this.#shared.get(principal)?.writing;
  }

  /** What a principal may listen to. Resolves when everything published from now on will be heard. */
  async open(principal: string): Promise<Listened> {
    const seen = this.#shared.get(principal)?.isLooking ? undefined : await this.#recordOf(principal);
    return { listen: listener => this.#of(principal).listen(listener, seen) };
  }

  /** These resources, and those that somebody listens for. */
  urisWith(principal: string | undefined, own: readonly string[]): readonly string[] {
    const feed = principal === undefined ? undefined : this.#shared.get(principal);
    return feed === undefined ? own : feed.here.urisWith(own);
  }

  close(): void {
    for (const feed of this.#shared.values()) feed.close();
  }

  async #recordOf(principal: string): Promise<ChangeRecord | undefined> {
    return recordIn(await this.#parts.state?.load(changeScopeOf(principal)));
  }

  #of(principal: string): SharedFeed {
    const known = this.#shared.get(principal);
    if (known !== undefined) return known;
    const forget = (): void => void this.#shared.delete(principal);
    const made = new SharedFeed(this.#parts, changeScopeOf(principal), this.#by, forget);
    this.#shared.set(principal, made);
    return made;
  }
}

/** The feed of one principal, while somebody listens or something is to be written. */
class SharedFeed {
  readonly here = new Feed();
  /** Settles when what is unwritten now is written. */
  writing: Promise<void> | undefined;
  readonly #parts: Parts;
  readonly #scope: string;
  readonly #by: string;
  readonly #onIdle: () => void;
  #unwritten: RpcNotification[] = [];
  #listeners = 0;
  #seen: Seen | undefined;
  #looking: AbortController | undefined;

  constructor(parts: Parts, scope: string, by: string, onIdle: () => void) {
    this.#parts = parts;
    this.#scope = scope;
    this.#by = by;
    this.#onIdle = onIdle;
  }

  publish(change: RpcNotification): void {
    this.here.publish(change);
    const { state } = this.#parts;
    if (state === undefined) this.#rest();
    else {
      this.#unwritten.push(change);
      this.writing ??= this.#write(state);
    }
  }

  get isLooking(): boolean {
    return this.#looking !== undefined;
  }

  /** `seen` is where the record stood just before; who listens first tells. */
  listen(listener: FeedListener, seen: Seen | undefined): () => void {
    this.#listeners++;
    const unlisten = this.here.listen(listener);
    if (this.#looking === undefined && this.#parts.state !== undefined) {
      this.#seen = seen;
      this.#looking = new AbortController();
      void this.#look(this.#parts.state, this.#looking.signal);
    }
    return () => {
      unlisten();
      this.#listeners--;
      this.#rest();
    };
  }

  close(): void {
    this.#looking?.abort();
    this.#looking = undefined;
  }

  /** Nothing is looked at while nobody listens. */
  #rest(): void {
    if (this.#listeners > 0) return;
    this.close();
    if (this.writing === undefined) this.#onIdle();
  }

  async #look(state: StateStore, signal: AbortSignal): Promise<void> {
    let isFailing = false;
    while (!signal.aborted) {
      await pause(LIMITS.feedLookMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        this.#hear(recordIn(await state.load(this.#scope)));
        isFailing = false;
      } catch (thrown) {
        if (!isFailing) this.#observe('feed.unread', thrown);
        isFailing = true;
      }
    }
  }

  /** Tells what others have reported since the last look. */
  #hear(record: ChangeRecord | undefined): void {
    const news = record === undefined ? [] : changesSince(record, this.#seen);
    this.#seen = record;
    if (news === 'everything') this.here.missed();
    else for (const change of news) if (change.by !== this.#by) this.here.publish(notificationOf(change));
  }

  async #write(state: StateStore): Promise<void> {
    // What is reported in one go is written in one go.
    await Promise.resolve();
    try {
      while (this.#unwritten.length > 0) await this.#commit(state, this.#unwritten.splice(0));
    } catch (thrown) {
      this.#observe('feed.unwritten', thrown);
    }
    this.writing = undefined;
    this.#rest();
  }

  async #commit(state: StateStore, changes: readonly RpcNotification[]): Promise<void> {
    const { environment } = this.#parts;
    for (let attempt = 0; attempt < LIMITS.commitAttemptsMax; attempt++) {
      const stored = await state.load(this.#scope);
      const before = recordIn(stored) ?? newChangeRecord(environment.newId().slice(0, 8));
      // What others reported must be heard before it is replaced.
      if (this.#listeners > 0) this.#hear(before);
      const json = JSON.stringify(withChanges(before, changes, this.#by));
      const expiresAtMs = environment.now() + LIMITS.feedKeepMs;
      const next = { scope: this.#scope, version: (stored?.version ?? 0) + 1, json, expiresAtMs };
      if ((await state.commit(next)) === 'committed') return;
    }
    throw new Fault('store_unavailable', 'The record of changes is being changed by too many calls at once.');
  }

  /** Nobody's call fails because others do not hear of what it changed. */
  #observe(event: string, thrown: unknown): void {
    const { code, message } = faultOf(thrown);
    this.#parts.observer({ event, level: 'warning', code, message });
  }
}

const recordIn = (stored: { readonly json: string } | undefined): ChangeRecord | undefined =>
  stored === undefined ? undefined : JSON.parse(stored.json);
