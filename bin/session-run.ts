/**
 * `fermata sessions run ID -- COMMAND`: the command runs in the folder of a session, where the server is; its output comes out here as it comes,
 * and its exit code is ours.
 */
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { parseDuration } from '../core/base/duration.ts';
import { LIMITS } from '../core/base/limits.ts';
import { isObject } from '../core/protocol/messages.ts';
import type { Endpoint } from './admin-endpoint.ts';
import { asked, refusal } from './admin-endpoint.ts';
import type { Arguments } from './arguments.ts';
import { invalid } from './given.ts';
import { Misuse } from './misuse.ts';

/** What did not exit by itself, as `timeout` and shells have it. */
const CUT_OFF = 124;

const REASONS: Readonly<Record<string, string>> = {
  killed: 'The command was killed by a signal; what it wrote is undone.',
  timeout: 'The command took longer than it may (--timeout); what it wrote is undone.',
  too_much_output: `The command wrote more than ${LIMITS.commandOutputBytesMax} bytes of output; what it wrote is undone.`,
  abandoned: 'The command was ended with the server; what it wrote is undone.',
};

export async function runCommand(endpoint: Endpoint, session: string, given: Arguments): Promise<number> {
  const timeoutMs = timeoutOf(given.values.timeout?.[0]);
  const response = await asked(endpoint, `/sessions/${encodeURIComponent(session)}/commands`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ command: given.command, timeoutMs }),
  });
  if (!response.ok || response.body === null)
    throw new Misuse(refusal(response.status, await response.json().catch(() => undefined)));
  let code: number | undefined;
  const isJson = given.values.json !== undefined;
  for await (const line of createInterface({ input: Readable.from(response.body) })) {
    if (isJson) process.stdout.write(`${line}\n`);
    code = exitCodeIn(line, isJson) ?? code;
  }
  if (code === undefined) throw new Misuse('The connection ended before the command did. What it wrote is undone.');
  return code;
}

/** Writes what a line says, and gives the exit code if it says that. */
function exitCodeIn(line: string, isJson: boolean): number | undefined {
  const event: unknown = JSON.parse(line);
  if (!isObject(event)) return undefined;
  const { kind, stream, text, reason, code, error } = event;
  if (kind === 'output' && !isJson) (stream === 'stderr' ? process.stderr : process.stdout).write(String(text));
  if (kind === 'failed') throw new Misuse(refusal(500, { error }));
  if (kind !== 'ended') return undefined;
  if (reason !== 'exited') process.stderr.write(`${REASONS[String(reason)] ?? 'The command came to no end.'}\n`);
  return reason === 'exited' && typeof code === 'number' ? code : CUT_OFF;
}

function timeoutOf(text: string | undefined): number {
  if (text === undefined) return LIMITS.commandMsDefault;
  const timeoutMs = parseDuration(text);
  if (timeoutMs !== undefined && timeoutMs > 0 && timeoutMs <= LIMITS.commandMsMax) return timeoutMs;
  throw invalid({ text, from: '--timeout' }, 'no time up to an hour', '5m');
}
