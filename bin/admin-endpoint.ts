/** Where the admin API of a running server is, and requests to it, with refusals in words for people. */
import { isObject } from '../core/protocol/messages.ts';
import type { Arguments } from './arguments.ts';
import type { Variables } from './given.ts';
import { Misuse } from './misuse.ts';

export interface Endpoint {
  readonly base: string;
  readonly key: string;
}

export function endpointFor(given: Arguments, env: Variables): Endpoint {
  const base = given.values.url?.[0] ?? env.FERMATA_ADMIN_URL ?? `http://127.0.0.1:${env.PORT || 8787}`;
  if (!URL.canParse(base)) throw new Misuse(`--url is "${base}", which is no URL. For example: http://127.0.0.1:8787`);
  const key = given.values.key?.[0] ?? env.FERMATA_ADMIN_KEY;
  if (!key) throw new Misuse('Give the admin key: FERMATA_ADMIN_KEY or --key. Make one with: fermata key NAME');
  return { base, key };
}

/** A request to `/admin` and what follows it. */
export async function asked({ base, key }: Endpoint, path: string, init: RequestInit): Promise<Response> {
  const url = new URL(`/admin${path}`, base);
  const headers = { ...init.headers, authorization: `Bearer ${key}` };
  return fetch(url, { ...init, headers }).catch(cause => {
    throw new Misuse(`No server answers at ${url.origin}: ${causeOf(cause)}. Is it running, and is --url right?`);
  });
}

const causeOf = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.cause instanceof Error ? thrown.cause.message : thrown.message;
};

export function refusal(status: number, body: unknown): string {
  const error = isObject(body) && isObject(body.error) ? body.error : {};
  const isThere = String(error.message).includes('--allow-commands');
  if (isObject(error.data) && error.data.code === 'path_unknown' && !isThere)
    return 'This server has no admin API. Start it with FERMATA_ADMIN_KEYS; make a key with: fermata key NAME';
  return typeof error.message === 'string' ? error.message : `The server answered with status ${status}.`;
}
