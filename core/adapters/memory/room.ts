/**
 * The room the memory store may take: it counts the rows of all shelves, lets expired ones go about once a minute, and refuses
 * new rows when it is full, because dropping a row that has not expired would lose somebody's call.
 */
import { Fault } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';

export interface Shelf {
  size(): number;
  /** Deletes the rows whose moment has passed. */
  prune(nowMs: number): void;
}

export interface RoomOptions {
  readonly now: () => number;
  readonly rowsMax: number;
}

export class Room {
  readonly now: () => number;
  readonly #rowsMax: number;
  readonly #shelves: Shelf[] = [];
  #prunedAtMs: number;

  constructor(options: RoomOptions) {
    this.now = options.now;
    this.#rowsMax = options.rowsMax;
    this.#prunedAtMs = options.now();
  }

  /** Adds a shelf to those that are counted and pruned. */
  shelf(shelf: Shelf): void {
    this.#shelves.push(shelf);
  }

  /** The rows on all shelves, expired ones that are not yet pruned included. */
  get size(): number {
    return this.#shelves.reduce((sum, shelf) => sum + shelf.size(), 0);
  }

  /** Makes sure that `count` more rows fit. */
  need(count: number): void {
    const nowMs = this.now();
    if (nowMs - this.#prunedAtMs >= LIMITS.pruneEveryMs || this.size + count > this.#rowsMax) this.#prune(nowMs);
    if (this.size + count <= this.#rowsMax) return;
    throw new Fault(
      'store_unavailable',
      `The memory store is full (${this.#rowsMax} rows). Use the embedded store, which keeps its rows on disk.`,
    );
  }

  #prune(nowMs: number): void {
    this.#prunedAtMs = nowMs;
    for (const shelf of this.#shelves) shelf.prune(nowMs);
  }
}
