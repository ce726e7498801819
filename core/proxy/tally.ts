/**
 * What a session or a principal has at a time, as far as a process knows, held against limits at no cost to a plain call.
 *
 * What is in the store is not counted with every call: that would be a write each. A process looks it up now and then and in
 * between counts what it adds itself; how much it may add without another look is half of what was left at the last one. So a
 * limit that is near is kept to the letter by one process, and several may exceed it together by what they granted unseen.
 * Nothing is ever refused without a look. Whose limits there are is `admission.ts`.
 */
import { LIMITS } from '../base/limits.ts';
import type { Weight } from '../session/exchange.ts';
import { NO_WEIGHT } from '../session/exchange.ts';

/** Counts one kind of thing: as last seen in the store, and what this process has added since. */
export class Count {
  #seen: number | undefined;
  #added = 0;

  /** Whether so much more may be had without a look. */
  isGranted(amount: number, limit: number): boolean {
    const unseen = this.#seen === undefined ? limit / LIMITS.grantedUnseenShare : (limit - this.#seen) / 2;
    return this.#added + amount <= Math.floor(unseen);
  }

  isOver(amount: number, limit: number): boolean {
    return (this.#seen ?? 0) + this.#added + amount > limit;
  }

  add(amount: number): void {
    this.#added += amount;
  }

  /** What this process has added since the last look. */
  get added(): number {
    return this.#added;
  }

  /** What a look has found. What was added since it began may not be in it, and goes on counting. */
  see(found: number, addedBefore: number): void {
    this.#seen = found;
    this.#added -= addedBefore;
  }
}

export type Kind = keyof Weight;

export const KINDS = Object.keys(NO_WEIGHT) as readonly Kind[];

export class Tally {
  readonly #counts: Readonly<Record<Kind, Count>> = {
    calls: new Count(),
    questions: new Count(),
    eventBytes: new Count(),
  };
  /** What is at work in this process and in no record yet, which no look can find: calls, and what running rounds reported. */
  readonly #unstored: Record<Kind, number> = { ...NO_WEIGHT };
  #looking: Promise<void> | undefined;
  #looked = { atMs: 0, believedMs: 0 };

  isGranted(kind: Kind, amount: number, limit: number): boolean {
    return this.#counts[kind].isGranted(this.#unstored[kind] + amount, limit);
  }

  isOver(kind: Kind, amount: number, limit: number): boolean {
    return this.#counts[kind].isOver(this.#unstored[kind] + amount, limit);
  }

  /** So much more is stored, or is about to be. */
  add(kind: Kind, amount: number): void {
    this.#counts[kind].add(amount);
  }

  /** So much more is at work here, until as much is left again. */
  enter(kind: Kind, amount: number): void {
    this.#unstored[kind] += amount;
  }

  leave(kind: Kind, amount: number): void {
    this.#unstored[kind] -= amount;
  }

  /**
   * Looks what there is. All who ask meanwhile share one look, and it is believed for some time in proportion to what it took:
   * however often somebody at a limit asks, looking takes a small part of the time.
   */
  async look(weigh: () => Promise<Weight>, now: () => number): Promise<void> {
    const sinceMs = now() - this.#looked.atMs;
    if (sinceMs >= 0 && sinceMs < this.#looked.believedMs) return;
    this.#looking ??= this.#look(weigh, now).finally(() => {
      this.#looking = undefined;
    });
    await this.#looking;
  }

  async #look(weigh: () => Promise<Weight>, now: () => number): Promise<void> {
    const beganMs = now();
    const before = KINDS.map(kind => this.#counts[kind].added);
    const weight = await weigh();
    for (const [at, kind] of KINDS.entries()) this.#counts[kind].see(weight[kind], before[at] ?? 0);
    const atMs = now();
    this.#looked = { atMs, believedMs: (atMs - beganMs) * LIMITS.lookBelievedFactor };
  }
}
