/**
 * Items of the table as plain values: writing and reading attributes, and the ids that tell our own write from another's.
 *
 * Every conditional write puts a fresh writer id into the item. When an acknowledgement is lost, the client repeats the write
 * and fails against what it wrote itself; the failed condition gives back the item, and the id in it says so. An item that
 * is written again and again remembers its last three writers, since others may have written in between.
 */
import { randomBytes } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

export type Item = Readonly<Record<string, AttributeValue>>;

export const text = (value: string): AttributeValue => ({ S: value });
export const bytes = (value: Uint8Array): AttributeValue => ({ B: value });
export const number = (value: number): AttributeValue => ({ N: String(value) });

export const textIn = (item: Item, name: string): string => item[name]?.S ?? '';
export const numberIn = (item: Item, name: string): number => Number(item[name]?.N ?? 0);

const WRITER_BYTES = 12;

export const newWriterId = (): string => randomBytes(WRITER_BYTES).toString('base64url');

/** For a `SET` expression with `:writer` and `:none`: puts a new writer in front of the last three. */
export const NEXT_WRITER =
  '#writer3 = if_not_exists(#writer2, :none), #writer2 = if_not_exists(#writer, :none), #writer = :writer';

/** Whether an item bears the mark of a write, though others may have written since. */
export const isWrittenBy = (item: Item | undefined, writer: string): boolean =>
  item !== undefined && [item.writer, item.writer2, item.writer3].some(mark => mark?.S === writer);

/** When an item is absent for readers, in milliseconds, and when DynamoDB may delete it: TTL counts seconds, and takes days. */
export const expiryOf = (expiresAtMs: number): { readonly expires: AttributeValue; readonly ttl: AttributeValue } => {
  const moment = Math.min(expiresAtMs, Number.MAX_SAFE_INTEGER);
  return { expires: number(moment), ttl: number(Math.ceil(moment / 1000)) };
};

export const isLive = (item: Item | undefined, nowMs: number): item is Item =>
  item !== undefined && numberIn(item, 'expires') > nowMs;
