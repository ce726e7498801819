/** The table of runs that wait: what is let go when it is full, and who gets to know what was sealed. */
import { expect, test } from 'vitest';
import { LIMITS } from '../../core/base/limits.ts';
import { newJournal } from '../../core/journal/journal.ts';
import { Binding } from '../../core/runner/binding.ts';
import { ParkedRuns } from '../../core/runner/parked-runs.ts';
import { toolCall } from '../support/programs/calling.ts';

/** A table, the names of the runs it has let go, and a way to park one whose sealed state takes so many bytes. */
function tableOf(most: number) {
  const dropped: string[] = [];
  const table = new ParkedRuns({ now: () => 0, newId: () => 'id' }, { keepMs: 1_000, most });
  const binding = new Binding('alice', toolCall('greet'));
  const park = (name: string, bytes = 100): string => {
    const sealed = name.padEnd(bytes, '.');
    const state = { nonce: name, expiresAtMs: 1_000, journal: newJournal(name) };
    table.park({ resume: () => undefined, drop: () => void dropped.push(name) }, { state, sealed, binding });
    return sealed;
  };
  return { table, dropped, park, binding };
}

test('the oldest go when there are more than it holds', () => {
  const { table, dropped, park } = tableOf(2);
  for (const name of ['a', 'b', 'c', 'd']) park(name);
  expect(dropped).toEqual(['a', 'b']);
  table.clear();
  expect(dropped).toEqual(['a', 'b', 'c', 'd']);
});

test('the oldest go when they take more bytes than it holds, and what was taken out counts no more', () => {
  const { table, dropped, park } = tableOf(100);
  const third = Math.floor(LIMITS.parkedBytesMax / 3);
  for (const name of ['a', 'b']) park(name, third);
  table.take('a');
  park('c', third);
  expect(dropped).toEqual([]);
  park('d', third);
  expect(dropped).toEqual(['b']);
  table.clear();
});

test('what was sealed is told for the same call of the same user, for as long as its run waits', () => {
  const { table, park } = tableOf(2);
  const sealed = park('a');
  expect(table.stateIn(sealed, new Binding('alice', toolCall('greet')))).toMatchObject({ nonce: 'a' });
  expect(table.stateIn(sealed, new Binding('bob', toolCall('greet')))).toBeUndefined();
  expect(table.stateIn(sealed, new Binding('alice', toolCall('other')))).toBeUndefined();
  expect(table.stateIn(`${sealed}.`, new Binding('alice', toolCall('greet')))).toBeUndefined();
  table.take('a');
  expect(table.stateIn(sealed, new Binding('alice', toolCall('greet')))).toBeUndefined();
  table.clear();
});
