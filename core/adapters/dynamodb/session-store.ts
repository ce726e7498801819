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
      const noted: string[] = [];
      const range = { partition, from: `${LISTED}${after}`, to: LISTED + AFTER_ALL, limit: limit + 2 };
      for await (const note of table.query(range)) {
        const id = textIn(note, 'sk').slice(LISTED.length);
        if (id !== after) noted.push(id);
        if (noted.length > limit) break;
      }
      const ids = noted.slice(0, limit);
      const loaded = await Promise.all(ids.map(id => records.load<Session>(sessionKey(id), 'strong')));
      const sessions = loaded.flatMap(session => (session?.principal === principal ? [session] : []));
      const last = ids.at(-1);
      return { sessions, ...(noted.length > limit && last !== undefined ? { next: last } : {}) };
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
