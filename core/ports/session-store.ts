/**
 * Where sessions live. A store does not compute phases: it gives back ended sessions too, until `keptUntilMs`; from then on they
 * are absent. Contract: `test/contracts/session-store.contract.ts`.
 */
import type { Session } from '../session/session.ts';

export interface SessionQuery {
  /** Only sessions of this principal. A shared store may need it: `invalid_request` without. */
  readonly principal?: string;
  /** Only sessions after this one, in the order of their ids. */
  readonly after?: string;
  readonly limit: number;
}

export interface SessionPage {
  readonly sessions: readonly Session[];
  /** The `after` of the next page, if there may be one. */
  readonly next?: string;
}

export interface SessionStore {
  /** Stores a new session (its `version` is 1). `exists` if the id is taken. */
  create(session: Session): Promise<'created' | 'exists'>;
  /** `strong` sees every committed write; the default may lag behind (DynamoDB's eventually consistent read, half the price). */
  load(id: string, consistency?: 'eventual' | 'strong'): Promise<Session | undefined>;
  /** One conditional write: succeeds if the stored version is `next.version - 1`. */
  commit(next: Session): Promise<'committed' | 'conflict'>;
  /** Sessions in the order of their ids, ended ones included while they are kept. For administrators: no request needs it. */
  list(query: SessionQuery): Promise<SessionPage>;
}
