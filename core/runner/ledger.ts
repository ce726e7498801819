/**
 * The facts of one call as a run sees them: those its journal brought, those an earlier attempt at the same round left in the
 * store, and those of this run. Where there is a store, a committed fact outlives the process at once; without one, facts
 * travel in `requestState` like the rest of the journal.
 *
 * Two attempts may meet (a lease that lapsed while its holder lived): the fact that was committed first counts for both.
 */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Fact, FactAddress } from '../journal/fact.ts';
import { factsOfBoth, sameFact, withFact } from '../journal/fact.ts';
import type { StateStore } from '../ports/state-store.ts';

export interface LedgerOptions {
  /** The facts in the journal. */
  readonly facts: readonly Fact[];
  readonly store: StateStore | undefined;
  /** Names the call, on every attempt the same. */
  readonly call: string;
  readonly expiresAtMs: number;
}

export class Ledger {
  readonly #store: StateStore | undefined;
  readonly #scope: string;
  readonly #expiresAtMs: number;
  #facts: readonly Fact[];
  /** The version of the record that we know. */
  #version = 0;
  /** How many facts are known to be committed. */
  #committed = 0;
  #committing: Promise<void> = Promise.resolve();

  constructor({ facts, store, call, expiresAtMs }: LedgerOptions) {
    this.#facts = facts;
    this.#committed = facts.length;
    this.#store = store;
    this.#scope = `call#${call}`;
    this.#expiresAtMs = expiresAtMs;
  }

  get facts(): readonly Fact[] {
    return this.#facts;
  }

  recall(address: FactAddress): Fact | undefined {
    return this.#facts.find(fact => sameFact(fact, address));
  }

  /** Throws `journal_too_large` if there is no room for another fact: before it is made, not after. */
  reserve(address: FactAddress): void {
    withFact(this.#facts, address);
  }

  /** Notes a fact; it is committed with the next that must be. */
  note(fact: Fact): void {
    this.#facts = withFact(this.#facts, fact);
  }

  /** Takes in what an earlier attempt committed. */
  async load(): Promise<void> {
    const record = await this.#store?.load(this.#scope);
    if (record === undefined) return;
    this.#version = record.version;
    const committed: readonly Fact[] = JSON.parse(record.json);
    this.#facts = factsOfBoth(committed, this.#facts);
    this.#committed = committed.length;
  }

  /** Commits what is not committed yet, if anything: what is done next must not be seen by what came before when all is run again. */
  async settle(): Promise<void> {
    if (this.#facts.length > this.#committed) await this.commit();
  }

  /** Commits all that is known, one commit after the other. */
  commit(): Promise<void> {
    const committed = this.#committing.then(() => this.#commit());
    this.#committing = committed.catch(() => {});
    return committed;
  }

  async #commit(): Promise<void> {
    if (this.#store === undefined) return;
    for (let attempt = 0; attempt < LIMITS.commitAttemptsMax; attempt++) {
      const version = this.#version + 1;
      const facts = this.#facts;
      const json = JSON.stringify(facts);
      const record = { scope: this.#scope, version, json, expiresAtMs: this.#expiresAtMs };
      if ((await this.#store.commit(record)) === 'committed') {
        this.#version = version;
        this.#committed = facts.length;
        return;
      }
      await this.load();
    }
    throw new Fault('store_unavailable', 'What this call has done could not be recorded. Try again.');
  }
}
