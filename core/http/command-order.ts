/**
 * Commands in a session's folder over HTTP: the order as a JSON body, the output as JSON lines while it comes. Paths and form:
 * `docs/workspace.md`.
 */
import { Fault, faultOf, rpcErrorOf } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Observer } from '../ports/observer.ts';
import type { CommandEvent, CommandOrder, SessionCommands } from '../ports/session-commands.ts';
import { isObject } from '../protocol/messages.ts';
import { readJson } from './body.ts';
import { checkBodyMedia } from './guards.ts';
import { reportFault } from './responses.ts';

export interface CommandRequest {
  readonly request: Request;
  readonly session: string;
  readonly administrator: string;
  readonly commands: SessionCommands | undefined;
  readonly observer: Observer;
}

export async function commandResponse(asked: CommandRequest): Promise<Response> {
  const { request, session, administrator, commands, observer } = asked;
  if (commands === undefined)
    throw new Fault(
      'path_unknown',
      'Commands are not allowed here. Whoever runs the server allows them with --allow-commands.',
    );
  checkBodyMedia(request);
  const order = orderIn(await readJson(request, LIMITS.commandBytesMax));
  const gone = new AbortController();
  const signal = AbortSignal.any([request.signal, gone.signal]);
  const events = await commands.run(session, { ...order, administrator, signal });
  if (events === undefined) throw new Fault('session_unknown', 'There is no such session, or it has ended.');
  const lines = linesOf(events, observer);
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await lines.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      gone.abort();
      await lines.return();
    },
  });
  return new Response(body, { headers: { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' } });
}

function orderIn(body: unknown): Pick<CommandOrder, 'command' | 'timeoutMs'> {
  const { command, timeoutMs = LIMITS.commandMsDefault } = isObject(body) ? body : {};
  if (!Array.isArray(command) || command.length === 0 || !command.every(isWord))
    throw new Fault('invalid_params', 'command is the program and its arguments, such as {"command": ["ls", "-la"]}.');
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 1 && timeoutMs <= LIMITS.commandMsMax))
    throw new Fault('invalid_params', `timeoutMs is a number from 1 to ${LIMITS.commandMsMax}.`);
  return { command, timeoutMs };
}

/** No argument of a process holds a zero byte. */
const isWord = (word: unknown): word is string => typeof word === 'string' && !word.includes('\0');

async function* linesOf(
  events: AsyncIterable<CommandEvent>,
  observer: Observer,
): AsyncGenerator<Uint8Array, void, undefined> {
  const line = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value)}\n`);
  try {
    for await (const event of events) yield line(event);
  } catch (thrown) {
    const fault = faultOf(thrown);
    reportFault(observer, fault);
    yield line({ kind: 'failed', error: rpcErrorOf(fault) });
  }
}
