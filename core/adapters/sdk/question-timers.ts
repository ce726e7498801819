/**
 * The SDK's own time limit on questions, taken away.
 *
 * Both SDKs give every request of a server 60 seconds and then reject its await. Here a person may take days, and a parked run
 * must not wake up to an error. Neither SDK has a public switch, so the timer of a question is removed from the private map
 * `_timeoutInfo` at the moment the question is sent. A time limit that an author gives a question does not act either.
 */
import { Fault } from '../../base/errors.ts';
import { isObject } from '../../protocol/messages.ts';
import type { ProtocolServer } from './built-server.ts';

/** Removes the timer of one question, by its id. */
export type Defuse = (question: unknown) => void;

/** Throws `program_unstartable` for an SDK that keeps its timers elsewhere: a run of it could not be parked. */
export function questionTimersOf(protocol: ProtocolServer, name: string): Defuse {
  const timers = protocol._timeoutInfo;
  if (!(timers instanceof Map)) {
    throw new Fault(
      'program_unstartable',
      `${name} uses a release of the MCP SDK that Fermata does not know: it keeps its request timers in an unknown place. Use @modelcontextprotocol/sdk 1.32 or @modelcontextprotocol/server 2.4, run the server as a stdio command, or report this.`,
      { detail: 'The field `_timeoutInfo` of the SDK class `Protocol` is missing or no Map.' },
    );
  }
  return question => {
    const timer: unknown = timers.get(question);
    if (isObject(timer) && isTimeout(timer.timeoutId)) clearTimeout(timer.timeoutId);
    timers.delete(question);
  };
}

const isTimeout = (value: unknown): value is NodeJS.Timeout => typeof value === 'object' && value !== null;
