/**
 * Notices that a handler of SDK v2 *returned* `inputRequired(…)` instead of awaiting its questions.
 *
 * Toward a legacy connection SDK v2 hands such a return to its own shim, which asks the questions and enters the handler again in
 * the same process. Under replay that works and is quadratic. So the shim is replaced, per instance: the return becomes an error
 * response that carries it, and whoever called the runner (`program-server.ts`) makes of it the `input_required` result it
 * is. The handler was entered once, as under 2026-07-28. Where the private parts are not found, the SDK's shim goes on working.
 */
import { isObject } from '../../protocol/messages.ts';
import type { BuiltServer } from './built-server.ts';

/** Where an error's `data` holds the returned value. In one process only: it never reaches a peer. */
export const RETURNED = 'dev.fermata/returned-input-required';

/** What a handler returned, if an error response carries it. */
export function returnedBy(error: { readonly data?: unknown }): Record<string, unknown> | undefined {
  const returned = isObject(error.data) ? error.data[RETURNED] : undefined;
  return isObject(returned) ? returned : undefined;
}

class ReturnedInputRequired extends Error {
  readonly data: Record<string, unknown>;

  constructor(returned: unknown) {
    super('The handler returned input_required.');
    this.data = { [RETURNED]: returned };
  }
}

/**
 * Replaces the shim of one v2 server. `hasAsked` tells whether this run put a question to the client by awaiting it: a handler that
 * does both can only go on within the run, and is left to the SDK's shim.
 */
export function noticeInputRequired({ protocol }: BuiltServer, hasAsked: () => boolean): void {
  const original = protocol._legacyInputRequiredShim;
  const serving = protocol._inputRequiredServing;
  if (typeof original !== 'function' || !isObject(serving)) return;
  // An author may have switched the shim off for legacy clients; for us it is what tells the styles apart.
  protocol._inputRequiredServing = { ...serving, legacyShim: true };
  protocol._legacyInputRequiredShim = () => ({
    fulfill: (...args: unknown[]): unknown => {
      if (hasAsked()) return original.call(protocol).fulfill(...args);
      throw new ReturnedInputRequired(args[4]);
    },
  });
}
