/**
 * What can go wrong with an invocation, as faults: what Lambda refuses, what breaks on the way, and what a function failed with.
 *
 * The retry policy must know whether the function may have begun: `upstream_unreachable` and `upstream_busy` say that it has not.
 */

import { Fault } from '../../base/errors.ts';
import { parsedJson } from '../../protocol/json.ts';
import { isObject } from '../../protocol/messages.ts';

/** Names of exceptions by which Lambda says: later. */
const BUSY = new Set([
  'TooManyRequestsException',
  'ThrottlingException',
  'EC2ThrottledException',
  'ENILimitReachedException',
  'ResourceConflictException',
  'ResourceNotReadyException',
  'SnapStartNotReadyException',
]);
const LOST = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']);
/** What an endpoint answers that does not know how to stream. */
const CANNOT_STREAM = new Set(['UnknownOperationException', 'UnsupportedOperationException', 'NotImplemented']);

const nameOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.name : '');

export const isBusy = (thrown: unknown): boolean => BUSY.has(nameOf(thrown));
export const cannotStream = (thrown: unknown): boolean => CANNOT_STREAM.has(nameOf(thrown));

/** The fault of an invocation that was not taken, or whose answer did not begin. */
export function invokeFault(thrown: unknown, functionName: string): Fault {
  if (thrown instanceof Fault) return thrown;
  const options = { detail: `${functionName}: ${reasonOf(thrown)}`, cause: thrown };
  if (isBusy(thrown)) return new Fault('upstream_busy', 'The upstream has too much to do. Try again later.', options);
  if (nameOf(thrown) === 'RequestTooLargeException')
    return new Fault('body_too_large', 'The request is larger than an invocation may be (6 MB). Send less.', options);
  if (isLost(thrown))
    return new Fault('upstream_lost', 'The connection to the upstream broke before it answered.', options);
  return new Fault('upstream_unreachable', 'The upstream cannot be reached.', options);
}

/** A connection that broke, or an error of the service itself: the function may have begun. */
function isLost(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  if ('code' in thrown && LOST.has(String(thrown.code))) return true;
  const status = '$metadata' in thrown && isObject(thrown.$metadata) ? thrown.$metadata.httpStatusCode : undefined;
  return typeof status === 'number' && status >= 500;
}

/** The fault of an answer that broke while it came. */
export const bodyFault = (thrown: unknown, functionName: string): Fault =>
  thrown instanceof Fault
    ? thrown
    : new Fault('upstream_lost', 'The connection to the upstream broke before its response.', {
        detail: `${functionName}: ${reasonOf(thrown)}`,
        cause: thrown,
      });

/** The fault of a function that failed. `type` is Lambda's name for the error, `details` its JSON. */
export function functionFault(type: string, details: string, functionName: string): Fault {
  const said: unknown = parsedJson(details);
  const message = isObject(said) && typeof said.errorMessage === 'string' ? said.errorMessage : details;
  const errorType = isObject(said) && typeof said.errorType === 'string' ? said.errorType : type;
  const options = { detail: `${functionName} failed with ${errorType}: ${message}` };
  if (errorType === 'Function.ResponseSizeTooLarge')
    return new Fault('upstream_invalid', 'The upstream answered more than Lambda lets pass (6 MB, buffered).', options);
  if (/Timedout|timed out/i.test(`${errorType} ${message}`))
    return new Fault('upstream_timeout', 'The upstream ran out of time before its response.', options);
  if (errorType.startsWith('Runtime.') && errorType !== 'Runtime.ExitError')
    return new Fault('upstream_unreachable', 'The upstream does not start.', options);
  return new Fault('upstream_lost', 'The upstream failed before its response.', options);
}

const reasonOf = (thrown: unknown): string =>
  thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
