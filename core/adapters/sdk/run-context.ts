/**
 * Which request a handler handles: what `step`, `session` and the like of the public surface find by the asynchronous context, and
 * what tells apart the handlers that run in one instance at a time.
 *
 * A program's module may be loaded with a copy of this package of its own, so the context is shared by a name that every copy
 * knows. There is one for all of it, since up to Node 22 each makes every promise dearer.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Aids } from '../../ports/aids.ts';
import type { RequestId } from '../../protocol/messages.ts';

interface Handled {
  readonly request: RequestId;
  /** What its run offers. */
  readonly aids: Aids | undefined;
}

const SHARED = Symbol.for('dev.fermata/run-context/2');

function shared(): AsyncLocalStorage<Handled> {
  const known: unknown = Reflect.get(globalThis, SHARED);
  if (isContext(known)) return known;
  const made = new AsyncLocalStorage<Handled>();
  Reflect.set(globalThis, SHARED, made);
  return made;
}

/** Nobody else writes under this name. */
const isContext = (value: unknown): value is AsyncLocalStorage<Handled> => value instanceof AsyncLocalStorage;

const context = shared();

/** Runs `work` in the handling of a request. */
export const within = <T>(handled: Handled, work: () => T): T => context.run(handled, work);

export const currentAids = (): Aids | undefined => context.getStore()?.aids;

export const currentRequest = (): RequestId | undefined => context.getStore()?.request;
