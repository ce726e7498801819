/**
 * `fermata demo`: a terminal client that shows what Fermata does, against a server that runs or one of its own.
 *
 * With `--kill` it starts a server of its own and kills it with SIGKILL between a question and its answer. This file finds or
 * starts the server and kills it; the story is in `demo/tour.ts`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '../core/base/errors.ts';
import type { Arguments } from './arguments.ts';
import type { Answer } from './demo/form.ts';
import { byItself, byPerson, Quit } from './demo/form.ts';
import type { Screen } from './demo/screen.ts';
import { screenOn } from './demo/screen.ts';
import type { ServerProcess } from './demo/server-process.ts';
import { lastingPort, startServer } from './demo/server-process.ts';
import { takeTour } from './demo/tour.ts';
import type { Variables } from './given.ts';
import { Misuse } from './misuse.ts';

/** Where `fermata serve` listens unless it is told otherwise. */
const usualUrl = (env: Variables): string => `http://127.0.0.1:${env.PORT || '8787'}/mcp`;
/** The question whose answer a killed server must not lose. */
const KILLED_AT = 2;
const INTERRUPTED = 130;

export async function demo(given: Arguments, env: Variables): Promise<number> {
  const { url, kill, auto, key } = given.values;
  if (kill !== undefined && url !== undefined) {
    throw new Misuse('Give either --kill or --url: only a server of its own is killed.');
  }
  if (auto === undefined && !process.stdin.isTTY) {
    throw new Misuse('There is no terminal to ask questions in. Let it answer by itself: fermata demo --auto');
  }
  const screen = screenOn(process.stdout);
  const answer = auto === undefined ? byPerson(screen) : byItself(screen);
  screen.open(screen.paint('inverse', ' fermata demo '));
  const apiKey = key?.[0] ?? (env.FERMATA_API_KEY || undefined);
  try {
    const running = kill === undefined ? await runningServer(url?.[0], usualUrl(env)) : undefined;
    if (running !== undefined) await takeTour({ url: running, key: apiKey, screen, answer, interrupt: async () => {} });
    else await tourOfOwnServer(screen, answer, kill !== undefined);
    screen.close(closingWords(screen, kill !== undefined));
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof Quit)) throw thrown;
    screen.close(thrown.message);
    return 0;
  }
}

/** The URL of the server to talk to, or `undefined` if none was named and none runs at the usual place. */
async function runningServer(named: string | undefined, usual: string): Promise<string | undefined> {
  const url = named ?? usual;
  if (!URL.canParse(url)) throw new Misuse(`--url is "${url}", which is no URL. For example: --url ${usual}`);
  if (await answers(url)) return url;
  if (named === undefined) return undefined;
  throw new Fault(
    'upstream_unreachable',
    `Nothing answers at ${url}. Start it with "fermata serve", or leave --url out.`,
  );
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(url).catch(() => undefined);
  await response?.body?.cancel();
  return response !== undefined;
}

async function tourOfOwnServer(screen: Screen, answer: Answer, kill: boolean): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-demo-'));
  const tidyUp = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', tidyUp);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(INTERRUPTED));
  let server = await screen.during('Starting a server', startServer(folder, await lastingPort()));
  screen.step(
    `Started a server: process ${server.pid}\n${screen.paint('dim', `store in ${folder}, gone when the demo ends`)}`,
  );
  const interrupt = async (question: number): Promise<void> => {
    if (kill && question === KILLED_AT) server = await killAndRestart(server, folder, screen);
  };
  try {
    await takeTour({ url: server.url, key: undefined, screen, answer, interrupt });
  } finally {
    await server.stop();
  }
}

async function killAndRestart(server: ServerProcess, folder: string, screen: Screen): Promise<ServerProcess> {
  const { port, host } = new URL(server.url);
  const { paint } = screen;
  screen.info(`Question ${KILLED_AT} has arrived. Its answer has not: the call is waiting.`);
  await screen.breathe();
  await server.kill();
  screen.warn(paint('red', `Process ${server.pid} killed with SIGKILL`));
  await screen.breathe();
  const alive = await answers(server.url);
  screen.info(
    alive ? `${host} still answers, which should not be` : `${host} refuses connections: no process, only the store`,
  );
  await screen.breathe();
  const restarted = await screen.during('Starting it again', startServer(folder, Number(port)));
  screen.success(
    paint('green', `Restarted as process ${restarted.pid}`) + paint('dim', ', on the same store and port'),
  );
  screen.info('Now the answer is given, and the same call goes on:');
  return restarted;
}

const closingWords = (screen: Screen, killed: boolean): string =>
  killed
    ? `The call outlived its server. ${screen.paint('dim', 'Put your own behind it: fermata help serve')}`
    : `That was all. ${screen.paint('dim', 'Next: fermata demo --kill, which kills the server in the middle')}`;
