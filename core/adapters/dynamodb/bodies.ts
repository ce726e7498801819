/**
 * The JSON of a record, inside its item or in parts beside it: as text, packed where that is shorter, sealed where there is a seal.
 *
 * An item holds 400 KB. A longer body is split into parts, which are written first, under the id of the write they belong to;
 * the conditional write of the item comes last and is the commit, so a reader finds all parts or the body before. Parts of a
 * write that lost, or was replaced, are never changed and left to TTL, whose deletions are free.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { Fault } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { Seal } from '../../ports/seal.ts';
import type { Item } from './item.ts';
import { bytes, number, numberIn, text, textIn } from './item.ts';
import { partKey } from './keys.ts';
import type { Table } from './table.ts';

/** How `body` is to be read: as text, inflated, opened, or as the number of parts. */
type Form = 'json' | 'packed' | 'sealed' | 'parts';

const PARTS_AT_ONCE = 8;

export interface BodyPlace {
  /** What a sealed body is bound to. */
  readonly binding: string;
  readonly writer: string;
  /** When the item may be deleted, in seconds: its parts go with it. */
  readonly ttl: AttributeValue;
}

export class Bodies {
  readonly #table: Table;
  readonly #seal: Seal | undefined;

  constructor(table: Table, seal: Seal | undefined) {
    this.#table = table;
    this.#seal = seal;
  }

  /** The attributes that hold a text; what does not fit is written to its parts before this resolves. */
  async write(json: string, place: BodyPlace): Promise<Item> {
    const plain = Buffer.from(json);
    if (plain.length > LIMITS.recordBytesMax) throw tooLong(plain.length);
    if (plain.length <= LIMITS.itemBodyBytesMax * PACKING_HOPED_FOR) {
      const body = this.#inline(plain, place.binding);
      if (lengthOf(body) <= LIMITS.itemBodyBytesMax) return body;
    }
    const slices = Array.from({ length: Math.ceil(plain.length / LIMITS.partBytesMax) }, (_, index) =>
      plain.subarray(index * LIMITS.partBytesMax, (index + 1) * LIMITS.partBytesMax),
    );
    for (let at = 0; at < slices.length; at += PARTS_AT_ONCE) {
      const some = slices.slice(at, at + PARTS_AT_ONCE);
      await Promise.all(some.map((slice, index) => this.#writePart(slice, at + index, slices.length, place)));
    }
    return { form: text('parts'), body: number(slices.length) };
  }

  /** The text that an item holds. Throws `store_corrupt` for one that cannot be what was written. */
  async read(item: Item, binding: string): Promise<string> {
    const slices: Buffer[] = [];
    if (item.form?.S !== 'parts') return this.#opened(item, binding).toString();
    const count = numberIn(item, 'body');
    const writer = textIn(item, 'writer');
    const range = { partition: partKey(writer, 0).pk, from: partKey(writer, 0).sk, to: partKey(writer, count - 1).sk };
    for await (const part of this.#table.query(range)) {
      slices.push(this.#opened(part, partBinding(binding, slices.length, count)));
    }
    if (slices.length !== count) throw corrupt(binding, `${count - slices.length} of its ${count} parts are missing`);
    return Buffer.concat(slices).toString();
  }

  #inline(plain: Buffer, binding: string): Item {
    if (this.#seal !== undefined) return sealed(this.#seal.seal(plain.toString(), binding));
    if (plain.length >= LIMITS.packBytesMin) {
      const packed = deflateRawSync(plain);
      if (packed.length < plain.length) return form('packed', bytes(packed));
    }
    return form('json', text(plain.toString()));
  }

  /** A slice may end within a character: it is sealed as text of one character a byte. */
  async #writePart(slice: Buffer, index: number, count: number, { binding, writer, ttl }: BodyPlace): Promise<void> {
    const body =
      this.#seal === undefined
        ? form('packed', bytes(deflateRawSync(slice)))
        : sealed(this.#seal.seal(slice.toString('latin1'), partBinding(binding, index, count)));
    await this.#table.put(partKey(writer, index), { ...body, ttl });
  }

  #opened(item: Item, binding: string): Buffer {
    const { form: how, body } = item;
    if (how?.S === 'json' && body?.S !== undefined) return Buffer.from(body.S);
    if (how?.S === 'packed' && body?.B !== undefined) return unpacked(body.B, binding);
    if (how?.S !== 'sealed' || body?.S === undefined) throw corrupt(binding, 'its body is in no form known here');
    if (this.#seal === undefined) throw corrupt(binding, 'it is sealed, and no keys were given');
    const opened = this.#seal.open(body.S, binding);
    if (opened === undefined) throw corrupt(binding, 'its seal does not open with the keys given here');
    return Buffer.from(opened, item.pk?.S?.startsWith('part#') ? 'latin1' : 'utf8');
  }
}

/** What is longer than so many items is not packed as a whole first, only to find that it needs parts. */
const PACKING_HOPED_FOR = 20;

const form = (how: Form, body: AttributeValue): Item => ({ form: text(how), body });

const sealed = (body: string): Item => form('sealed', text(body));

const partBinding = (binding: string, index: number, count: number): string => `${binding} ${index}/${count}`;

const lengthOf = ({ body }: Item): number => body?.B?.length ?? Buffer.byteLength(body?.S ?? '');

function unpacked(packed: Uint8Array, binding: string): Buffer {
  try {
    return inflateRawSync(packed, { maxOutputLength: LIMITS.recordBytesMax });
  } catch (cause) {
    throw corrupt(binding, `it does not unpack (${cause instanceof Error ? cause.message : cause})`);
  }
}

export const corrupt = (binding: string, what: string): Fault =>
  new Fault(
    'store_corrupt',
    'A record in the store cannot be read. Its address and the reason are in the server log.',
    {
      detail: `${binding}: ${what}. If keys were taken out of the key ring (FERMATA_KEYS), put them back behind the first.`,
    },
  );

const tooLong = (length: number): Fault =>
  new Fault(
    'store_unavailable',
    `This call has to keep ${length} bytes, more than the ${LIMITS.recordBytesMax} that the store holds of one record.`,
  );
