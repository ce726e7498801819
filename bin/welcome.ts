/** What `fermata serve` prints when it listens: where, with which store, and what to do next. Text only. */
import type { AuthMode } from './auth-settings.ts';
import type { Deployment } from './compose.ts';
import type { Paint } from './paint.ts';

export interface Welcome extends Pick<Deployment, 'url' | 'publicUrl' | 'description' | 'name' | 'store' | 'auth'> {
  /** How people start the demo here: `npm run demo` in the repository, `npx fermata demo` elsewhere. */
  readonly demo: string;
}

const OPEN_TO: Readonly<Record<AuthMode, string>> = {
  none: 'this machine only',
  'api-key': 'holders of an API key',
  jwt: 'holders of an access token',
  iam: 'callers with AWS credentials',
};

export function welcomeText(welcome: Welcome, paint: Paint): string {
  const { url, publicUrl, description, name, store, auth, demo } = welcome;
  const row = (title: string, value: string): string => `  ${paint('dim', title.padEnd(10))} ${value}`;
  const keyHeader = auth === 'api-key' ? { headers: { Authorization: 'Bearer <your key>' } } : {};
  const configuration = JSON.stringify(
    { mcpServers: { [slugOf(name)]: { type: 'http', url: publicUrl, ...keyHeader } } },
    undefined,
    2,
  );
  return [
    '',
    `  ${paint('bold', '𝄐 Fermata')} ${paint('dim', 'holds every call for as long as its answer takes')}`,
    '',
    row('Serving', paint('bold', description)),
    row('Endpoint', paint('cyan', url)),
    row('Store', store ?? 'memory: nothing survives a restart'),
    row('Open to', OPEN_TO[auth]),
    '',
    `  ${paint('dim', 'For a client that reads mcpServers:')}`,
    indented(configuration, paint),
    '',
    `  ${paint('dim', 'See it work:')}     ${paint('cyan', demo)}`,
    `  ${paint('dim', 'Look inside:')}     ${paint('cyan', `npx @modelcontextprotocol/inspector --transport http --server-url ${publicUrl}`)}`,
    `  ${paint('dim', 'Stop:')}            Ctrl-C; what waits goes on when it is started again`,
    '',
    '',
  ].join('\n');
}

const indented = (text: string, paint: Paint): string =>
  text
    .split('\n')
    .map(line => `    ${paint('green', line)}`)
    .join('\n');

/** A server's name as a key in a configuration: `expense-tracker`. */
const slugOf = (name: string): string => name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^-+|-+$/g, '') || 'fermata';
