/**
 * The handshake with a fresh program: the client is introduced, its log level and subscriptions are applied again, and a
 * `ping` makes sure that all of it has been dealt with before the request comes (programs register tools in answer to
 * `initialized`, and say so).
 */
import { Fault } from '../base/errors.ts';
import type { Client } from '../bridge/from-modern.ts';
import { initializeParams } from '../bridge/from-modern.ts';
import type { Introduction } from '../bridge/from-program.ts';
import { introductionOf } from '../bridge/from-program.ts';
import type { Outcome } from '../protocol/messages.ts';
import type { Connection } from './connection.ts';

/** Introduces the client to the program; gives what the program says about itself. */
export async function shakeHands(
  connection: Connection,
  client: Client,
  uris: readonly string[],
): Promise<Introduction> {
  const initialized = await connection.request('initialize', 'initialize', initializeParams(client));
  if ('error' in initialized)
    throw new Fault('program_unstartable', `The program refused to initialize: ${initialized.error.message}`);
  const introduction = introductionOf(initialized.result);
  connection.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
  await Promise.all([
    ...reapplied(connection, { logLevel: client.logLevel, uris }, introduction),
    connection.request('barrier', 'ping'),
  ]);
  return introduction;
}

/** Tells a program that goes on what has changed: another log level, more resources to watch. */
export async function brought(connection: Connection, news: News, introduction: Introduction): Promise<void> {
  await Promise.all(reapplied(connection, news, introduction));
}

interface News {
  readonly logLevel: Client['logLevel'];
  readonly uris: readonly string[];
}

/** What a session would have told the program long ago. That it may refuse is its business. */
function* reapplied(
  connection: Connection,
  { logLevel, uris }: News,
  { capabilities }: Introduction,
): Generator<Promise<Outcome>> {
  if (logLevel !== undefined && capabilities.logging !== undefined)
    yield connection.request('level', 'logging/setLevel', { level: logLevel });
  if (capabilities.resources?.subscribe === true)
    for (const uri of uris) yield connection.request(`subscribe ${uri}`, 'resources/subscribe', { uri });
}
