/**
 * The spans a stream is made of, and how a new one is laid so that no two live ones ever overlap.
 *
 * A span is one item, keyed by its first sequence: a *pack* of the events of one append, or a *gap*, which keeps places free below
 * a pack that was written ahead. Spans touch: what follows the end of one is the next one, or nothing yet. So a pack that begins
 * where another ends is safe with a single condition, that nothing is there; that is how every writer appends that knows the tail.
 * Anything else, which no driver does, rewrites the spans it meets in one transaction. A pack that has expired counts as a gap.
 */
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { Fault } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { Item } from './item.ts';
import { isLive, isWrittenBy, number, numberIn, text, textIn } from './item.ts';
import type { Key } from './keys.ts';
import { EVENTS, eventSortKey } from './keys.ts';
import type { KnownStreams } from './known-streams.ts';
import type { Condition, Table } from './table.ts';
import { ABSENT } from './table.ts';

export interface Pack {
  readonly stream: string;
  readonly first: number;
  readonly last: number;
  readonly writer: string;
  /** Everything but the key. */
  readonly attributes: Item;
}

/** DynamoDB's bound for one transaction. */
const WRITES_MAX = 100;

export const firstIn = (item: Item): number => Number(textIn(item, 'sk').slice(EVENTS.length));
export const lastIn = (item: Item): number => numberIn(item, 'last');

export const keyAt = (stream: string, first: number): Key => ({ pk: stream, sk: eventSortKey(first) });

export class Spans {
  readonly #table: Table;
  readonly #known: KnownStreams;
  readonly #now: () => number;

  constructor(table: Table, known: KnownStreams, now: () => number) {
    this.#table = table;
    this.#known = known;
    this.#now = now;
  }

  /** The span that begins at a sequence or is the nearest before it. */
  async atOrBefore(stream: string, sequence: number): Promise<Item | undefined> {
    const range = { partition: stream, from: eventSortKey(0), to: eventSortKey(sequence), descending: true, limit: 1 };
    for await (const item of this.#table.query(range)) return item;
    return undefined;
  }

  /** Lays a pack if every place of it is free. */
  async lay(pack: Pack): Promise<'appended' | 'conflict'> {
    if (!this.#known.isEnd(pack.stream, pack.first - 1)) {
      const below = await this.atOrBefore(pack.stream, pack.first - 1);
      if (below !== undefined && isLive(below, this.#now()) && lastIn(below) >= pack.first) return 'conflict';
      if (below === undefined || lastIn(below) !== pack.first - 1) return this.#rewrite(pack);
    }
    const written = await this.#table.put(keyAt(pack.stream, pack.first), pack.attributes, { expression: ABSENT });
    if (written.done || isWrittenBy(written.found, pack.writer)) return 'appended';
    return isLive(written.found, this.#now()) ? 'conflict' : this.#rewrite(pack);
  }

  /** Replaces what stands at the pack's places, gaps and expired packs, in one transaction; `conflict` if a live pack does. */
  async #rewrite(pack: Pack): Promise<'appended' | 'conflict'> {
    for (let attempt = 0; attempt < LIMITS.commitAttemptsMax; attempt++) {
      const below = await this.atOrBefore(pack.stream, pack.first - 1);
      const met = below !== undefined && lastIn(below) >= pack.first ? [below] : [];
      const { stream: partition, first, last } = pack;
      for await (const item of this.#table.query({ partition, from: eventSortKey(first), to: eventSortKey(last) })) {
        met.push(item);
      }
      if (met.some(item => isLive(item, this.#now()))) return 'conflict';
      const writes = this.#writes(pack, below, met);
      if (writes.length > WRITES_MAX) throw tooMany();
      if (await this.#table.transact(writes)) return 'appended';
    }
    throw new Fault('store_unavailable', 'This stream is being written by too many at once. Try again.');
  }

  #writes(pack: Pack, below: Item | undefined, met: readonly Item[]): TransactWriteItem[] {
    const { stream, first, last } = pack;
    const at = (item: Item): Key => keyAt(stream, firstIn(item));
    const found = met.find(item => firstIn(item) === first);
    const writes = [this.#table.putIn(keyAt(stream, first), pack.attributes, found ? unchanged(found) : FREE)];
    for (const item of met) {
      if (firstIn(item) > first) writes.push(this.#table.deleteIn(at(item), unchanged(item)));
    }
    const gap = (from: number, to: number, over: Item | undefined): TransactWriteItem =>
      this.#table.putIn(keyAt(stream, from), gapTo(to, pack, over), over ? unchanged(over) : FREE);
    if (below !== undefined && lastIn(below) >= first) writes.push(gap(firstIn(below), first - 1, below));
    const end = below === undefined ? 0 : lastIn(below);
    if (end < first - 1) writes.push(gap(end + 1, first - 1, undefined));
    const highest = met.at(-1);
    if (highest !== undefined && lastIn(highest) > last) writes.push(gap(last + 1, lastIn(highest), undefined));
    return writes;
  }
}

const FREE: Condition = { expression: ABSENT };

const unchanged = (item: Item): Condition => ({
  expression: '#writer = :seen',
  values: { ':seen': text(textIn(item, 'writer')) },
});

/** A gap is never live, and stays at least as long as the pack for which it was made and what it replaces. */
const gapTo = (last: number, pack: Pack, over: Item | undefined): Item => ({
  last: number(last),
  expires: number(0),
  ttl: number(Math.max(numberIn(pack.attributes, 'ttl'), over === undefined ? 0 : numberIn(over, 'ttl'))),
  writer: text(pack.writer),
});

const tooMany = (): Fault =>
  new Fault('store_unavailable', 'These events meet too many gaps of their stream to be written at once.');
