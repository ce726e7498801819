/**
 * Where sessions live. A store does not compute phases: it gives back ended sessions too, until `keptUntilMs`; from then on they
 * are absent. Contract: `test/contracts/session-store.contract.ts`.
 */
import type { Session } from '../session/session.ts';

export interface SessionStore {
  /** Stores a new session (its `version` is 1). `exists` if the id is taken. */
  create(session: Session): Promise<'created' | 'exists'>;
  /** `strong` sees every committed write; the default may lag behind (DynamoDB's eventually consistent read, half the price). */
  load(id: string, consistency?: 'eventual' | 'strong'): Promise<Session | undefined>;
  /** One conditional write: succeeds if the stored version is `next.version - 1`. */
  commit(next: Session): Promise<'committed' | 'conflict'>;
}
