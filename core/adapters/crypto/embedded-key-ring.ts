/**
 * The key ring of one machine: a file in the store's folder that only its owner may read, made at the first use. It appears whole or
 * not at all, so a process killed while making it leaves nothing that a later one could take for a key.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../base/errors.ts';
import type { KeyRing } from './key-ring.ts';
import { newKeyText, parseKeyRing } from './key-ring.ts';

export function embeddedKeyRing(folder: string): KeyRing {
  const file = join(folder, 'keys');
  try {
    if (!existsSync(file)) make(folder, file);
    return parseKeyRing(readFileSync(file, 'utf8'), `the file ${file}`);
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown;
    const said = thrown instanceof Error ? thrown.message : String(thrown);
    const advice = 'Make the folder one that this user can write to, or give keys in FERMATA_KEYS.';
    throw new Fault('setting_invalid', `The key file ${file} cannot be used: ${said}. ${advice}`, { cause: thrown });
  }
}

/** Writes the key to a file of another name first; the link gives it its name, unless somebody was faster. */
function make(folder: string, file: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}`;
  rmSync(temporary, { force: true });
  const descriptor = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(descriptor, `${newKeyText()}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  try {
    linkSync(temporary, file);
  } catch (thrown) {
    if (!existsSync(file)) throw thrown;
  } finally {
    rmSync(temporary, { force: true });
  }
}
