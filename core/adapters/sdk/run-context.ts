/**
 * Which run a handler belongs to: what `step`, `session` and the like of the public surface find by the asynchronous context.
 *
 * A program's module may be loaded with a copy of this package of its own, so the context is shared by a name that every copy
 * knows.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Aids } from '../../ports/aids.ts';

const SHARED = Symbol.for('dev.fermata/run-context/1');

function shared(): AsyncLocalStorage<Aids> {
  const known: unknown = Reflect.get(globalThis, SHARED);
  if (isContext(known)) return known;
  const made = new AsyncLocalStorage<Aids>();
  Reflect.set(globalThis, SHARED, made);
  return made;
}

/** Nobody else writes under this name. */
const isContext = (value: unknown): value is AsyncLocalStorage<Aids> => value instanceof AsyncLocalStorage;

const context = shared();

/** Runs `work` for a run; for none, as it is. */
export const within = <T>(aids: Aids | undefined, work: () => T): T =>
  aids === undefined ? work() : context.run(aids, work);

export const currentAids = (): Aids | undefined => context.getStore();
