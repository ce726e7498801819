/**
 * What is kept of the changes that a principal's programs have reported, for processes that did not hear them: one small record,
 * replaced as a whole.
 *
 * It keeps the newest report of each change and counts them, so that whoever knows where it stood at the last look can tell what is
 * new. What has no room is forgotten, oldest first; who has not seen that yet must take everything for changed. Knows no store.
 */
import { LIMITS } from '../base/limits.ts';
import type { RpcNotification } from '../protocol/messages.ts';

export interface Change {
  /** Its place in the count. */
  readonly at: number;
  /** The process that reported it, and has told its own listeners. */
  readonly by: string;
  readonly method: string;
  /** Of a resource that was updated. */
  readonly uri?: string;
}

export interface ChangeRecord {
  /** Tells one record from a later one that counts anew. */
  readonly series: string;
  /** How many changes were reported. */
  readonly count: number;
  /** Up to here, changes may have been forgotten. */
  readonly forgotten: number;
  /** The newest last. */
  readonly changes: readonly Change[];
}

/** Where a record stood when it was seen last. */
export type Seen = Pick<ChangeRecord, 'series' | 'count'>;

export const newChangeRecord = (series: string): ChangeRecord => ({ series, count: 0, forgotten: 0, changes: [] });

/** The record with further changes. */
export function withChanges(before: ChangeRecord, reported: readonly RpcNotification[], by: string): ChangeRecord {
  let { count, forgotten } = before;
  let changes = before.changes;
  for (const { method, params } of reported) {
    const uri = typeof params?.uri === 'string' ? { uri: params.uri } : {};
    const change: Change = { at: ++count, by, method, ...uri };
    changes = [...changes.filter(other => other.method !== method || other.uri !== change.uri), change];
  }
  for (;;) {
    const [oldest, ...rest] = changes;
    if (oldest === undefined || JSON.stringify(changes).length <= LIMITS.changeRecordCharactersMax) break;
    forgotten = oldest.at;
    changes = rest;
  }
  return { series: before.series, count, forgotten, changes };
}

/** What was reported since a record was seen; `everything` where that is not known any more. */
export function changesSince(record: ChangeRecord, seen: Seen | undefined): readonly Change[] | 'everything' {
  const from = seen?.series === record.series ? seen.count : 0;
  return from < record.forgotten ? 'everything' : record.changes.filter(({ at }) => at > from);
}

export const notificationOf = ({ method, uri }: Change): RpcNotification => ({
  jsonrpc: '2.0',
  method,
  ...(uri === undefined ? {} : { params: { uri } }),
});
