/** What is kept of changes for those who did not hear them: the newest of each, as many as there is room for. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/base/limits.ts';
import { changesSince, newChangeRecord, notificationOf, withChanges } from '../../core/journal/change-record.ts';

const TOOLS = { jsonrpc: '2.0', method: 'notifications/tools/list_changed' } as const;
const updated = (uri: string) =>
  ({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri } }) as const;

describe('a record of changes', () => {
  it('tells what came after it was seen, the newest report of each', () => {
    const one = withChanges(newChangeRecord('s'), [TOOLS, updated('a:')], 'p');
    const two = withChanges(one, [updated('b:'), TOOLS], 'q');
    expect(changesSince(two, one)).toEqual([
      { at: 3, by: 'q', method: 'notifications/resources/updated', uri: 'b:' },
      { at: 4, by: 'q', method: 'notifications/tools/list_changed' },
    ]);
    expect(changesSince(two, two)).toEqual([]);
    expect(changesSince(two, undefined)).toHaveLength(3);
    expect(two.changes.map(notificationOf)).toEqual([updated('a:'), updated('b:'), TOOLS]);
  });

  it('that counts anew is new as a whole', () => {
    const old = { series: 'before', count: 99 };
    expect(changesSince(withChanges(newChangeRecord('s'), [TOOLS], 'p'), old)).toHaveLength(1);
  });

  it('forgets the oldest where there is no room, and says so to whoever has not seen it', () => {
    const one = withChanges(newChangeRecord('s'), [TOOLS], 'p');
    const many = Array.from({ length: 100 }, (_, n) => updated(`test://resource/${n}`));
    const two = withChanges(one, many, 'p');
    expect(JSON.stringify(two.changes).length).toBeLessThanOrEqual(LIMITS.changeRecordCharactersMax);
    expect(two.changes.at(-1)?.uri).toBe('test://resource/99');
    expect(changesSince(two, one)).toBe('everything');
    expect(changesSince(two, { series: 's', count: two.forgotten })).toEqual(two.changes);
  });

  it('keeps nothing of a change that has no room at all', () => {
    const huge = withChanges(newChangeRecord('s'), [updated(`test://${'x'.repeat(5_000)}`)], 'p');
    expect(huge.changes).toEqual([]);
    expect(changesSince(huge, undefined)).toBe('everything');
  });
});
