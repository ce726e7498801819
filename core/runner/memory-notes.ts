/**
 * Notes in the store of sessions whose programs need their memory: that one has begun, and, where calls cannot choose the process they
 * come to (environments of a function), which process has its memory and until when it is at work with it.
 *
 * Being at work is for others to wait for, and is believed for the time of a lease; nothing else depends on it.
 */
import { LIMITS } from '../base/limits.ts';
import type { Environment } from '../ports/environment.ts';
import type { StateRecord, StateStore } from '../ports/state-store.ts';
import { parsedJson } from '../protocol/json.ts';
import { isObject } from '../protocol/messages.ts';

/** Where a session's note stands, and how long it is needed. */
export interface NotePlace {
  readonly scope: string;
  readonly expiresAtMs: number;
}

/** What the note of another process says. */
export interface ForeignNote {
  readonly isOurs: boolean;
  readonly isAtWork: boolean;
}

interface Own {
  version: number;
  /** Runs at work. */
  works: number;
  isMarked: boolean;
  renewal: NodeJS.Timeout | undefined;
  last: Promise<void>;
}

export class MemoryNotes {
  readonly #store: StateStore;
  readonly #environment: Environment;
  readonly #owner: string;
  /** Whether it is noted who is at work. */
  readonly #isShared: boolean;
  readonly #own = new Map<string, Own>();

  constructor(store: StateStore, environment: Environment, owner: string, isShared: boolean) {
    this.#store = store;
    this.#environment = environment;
    this.#owner = owner;
    this.#isShared = isShared;
  }

  /** Notes that the session begins here; `false` if it has begun already. */
  async begin(place: NotePlace): Promise<boolean> {
    if ((await this.#store.commit(this.#record(place, 1, true))) === 'conflict') return false;
    const own = { version: 1, works: 0, isMarked: true, renewal: undefined, last: Promise.resolve() };
    this.#own.set(place.scope, own);
    return true;
  }

  /** It has not begun after all. */
  async remove({ scope }: NotePlace): Promise<void> {
    const own = this.#own.get(scope);
    this.#own.delete(scope);
    clearInterval(own?.renewal);
    await own?.last;
    await this.#store.remove(scope);
  }

  /** Others see that the session's memory is at work, for as long as `work` takes. */
  async during<T>(place: NotePlace, work: () => Promise<T>): Promise<T> {
    const own = this.#isShared ? this.#own.get(place.scope) : undefined;
    if (own === undefined) return work();
    own.works++;
    own.renewal ??= setInterval(() => void this.#mark(own, place, true), LIMITS.leaseMs / 3).unref();
    if (!own.isMarked) await this.#mark(own, place, true);
    try {
      return await work();
    } finally {
      own.works--;
      if (own.works === 0 && this.#own.has(place.scope)) {
        clearInterval(own.renewal);
        own.renewal = undefined;
        await this.#mark(own, place, false);
      }
    }
  }

  /** What the note says; `undefined` if there is none any more. */
  async read({ scope }: NotePlace): Promise<ForeignNote | undefined> {
    const record = await this.#store.load(scope);
    if (record === undefined) return undefined;
    const said = parsedJson(record.json);
    const { owner, untilMs } = isObject(said) ? said : {};
    const isOurs = !this.#isShared || owner === this.#owner;
    return { isOurs, isAtWork: typeof untilMs === 'number' && untilMs > this.#environment.now() };
  }

  /** One after the other. What cannot be written is seen again when the lease is over. */
  #mark(own: Own, place: NotePlace, isAtWork: boolean): Promise<void> {
    own.isMarked = isAtWork;
    own.last = own.last
      .then(() => this.#store.commit(this.#record(place, own.version + 1, isAtWork)))
      .then(
        written => {
          if (written === 'committed') own.version++;
        },
        () => {},
      );
    return own.last;
  }

  #record({ scope, expiresAtMs }: NotePlace, version: number, isAtWork: boolean): StateRecord {
    const untilMs = isAtWork ? this.#environment.now() + LIMITS.leaseMs : 0;
    return {
      scope,
      version,
      json: this.#isShared ? JSON.stringify({ owner: this.#owner, untilMs }) : '{}',
      expiresAtMs,
    };
  }
}
