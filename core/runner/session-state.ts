/**
 * The state of one session, as one call reads and writes it: each write is one conditional write of the whole record, made again
 * on what others wrote meanwhile. The bounds are `core/journal/session-values.ts`; replay is `desk.ts`.
 */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { SessionValues } from '../journal/session-values.ts';
import { NO_VALUES, valueAt, written } from '../journal/session-values.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { CallContext } from '../ports/stateless-server.ts';
import { stateScopeOf } from '../protocol/state-scope.ts';

/** What a write did: whether there was a value before, and the value now. */
export interface Write {
  readonly had: boolean;
  readonly after: unknown;
}

export interface SessionState {
  read(key: string): Promise<unknown>;
  /** Replaces the value of a key by what `change` makes of it, once for each `write`. */
  write(key: string, write: string, change: (current: unknown) => unknown): Promise<Write>;
}

/** The state that a call may use; throws from its methods, and says why, where there is none. */
export function sessionStateOf(store: StateStore | undefined, call: CallContext): SessionState {
  const { session, principal } = call;
  if (session === undefined) return none(WITHOUT_SESSION);
  if (store === undefined) return none(WITHOUT_STORE);
  const load = async (): Promise<{
    readonly scope: string;
    readonly version: number;
    readonly now: SessionValues;
  }> => {
    const scope = stateScopeOf(principal.id, session.name);
    const record = await store.load(scope);
    return record === undefined
      ? { scope, version: 0, now: NO_VALUES }
      : { scope, version: record.version, now: JSON.parse(record.json) };
  };
  return {
    read: async key => valueAt((await load()).now, key),
    async write(key, write, change) {
      for (let attempt = 0; attempt < LIMITS.commitAttemptsMax; attempt++) {
        const { scope, version, now } = await load();
        const before = valueAt(now, key);
        const made = now.writes.find(([id]) => id === write);
        if (made !== undefined) return { had: made[1], after: before };
        const after = change(before);
        const json = JSON.stringify(written(now, key, after, write));
        const next = { scope, version: version + 1, json, expiresAtMs: session.endsAtMs + LIMITS.settledKeepMs };
        if ((await store.commit(next)) === 'committed') return { had: before !== undefined, after };
      }
      throw new Fault('store_unavailable', 'The session state is being changed by too many calls at once. Try again.');
    },
  };
}

const WITHOUT_SESSION =
  'This call belongs to no session, so nothing can be kept for it: clients of MCP 2026-07-28 have none. ' +
  'Keep what must last under a name that the caller gives, in a store of your own.';
const WITHOUT_STORE =
  'This server has no store to keep session state in. Give the runner one (FERMATA_TABLE on Lambda, `state` of the runner).';

function none(why: string): SessionState {
  const refuse = async (): Promise<never> => {
    throw new Fault('state_unavailable', why);
  };
  return { read: refuse, write: refuse };
}
