/**
 * Sessions in DynamoDB: one item each. Reads are eventually consistent unless asked otherwise, at half the price; times and phases
 * are the session machine's business, which this file only asks how long to keep an item.
 */
import type { SessionStore } from '../../ports/session-store.ts';
import type { Session } from '../../session/session.ts';
import { keptUntilMs } from '../../session/session.ts';
import { sessionKey } from './keys.ts';
import type { Records, StoredRecord } from './records.ts';

export function dynamodbSessionStore(records: Records): SessionStore {
  return {
    async create(session) {
      return (await records.create(sessionKey(session.id), recordOf(session))) === 'created' ? 'created' : 'exists';
    },

    load: (id, consistency = 'eventual') => records.load<Session>(sessionKey(id), consistency),

    commit: next => records.commit(sessionKey(next.id), recordOf(next)),
  };
}

const recordOf = (session: Session): StoredRecord => ({
  version: session.version,
  expiresAtMs: keptUntilMs(session),
  json: JSON.stringify(session),
});
