/**
 * What code in this process does to the world, as far as it can be seen from here: files that are written and requests that are
 * sent (but for those that only read). What a child process does is out of sight.
 */
import diagnostics from 'node:diagnostics_channel';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isObject } from '../../core/protocol/messages.ts';

const WRITES = [
  'writeFile',
  'appendFile',
  'writeFileSync',
  'appendFileSync',
  'rm',
  'rmSync',
  'unlink',
  'unlinkSync',
] as const;
const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Calls back with each effect, in a few words, from now on. */
export function watchEffects(seen: (effect: string) => void): void {
  for (const place of [fs, fs.promises]) {
    for (const name of WRITES) {
      const original: unknown = Reflect.get(place, name);
      if (typeof original !== 'function') continue;
      const watched = (...args: unknown[]): unknown => {
        seen(`${name} ${String(args[0])}`);
        return Reflect.apply(original, place, args);
      };
      Reflect.set(place, name, watched);
    }
  }
  syncBuiltinESMExports();
  const request = (message: unknown): void => {
    const sent = isObject(message) && isObject(message.request) ? message.request : {};
    const method = String(sent.method);
    const to = `${String(sent.origin ?? sent.host ?? '')}${String(sent.path ?? '')}`;
    if (!READS.has(method)) seen(`${method} ${to}`);
  };
  diagnostics.subscribe('undici:request:create', request);
  diagnostics.subscribe('http.client.request.start', request);
}
