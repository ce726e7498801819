/**
 * What the programs of a session keep: values by key, as one value that is replaced as a whole, so that its bounds hold exactly
 * and several calls at once cannot get past them.
 *
 * It remembers the ids of the last writes, so that a write that is made again after a crash is recognised and changes nothing.
 */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';

export interface SessionValues {
  readonly values: Readonly<Record<string, unknown>>;
  /** The last writes, the newest last: their ids, and whether there was a value before. */
  readonly writes: readonly (readonly [id: string, had: boolean])[];
}

export const NO_VALUES: SessionValues = { values: {}, writes: [] };

export const valueAt = ({ values }: SessionValues, key: string): unknown =>
  Object.hasOwn(values, key) ? values[key] : undefined;

/** The values after a write; a value of `undefined` deletes its key. Throws `state_too_large`, and then nothing has changed. */
export function written(before: SessionValues, key: string, value: unknown, write: string): SessionValues {
  if (key === '' || key.length > LIMITS.stateKeyCharactersMax)
    throw tooLarge(
      `A key of session state has 1 to ${LIMITS.stateKeyCharactersMax} characters; this one has ${key.length}.`,
    );
  const others = Object.entries(before.values).filter(([other]) => other !== key);
  const entries = value === undefined ? others : [...others, [key, value] as const];
  if (entries.length > LIMITS.stateKeysMax)
    throw tooLarge(`A session keeps ${LIMITS.stateKeysMax} keys at most. Delete some before "${key}" is set.`);
  const bytes = value === undefined ? 0 : bytesOf(value);
  if (bytes > LIMITS.stateValueBytesMax)
    throw tooLarge(`The value of "${key}" takes ${bytes} bytes; ${LIMITS.stateValueBytesMax} are allowed for one.`);
  const values: Record<string, unknown> = Object.fromEntries(entries);
  const all = bytesOf(values);
  if (value !== undefined && all > LIMITS.stateBytesMax)
    throw tooLarge(`With "${key}" the session would keep ${all} bytes; ${LIMITS.stateBytesMax} are allowed in all.`);
  return {
    values,
    writes: [...before.writes, [write, valueAt(before, key) !== undefined] as const].slice(-LIMITS.stateWritesKept),
  };
}

const tooLarge = (what: string): Fault =>
  new Fault(
    'state_too_large',
    `${what} Nothing was changed. Keep large things elsewhere and their names in the session.`,
  );

/** How long a value is as JSON in UTF-8. */
function bytesOf(value: unknown): number {
  const text = JSON.stringify(value) ?? '';
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
