/**
 * What authors of programs import: steps, stable time and chance, and the state of the session, usable anywhere within a
 * handler. Documented in `docs/programs.md`.
 *
 * Outside a run of Fermata (a test of the author's, the same server on stdio) nothing is replayed, so a step is simply done,
 * time and chance are the system's, and only session state, which would be lost there, is refused.
 */
import { randomUUID } from 'node:crypto';
import { Fault } from '../../base/errors.ts';
import type { SessionAids } from '../../ports/aids.ts';
import { currentAids } from './run-context.ts';

/** A value that JSON keeps. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/**
 * Does something once for each call, however often the handler runs: the second run gets the first one's result or error. The
 * result goes through JSON, on the first run too.
 */
export async function step<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  const aids = currentAids();
  // The result was made by `work` and went through JSON, which T describes.
  return aids === undefined ? work() : ((await aids.step(name, work)) as T);
}

/** Milliseconds since the epoch: the same on every run of a call. */
export const now = (): number => currentAids()?.now() ?? Date.now();

/** A number from 0 up to but not including 1: the same on every run of a call. Not for secrets. */
export const random = (): number => currentAids()?.random() ?? Math.random();

/** A UUID (version 4): the same on every run of a call, so it may go into an idempotency key. Not for secrets. */
export const uuid = (): string => currentAids()?.uuid() ?? randomUUID();

/**
 * The folder of the session: what is written there is found by its next call in any process, once this call has completed. Needs
 * `fermata serve --workspace`.
 */
export async function workspace(): Promise<string> {
  const aids = currentAids();
  if (aids?.workspace !== undefined) return aids.workspace();
  throw new Fault(
    'state_unavailable',
    'There is no workspace here: this code was not called from a handler that Fermata runs. Use `workspace` within a handler.',
  );
}

/** What the session keeps from call to call: values by key, for as long as the session lives. */
export interface SessionValuesByKey {
  /** The value, or `undefined`. Under replay: what the first run found. */
  get<T extends Json>(key: string): Promise<T | undefined>;
  set(key: string, value: Json): Promise<void>;
  /** Whether there was a value. */
  delete(key: string): Promise<boolean>;
  /** Replaces a value by what `change` makes of it; `undefined` deletes it. `change` may be called more than once. */
  update<T extends Json>(key: string, change: (current: T | undefined) => T | undefined): Promise<T | undefined>;
}

export const session: SessionValuesByKey = {
  // What was stored under the key is known to the author alone.
  get: async <T extends Json>(key: string) => (await state().get(key)) as T | undefined,
  set: async (key, value) => state().set(key, value),
  delete: async key => state().delete(key),
  update: async <T extends Json>(key: string, change: (current: T | undefined) => T | undefined) =>
    (await state().update(key, current => change(current as T | undefined))) as T | undefined,
};

function state(): SessionAids {
  const aids = currentAids();
  if (aids !== undefined) return aids.session;
  throw new Fault(
    'state_unavailable',
    'There is no session here: this code was not called from a handler that Fermata runs. Use `session` within a handler, ' +
      'and serve the program with "fermata serve" or a runner.',
  );
}
