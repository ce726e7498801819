/**
 * `fermata sessions`: lists, shows and stops the sessions of a server that runs, over its admin API; `session-run.ts` runs commands. For people as a table, with
 * `--json` as the API says it.
 */
import type { SessionDetail, SessionView } from '../core/ports/session-admin.ts';
import type { AdminApi } from './admin-api.ts';
import { adminApi } from './admin-api.ts';
import { endpointFor } from './admin-endpoint.ts';
import type { Arguments } from './arguments.ts';
import type { Variables } from './given.ts';
import { Misuse } from './misuse.ts';
import type { Paint } from './paint.ts';
import { paintFor } from './paint.ts';
import { runCommand } from './session-run.ts';
import { detailText, listText } from './sessions-text.ts';

export async function sessions(given: Arguments, env: Variables): Promise<number> {
  const [action, id, ...rest] = given.words ?? [];
  if (rest.length > 0 || !isAction(action)) throw new Misuse(`Write one of: ${WAYS.join(', ')}.`);
  if (action !== undefined && id === undefined)
    throw new Misuse(`Which session? Write: fermata sessions ${action} ID (fermata sessions lists them).`);
  if ((action === 'run') !== (given.command !== undefined))
    throw new Misuse('A command stands after --, and "run" needs one: fermata sessions run ID -- ls -la');
  if (action === 'run') return runCommand(endpointFor(given, env), id ?? '', given);
  const api = adminApi(given, env);
  const isJson = given.values.json !== undefined;
  const paint = paintFor(process.stdout);
  const said = await (action === undefined ? listed(api, given) : one(api, action, id ?? '', given));
  process.stdout.write(isJson ? `${JSON.stringify(said, undefined, 2)}\n` : textOf(said, action, paint));
  return 0;
}

const WAYS = [
  'fermata sessions',
  'fermata sessions show ID',
  'fermata sessions stop ID',
  'fermata sessions run ID -- COMMAND',
] as const;

const isAction = (word: string | undefined): word is 'show' | 'stop' | 'run' | undefined =>
  word === undefined || ['show', 'stop', 'run'].includes(word);

type Said = { readonly sessions: readonly SessionView[] } | SessionDetail | SessionView;

/** Every page. */
async function listed(api: AdminApi, given: Arguments): Promise<Said> {
  const all: SessionView[] = [];
  const principal = given.values.principal?.[0];
  for (let after: string | undefined; ; ) {
    const query = new URLSearchParams({ ...(principal && { principal }), ...(after && { after }) });
    const page = (await api('GET', `/sessions?${query}`)) as { sessions: readonly SessionView[]; next?: string };
    all.push(...page.sessions);
    if (page.next === undefined) return { sessions: all };
    after = page.next;
  }
}

async function one(api: AdminApi, action: 'show' | 'stop', id: string, given: Arguments): Promise<Said> {
  const path = `/sessions/${encodeURIComponent(id)}`;
  if (action === 'stop') return (await api('DELETE', path)) as SessionView;
  return (await api('GET', given.values.reveal === undefined ? path : `${path}?reveal=true`)) as SessionDetail;
}

function textOf(said: Said, action: string | undefined, paint: Paint): string {
  if ('sessions' in said) return listText(said.sessions, Date.now(), paint);
  if (action === 'stop') return `Stopped ${paint('cyan', said.session)} of ${said.principal}.\n`;
  return detailText(said as SessionDetail, Date.now(), paint);
}
