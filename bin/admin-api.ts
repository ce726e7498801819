/** The admin API of a server that runs, as commands use it: JSON, and refusals that say what to do. */
import { isObject } from '../core/protocol/messages.ts';
import { asked, endpointFor, refusal } from './admin-endpoint.ts';
import type { Arguments, OptionRow } from './arguments.ts';
import type { Variables } from './given.ts';
import { Misuse } from './misuse.ts';

const REQUEST_MS_MAX = 10_000;

export type AdminApi = (method: 'GET' | 'DELETE', path: string) => Promise<unknown>;

/** The options of every command that uses it. */
export const ADMIN_OPTIONS: readonly OptionRow[] = [
  {
    name: 'url',
    value: '<url>',
    env: 'FERMATA_ADMIN_URL',
    initial: 'http://127.0.0.1:8787',
    help: 'Where the server is; PORT changes the port.',
  },
  {
    name: 'key',
    value: '<key>',
    env: 'FERMATA_ADMIN_KEY',
    help: 'An admin key. The variable is better: other users of the machine can read arguments.',
  },
];

/** `path` is what follows `/admin`. */
export function adminApi(given: Arguments, env: Variables): AdminApi {
  const endpoint = endpointFor(given, env);
  return async (method, path) => {
    const response = await asked(endpoint, path, { method, signal: AbortSignal.timeout(REQUEST_MS_MAX) });
    const body: unknown = await response.json().catch(() => undefined);
    if (response.ok && isObject(body)) return body;
    throw new Misuse(refusal(response.status, body));
  };
}
