/** Records of state in DynamoDB: one item each, in a partition of its own, read strongly consistent. */
import type { StateRecord, StateStore } from '../../ports/state-store.ts';
import { text } from './item.ts';
import { stateKey } from './keys.ts';
import type { Records, StoredRecord } from './records.ts';
import type { Table } from './table.ts';

export function dynamodbStateStore(table: Table, records: Records): StateStore {
  return {
    load: scope => records.load<StateRecord>(stateKey(scope), 'strong'),

    async commit(next) {
      const key = stateKey(next.scope);
      if (next.version > 1) return records.commit(key, recordOf(next));
      return (await records.create(key, recordOf(next))) === 'created' ? 'committed' : 'conflict';
    },

    async remove(scope) {
      const key = stateKey(scope);
      await table.delete(key, { expression: '#pk = :pk', values: { ':pk': text(key.pk) } });
    },
  };
}

const recordOf = (record: StateRecord): StoredRecord => ({
  version: record.version,
  expiresAtMs: record.expiresAtMs,
  json: JSON.stringify(record),
});
