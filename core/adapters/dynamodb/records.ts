/**
 * Records with a version: a session or an exchange as one item, created where nothing live stands, replaced only over the version
 * before. Each is one conditional write, and a write whose acknowledgement was lost is recognised when it is repeated. What a
 * record says is not looked at.
 */
import type { Bodies } from './bodies.ts';
import type { Item } from './item.ts';
import { expiryOf, isLive, isWrittenBy, NEXT_WRITER, newWriterId, number, numberIn, text } from './item.ts';
import type { Key } from './keys.ts';
import { bindingOf } from './keys.ts';
import type { Table } from './table.ts';
import { ABSENT_OR_EXPIRED } from './table.ts';

export interface StoredRecord {
  readonly version: number;
  readonly expiresAtMs: number;
  readonly json: string;
  /** Stands beside the body, for filters. */
  readonly phase?: string;
  /** Stand beside it as well, so that they can be summed up without the bodies. */
  readonly questions?: number;
  readonly eventBytes?: number;
}

export class Records {
  readonly #table: Table;
  readonly #bodies: Bodies;
  readonly #now: () => number;

  constructor(table: Table, bodies: Bodies, now: () => number) {
    this.#table = table;
    this.#bodies = bodies;
    this.#now = now;
  }

  /** Writes a record where nothing live stands; otherwise gives back what does. */
  async create(key: Key, record: StoredRecord): Promise<'created' | Item> {
    const writer = newWriterId();
    const attributes = await this.#attributes(key, record, writer);
    const values = { ':now': number(this.#now()) };
    const written = await this.#table.put(key, attributes, { expression: ABSENT_OR_EXPIRED, values });
    if (written.done || isWrittenBy(written.found, writer)) return 'created';
    // What was there may have been deleted by now; for whoever asks it was there.
    return written.found ?? {};
  }

  /** Replaces the version before. */
  async commit(key: Key, record: StoredRecord): Promise<'committed' | 'conflict'> {
    const writer = newWriterId();
    const attributes = await this.#attributes(key, record, writer);
    const { writer: _, ...replaced } = attributes;
    const names = Object.keys(replaced);
    const written = await this.#table.update(key, `${names.map(name => `#${name} = :${name}`)}, ${NEXT_WRITER}`, {
      expression: '#version = :expected AND #expires > :now',
      values: {
        ...Object.fromEntries(names.map(name => [`:${name}`, replaced[name] ?? text('')])),
        ':expected': number(record.version - 1),
        ':now': number(this.#now()),
        ':writer': text(writer),
        ':none': text(''),
      },
    });
    return written.done || isWrittenBy(written.found, writer) ? 'committed' : 'conflict';
  }

  async load<T>(key: Key, consistency: 'eventual' | 'strong'): Promise<T | undefined> {
    const item = await this.#table.get(key, consistency);
    return isLive(item, this.#now()) ? this.read<T>(key, item) : undefined;
  }

  read<T>(key: Key, item: Item): Promise<T> {
    return this.#bodies.readJson<T>(item, bindingOf(key, numberIn(item, 'version')));
  }

  async #attributes(key: Key, record: StoredRecord, writer: string): Promise<Item> {
    const expiry = expiryOf(record.expiresAtMs);
    const body = await this.#bodies.write(record.json, {
      binding: bindingOf(key, record.version),
      writer,
      ttl: expiry.ttl,
    });
    return {
      version: number(record.version),
      ...expiry,
      ...(record.phase === undefined ? {} : { phase: text(record.phase) }),
      ...(record.questions === undefined ? {} : { questions: number(record.questions) }),
      ...(record.eventBytes === undefined ? {} : { eventBytes: number(record.eventBytes) }),
      writer: text(writer),
      ...body,
    };
  }
}
