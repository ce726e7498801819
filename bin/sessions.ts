/**
 * `fermata sessions`: lists, shows and stops the sessions of a server that runs, over its admin API. For people as a table, with
 * `--json` as the API says it.
 */
import type { SessionDetail, SessionView } from '../core/ports/session-admin.ts';
import { isObject } from '../core/protocol/messages.ts';
import type { Arguments } from './arguments.ts';
import type { Variables } from './given.ts';
import { Misuse } from './misuse.ts';
import type { Paint } from './paint.ts';
import { paintFor } from './paint.ts';
import { detailText, listText } from './sessions-text.ts';

const REQUEST_MS_MAX = 10_000;

export async function sessions(given: Arguments, env: Variables): Promise<number> {
  const [action, id, ...rest] = given.words ?? [];
  if (rest.length > 0 || (action !== undefined && action !== 'show' && action !== 'stop'))
    throw new Misuse('Write: fermata sessions, fermata sessions show ID, or fermata sessions stop ID.');
  if (action !== undefined && id === undefined)
    throw new Misuse(`Which session? Write: fermata sessions ${action} ID (fermata sessions lists them).`);
  const api = apiFor(given, env);
  const isJson = given.values.json !== undefined;
  const paint = paintFor(process.stdout);
  const said = await (action === undefined ? listed(api, given) : one(api, action, id ?? '', given));
  process.stdout.write(isJson ? `${JSON.stringify(said, undefined, 2)}\n` : textOf(said, action, paint));
  return 0;
}

type Said = { readonly sessions: readonly SessionView[] } | SessionDetail | SessionView;
type Api = (method: 'GET' | 'DELETE', path: string) => Promise<unknown>;

/** Every page. */
async function listed(api: Api, given: Arguments): Promise<Said> {
  const all: SessionView[] = [];
  const principal = given.values.principal?.[0];
  for (let after: string | undefined; ; ) {
    const query = new URLSearchParams({ ...(principal && { principal }), ...(after && { after }) });
    const page = (await api('GET', `?${query}`)) as { sessions: readonly SessionView[]; next?: string };
    all.push(...page.sessions);
    if (page.next === undefined) return { sessions: all };
    after = page.next;
  }
}

async function one(api: Api, action: 'show' | 'stop', id: string, given: Arguments): Promise<Said> {
  const path = `/${encodeURIComponent(id)}`;
  if (action === 'stop') return (await api('DELETE', path)) as SessionView;
  return (await api('GET', given.values.reveal === undefined ? path : `${path}?reveal=true`)) as SessionDetail;
}

function textOf(said: Said, action: string | undefined, paint: Paint): string {
  if ('sessions' in said) return listText(said.sessions, Date.now(), paint);
  if (action === 'stop') return `Stopped ${paint('cyan', said.session)} of ${said.principal}.\n`;
  return detailText(said as SessionDetail, Date.now(), paint);
}

function apiFor(given: Arguments, env: Variables): Api {
  const base = given.values.url?.[0] ?? env.FERMATA_ADMIN_URL ?? `http://127.0.0.1:${env.PORT || 8787}`;
  if (!URL.canParse(base)) throw new Misuse(`--url is "${base}", which is no URL. For example: http://127.0.0.1:8787`);
  const key = given.values.key?.[0] ?? env.FERMATA_ADMIN_KEY;
  if (!key) throw new Misuse('Give the admin key: FERMATA_ADMIN_KEY or --key. Make one with: fermata key NAME');
  return async (method, path) => {
    const url = new URL(`/admin/sessions${path}`, base);
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(REQUEST_MS_MAX),
    }).catch(cause => {
      throw new Misuse(`No server answers at ${url.origin}: ${causeOf(cause)}. Is it running, and is --url right?`);
    });
    const body: unknown = await response.json().catch(() => undefined);
    if (response.ok && isObject(body)) return body;
    throw new Misuse(refusal(response.status, body));
  };
}

const causeOf = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.cause instanceof Error ? thrown.cause.message : thrown.message;
};

function refusal(status: number, body: unknown): string {
  const error = isObject(body) && isObject(body.error) ? body.error : {};
  if (isObject(error.data) && error.data.code === 'path_unknown')
    return 'This server has no admin API. Start it with FERMATA_ADMIN_KEYS; make a key with: fermata key NAME';
  return typeof error.message === 'string' ? error.message : `The server answered with status ${status}.`;
}
