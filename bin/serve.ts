/**
 * `fermata serve`: reads the settings, starts everything, says where it is, and ends it cleanly.
 *
 * Ends on SIGINT, SIGTERM, and when the process that started it over a channel is gone; a second signal ends it at once.
 * People read the welcome on stdout and warnings on stderr; with `--json` all of it is one JSON object a line on stdout.
 */
import { EventEmitter, once } from 'node:events';
import type { Observer } from '../core/ports/observer.ts';
import type { Arguments } from './arguments.ts';
import type { Deployment } from './compose.ts';
import { compose } from './compose.ts';
import { configuredSettings } from './configured.ts';
import type { Variables } from './given.ts';
import { jsonObserver, lineObserver } from './observers.ts';
import { paintFor } from './paint.ts';
import type { ServeSettings } from './settings.ts';
import { outliveStrays } from './strays.ts';
import { packageVersion } from './version.ts';
import { welcomeText } from './welcome.ts';

const INTERRUPTED = 130;
const SIGNALS = { SIGINT: 'interrupted', SIGTERM: 'terminated', SIGHUP: 'the terminal was closed' } as const;
/** How long something forgotten may keep the process alive after everything was closed. */
const LINGER_MS = 1_000;

export async function serve(given: Arguments, env: Variables): Promise<number> {
  const settings = await configuredSettings(given, env, process.cwd());
  const observer = observerFor(settings);
  const asked = askedToStop();
  let started = false;
  const starting = compose(
    settings,
    untilStarted(observer, () => started),
    packageVersion(),
  );
  const deployment = await Promise.race([starting, asked]);
  if (typeof deployment === 'string') process.exit(INTERRUPTED);
  started = true;
  outliveStrays(observer);
  announce(deployment, settings, observer, env);
  const reason = await asked;
  observer({ event: 'server.stopping', level: 'info', message: reason });
  await deployment.close();
  observer({ event: 'server.stopped', level: 'info' });
  if (!settings.json) process.stdout.write('Stopped. What waits goes on when it is started again.\n');
  letGo();
  return 0;
}

/** What keeps the server from starting is thrown and told once, at the end; it need not be a line of the log as well. */
function untilStarted(observer: Observer, started: () => boolean): Observer {
  return observation => {
    if (started() || observation.level !== 'error') observer(observation);
  };
}

function observerFor({ json, debug }: ServeSettings): Observer {
  const now = (): Date => new Date();
  return json
    ? jsonObserver({ output: process.stdout, debug, now })
    : lineObserver({ output: process.stderr, debug, now }, paintFor(process.stderr));
}

function announce(deployment: Deployment, settings: ServeSettings, observer: Observer, env: Variables): void {
  const { url, name, store, auth } = deployment;
  if (settings.json) {
    observer({
      event: 'server.listening',
      level: 'info',
      url,
      name,
      pid: process.pid,
      store: store ?? 'memory',
      auth,
    });
    return;
  }
  const demo = demoCommand(url, env);
  process.stdout.write(welcomeText({ ...deployment, demo }, paintFor(process.stdout)));
}

/** How the demo is started from here: npm says which script we were started by. */
function demoCommand(url: string, env: Variables): string {
  const elsewhere = url === 'http://127.0.0.1:8787/mcp' ? '' : ` --url ${url}`;
  if (env.npm_lifecycle_event === 'start') return `npm run demo${elsewhere === '' ? '' : ` --${elsewhere}`}`;
  return `npx fermata demo${elsewhere}`;
}

/** Nothing should hold the process any more. A channel to whoever started it would; anything else gets a moment. */
function letGo(): void {
  if (process.connected) process.disconnect();
  setTimeout(() => process.exit(0), LINGER_MS).unref();
}

/**
 * Resolves when we should end, with why; a second signal ends the process at once. The listeners stay, since a signal that
 * nobody listens to ends the process before anything is closed.
 */
async function askedToStop(): Promise<string> {
  const asked = new EventEmitter();
  let signals = 0;
  for (const [signal, why] of Object.entries(SIGNALS)) {
    process.on(signal, () => {
      signals += 1;
      if (signals > 1) process.exit(INTERRUPTED);
      asked.emit('stop', why);
    });
  }
  process.once('disconnect', () => asked.emit('stop', 'the process that started this one is gone'));
  const [why] = await once(asked, 'stop');
  return String(why);
}
