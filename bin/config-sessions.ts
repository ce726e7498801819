/**
 * What a configuration says of sessions: the same settings as options and variables give, and the last to be asked, after both. Each
 * keeps its place, so that a wrong value is refused at its line by whoever judges it. Pure.
 */
import type { ConfigProblem } from '../core/gates/config.ts';
import { isObject } from '../core/protocol/messages.ts';
import type { Given } from './given.ts';
import type { SessionOption } from './session-settings.ts';

export interface SessionsConfig {
  /** `15m`: idle time after which a session sleeps or ends. */
  readonly idleTimeout?: string;
  /** `8h`: when a session ends whatever happens. */
  readonly maxLifetime?: string;
  readonly idleAction?: 'sleep' | 'end';
  readonly retryLost?: 'never' | 'idempotent' | 'always';
  /** `25s`: how long a connection is held. */
  readonly hold?: string;
}

export type GivenSessions = Readonly<Partial<Record<SessionOption, Given>>>;

const OPTIONS: Readonly<Record<keyof SessionsConfig, SessionOption>> = {
  idleTimeout: 'idle-timeout',
  maxLifetime: 'max-lifetime',
  idleAction: 'idle-action',
  retryLost: 'retry-lost',
  hold: 'hold',
};

/** `placeOf` says where a value stands, for people. */
export function givenSessions(
  value: unknown,
  placeOf: (path: ConfigProblem['path']) => string,
): { readonly given: GivenSessions; readonly problems: readonly ConfigProblem[] } {
  if (value === undefined) return { given: {}, problems: [] };
  if (!isObject(value)) return { given: {}, problems: [{ path: ['sessions'], message: 'must be an object' }] };
  const given: Partial<Record<SessionOption, Given>> = {};
  const problems: ConfigProblem[] = [];
  for (const [name, text] of Object.entries(value)) {
    const path = ['sessions', name];
    const option = Object.entries(OPTIONS).find(([known]) => known === name)?.[1];
    if (option === undefined)
      problems.push({ path, message: `is not known here; known are ${Object.keys(OPTIONS).join(', ')}` });
    else if (typeof text !== 'string') problems.push({ path, message: 'must be a text' });
    else given[option] = { text, from: `${placeOf(path)}: ${path.join('.')}` };
  }
  return { given, problems };
}
