/**
 * Loads a bundled function as Lambda does, in a process of its own with the variables of its own and nothing else: so a variable that
 * is missing or cannot be is found here. It is not invoked.
 */
import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { REGION } from './mocks.ts';

const START_MS_MAX = 30_000;
/** The runtime's global, as far as loading a handler needs it. */
const LOAD = `
globalThis.awslambda = { streamifyResponse: handler => handler, HttpResponseStream: { from: stream => stream } };
const { handler } = await import(process.argv[1]);
if (typeof handler !== 'function') throw new Error('There is no handler.');
process.exit(0);
`;

export async function startBundle(file: string, variables: Readonly<Record<string, unknown>>): Promise<void> {
  const own = Object.entries(variables).map(([name, value]) => [name, String(value)]);
  const env = { ...Object.fromEntries(own), AWS_REGION: REGION, LAMBDA_TASK_ROOT: dirname(file) };
  const args = ['--input-type=module', '-e', LOAD, pathToFileURL(file).href];
  await promisify(execFile)(process.execPath, args, { env, timeout: START_MS_MAX }).catch(thrown => {
    throw new Error(`${file} does not start: ${complaintIn(String(thrown))}`);
  });
}

/** The error among the lines of the bundle that Node shows with it. */
const complaintIn = (text: string): string =>
  text.split('\n').findLast(line => /^\w*(Error|Fault): /.test(line)) ?? text;
