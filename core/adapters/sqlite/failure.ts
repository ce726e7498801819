/**
 * What a failure of SQLite means to the person who runs the store: the result codes of both libraries, mapped to faults that
 * say what to do. Result codes: https://sqlite.org/rescode.html.
 */
import { Fault } from '../../base/errors.ts';

const BUSY = 5;
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;

/** The primary result code; `undefined` for what SQLite did not throw, or threw without one. */
function resultCode(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const { errcode, rawCode } = thrown as { errcode?: unknown; rawCode?: unknown };
  const code = typeof errcode === 'number' ? errcode : rawCode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

/** Another connection holds the lock. */
export const isBusy = (thrown: unknown): boolean => resultCode(thrown) === BUSY;

/** The fault for what SQLite threw about a file. A fault stays what it is. */
export function storeFault(thrown: unknown, file: string): Fault {
  if (thrown instanceof Fault) return thrown;
  const code = resultCode(thrown);
  const said = thrown instanceof Error ? thrown.message : String(thrown);
  if (code === CORRUPT || code === NOT_A_DATABASE) return corrupt(file, said, thrown);
  const advice = code === FULL ? 'The disk is full: make room.' : 'Check that the folder exists and can be written to.';
  return new Fault('store_unavailable', `The store ${file} cannot be used: ${said}. ${advice}`, { cause: thrown });
}

export const corrupt = (file: string, what: string, cause?: unknown): Fault =>
  new Fault(
    'store_corrupt',
    `The store ${file} is damaged: ${what}. Stop Fermata and put a backup in its place, or move the file (with its ` +
      '-wal and -shm) away to begin with an empty store; sessions and waiting calls of the old one are then lost.',
    { cause },
  );
