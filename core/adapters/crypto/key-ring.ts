/**
 * The keys of the seal: the first seals, all of them open. To rotate, put a new key in front and drop the old one when nothing
 * sealed with it is honoured any more. As text: `id:key` pairs, separated by commas or line ends, each key 32 bytes in base64.
 */
import { randomBytes } from 'node:crypto';
import { Fault } from '../../base/errors.ts';

export interface Key {
  /** Stands in what is sealed, so that it is opened with the right key. */
  readonly id: string;
  readonly secret: Uint8Array;
}

/** At least one key. */
export type KeyRing = readonly [Key, ...Key[]];

const KEY_BYTES = 32;
const KEY_ID = /^[A-Za-z0-9_-]{1,16}$/;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** The keys in a text; `source` names it in errors, which never show a key. Throws `setting_invalid`. */
export function parseKeyRing(text: string, source: string): KeyRing {
  const [first, ...rest] = text
    .split(/[,\s]+/)
    .filter(entry => entry !== '')
    .map((entry, index) => parseKey(entry, `Key ${index + 1} of ${source}`));
  if (first === undefined) throw invalid(`${source} has no key`);
  const ids = [first, ...rest].map(key => key.id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw invalid(`${source} has two keys with the id "${twice}"`);
  return [first, ...rest];
}

/** A new key as an entry of such a text. */
export const newKeyText = (): string =>
  `${randomBytes(4).toString('hex')}:${randomBytes(KEY_BYTES).toString('base64')}`;

/** A ring that lasts as long as the process: nothing sealed with it is opened after a restart. */
export const newKeyRing = (): KeyRing => parseKeyRing(newKeyText(), 'a new key');

function parseKey(entry: string, where: string): Key {
  const colon = entry.indexOf(':');
  const id = entry.slice(0, colon);
  const encoded = entry.slice(colon + 1);
  if (colon < 0 || !KEY_ID.test(id))
    throw invalid(`${where} does not begin with an id of 1 to 16 letters, digits, - or _`);
  const secret = Buffer.from(encoded, 'base64');
  if (!BASE64.test(encoded) || secret.length !== KEY_BYTES)
    throw invalid(`${where} ("${id}") is not 32 bytes in base64`);
  return { id, secret };
}

const invalid = (what: string): Fault =>
  new Fault(
    'setting_invalid',
    `${what}. Expected "id:key" pairs separated by commas; make one with: echo "k1:$(openssl rand -base64 32)"`,
  );
