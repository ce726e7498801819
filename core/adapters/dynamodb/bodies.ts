/**
 * The JSON of a record, inside its item or in parts beside it: short ones as text, others packed, and all of them sealed where there
 * is a seal.
 *
 * An item holds 400 KB. A longer body is split into parts, which are written first, under the id of the write they belong to;
 * the conditional write of the item comes last and is the commit, so a reader finds all parts or the body before. Parts of a
 * write that lost, or was replaced, are never changed and left to TTL, whose deletions are free.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { Fault } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { Seal } from '../../ports/seal.ts';
import type { Item } from './item.ts';
import { bytes, number, numberIn, text, textIn } from './item.ts';
import { partKey } from './keys.ts';
import { packed, unpacked } from './packing.ts';
import type { Table } from './table.ts';

/** How the attribute `body` is to be read: as JSON, packed, packed and sealed, or as the number of parts of such bytes. */
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
    const length = Buffer.byteLength(json);
    if (length > LIMITS.recordBytesMax) throw tooLong(length);
    if (this.#seal === undefined && length < LIMITS.packBytesMin) return { form: form('json'), body: text(json) };
    const body = packed(json);
    if (body.length > LIMITS.itemBodyBytesMax) return this.#writeParts(body, place);
    return { form: form(this.#seal ? 'sealed' : 'packed'), body: bytes(this.#sealed(body, place.binding)) };
  }

  /** The text that an item holds. Throws `store_corrupt` for one that cannot be what was written. */
  async read(item: Item, binding: string): Promise<string> {
    if (item.form?.S === 'json' && item.body?.S !== undefined) return item.body.S;
    const body = item.form?.S === 'parts' ? await this.#readParts(item, binding) : this.#opened(item, binding);
    try {
      return unpacked(body);
    } catch (cause) {
      throw corrupt(binding, `it does not unpack (${cause instanceof Error ? cause.message : cause})`);
    }
  }

  /** The value that an item holds as JSON. */
  async readJson<T>(item: Item, binding: string): Promise<T> {
    const json = await this.read(item, binding);
    try {
      return JSON.parse(json);
    } catch {
      throw corrupt(binding, 'it is no JSON');
    }
  }

  async #writeParts(body: Buffer, { binding, writer, ttl }: BodyPlace): Promise<Item> {
    const size = LIMITS.itemBodyBytesMax;
    const count = Math.ceil(body.length / size);
    const write = async (part: number): Promise<void> => {
      const slice = body.subarray(part * size, (part + 1) * size);
      const sealed = this.#sealed(slice, partBinding(binding, part, count));
      await this.#table.put(partKey(writer, part), {
        form: form(this.#seal ? 'sealed' : 'packed'),
        body: bytes(sealed),
        ttl,
      });
    };
    for (let part = 0; part < count; part += PARTS_AT_ONCE) {
      const some = Array.from({ length: Math.min(PARTS_AT_ONCE, count - part) }, (_, index) => write(part + index));
      await Promise.all(some);
    }
    return { form: form('parts'), body: number(count) };
  }

  async #readParts(item: Item, binding: string): Promise<Uint8Array> {
    const count = numberIn(item, 'body');
    const [first, last] = [partKey(textIn(item, 'writer'), 0), partKey(textIn(item, 'writer'), count - 1)];
    const slices: Uint8Array[] = [];
    for await (const part of this.#table.query({ partition: first.pk, from: first.sk, to: last.sk })) {
      slices.push(this.#opened(part, partBinding(binding, slices.length, count)));
    }
    if (slices.length !== count) throw corrupt(binding, `${count - slices.length} of its ${count} parts are missing`);
    return Buffer.concat(slices);
  }

  #sealed(plain: Uint8Array, binding: string): Uint8Array {
    return this.#seal === undefined ? plain : this.#seal.sealBytes(plain, binding);
  }

  #opened(item: Item, binding: string): Uint8Array {
    const body = item.body?.B;
    if (item.form?.S === 'packed' && body !== undefined) return body;
    if (item.form?.S !== 'sealed' || body === undefined) throw corrupt(binding, 'its body is in no form known here');
    if (this.#seal === undefined) throw corrupt(binding, 'it is sealed, and no keys were given');
    const opened = this.#seal.openBytes(body, binding);
    if (opened === undefined) throw corrupt(binding, 'its seal does not open with the keys given here');
    return opened;
  }
}

const form = (how: Form): AttributeValue => text(how);

const partBinding = (binding: string, part: number, count: number): string => `${binding} ${part}/${count}`;

const corrupt = (binding: string, what: string): Fault =>
  new Fault(
    'store_corrupt',
    'A record in the store cannot be read. Its address and the reason are in the server log.',
    {
      detail:
        `${binding}: ${what}. If a key was taken out of the key ring (FERMATA_KEYS), put it back behind the first; ` +
        'otherwise restore the table from its point-in-time recovery.',
    },
  );

const tooLong = (length: number): Fault =>
  new Fault(
    'store_unavailable',
    `This call has to keep ${length} bytes, more than the ${LIMITS.recordBytesMax} that the store holds of one record.`,
  );
