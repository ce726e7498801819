/**
 * Sessions in DynamoDB: one item each. Reads are eventually consistent unless asked otherwise, at half the price; times and phases
 * are the session machine's business, which this file only asks how long to keep an item.
 */

import { Fault } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { SessionStore } from '../../ports/session-store.ts';
import type { Session } from '../../session/session.ts';
import { endsAtMs, keptUntilMs } from '../../session/session.ts';
import { expiryOf, textIn } from './item.ts';
import { LISTED, listedKey, sessionKey } from './keys.ts';
import type { Records, StoredRecord } from './records.ts';
import type { Table } from './table.ts';

export function dynamodbSessionStore(table: Table, records: Records, listed: boolean): SessionStore {
  return {
    // The note for lists comes first: one without a session is passed over, a session without one would be hidden.
    async create(session) {
      const { ttl } = expiryOf(endsAtMs(session) + LIMITS.settledKeepMs);
      if (listed) await table.put(listedKey(session.principal, session.id), { ttl });
      return (await records.create(sessionKey(session.id), recordOf(session))) === 'created' ? 'created' : 'exists';
    },

    load: (id, consistency = 'eventual') => records.load<Session>(sessionKey(id), consistency),

    async list({ principal, after = '', limit }) {
      if (principal === undefined)
        throw new Fault('invalid_request', 'This store lists the sessions of one principal at a time. Name it.');
      const { pk: partition } = listedKey(principal, '');
      const sessions: Session[] = [];
      for await (const note of table.query({ partition, from: `${LISTED}${after}`, to: LISTED + AFTER_ALL, limit })) {
        const id = textIn(note, 'sk').slice(LISTED.length);
        const session = id === after ? undefined : await records.load<Session>(sessionKey(id), 'strong');
        if (session?.principal !== principal) continue;
        if (sessions.length === limit) return { sessions, next: sessions[limit - 1]?.id ?? '' };
        sessions.push(session);
      }
      return { sessions };
    },

    commit: next => records.commit(sessionKey(next.id), recordOf(next)),
  };
}

const AFTER_ALL = '\u{10ffff}';

const recordOf = (session: Session): StoredRecord => ({
  version: session.version,
  expiresAtMs: keptUntilMs(session),
  json: JSON.stringify(session),
});
