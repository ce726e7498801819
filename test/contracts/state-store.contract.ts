/** The contract of `StateStore`: every store of state passes it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StateRecord, StateStore } from '../../core/ports/state-store.ts';
import type { MakeStores, StoresUnderTest } from './stores-under-test.ts';

export function describeStateStoreContract(name: string, make: MakeStores): void {
  describe(`${name}: state store`, () => {
    let given: StoresUnderTest;
    let state: StateStore;

    beforeEach(async () => {
      given = await make();
      state = given.stores.state;
    });
    afterEach(() => given.cleanup());

    const record = (
      version: number,
      json = '{"who":"Zoë – 東京 🧾"}',
      over: Partial<StateRecord> = {},
    ): StateRecord => ({
      scope: 'session#1',
      version,
      json,
      expiresAtMs: given.now() + 1_000,
      ...over,
    });

    test('a record is loaded as it was committed, and is nowhere else', async () => {
      expect(await state.load('session#1')).toBeUndefined();
      expect(await state.commit(record(1))).toBe('committed');
      expect(await state.load('session#1')).toEqual(record(1));
      expect(await state.load('session#2')).toBeUndefined();
    });

    test('only the version that follows the stored one is committed', async () => {
      expect(await state.commit(record(2))).toBe('conflict');
      expect(await state.commit(record(1, '1'))).toBe('committed');
      expect(await state.commit(record(1, '2'))).toBe('conflict');
      expect(await state.commit(record(3, '3'))).toBe('conflict');
      expect((await state.load('session#1'))?.json).toBe('1');
      expect(await state.commit(record(2, '4'))).toBe('committed');
      expect((await state.load('session#1'))?.json).toBe('4');
    });

    test('of eight commits of one version exactly one wins', async () => {
      for (const version of [1, 2]) {
        const all = await Promise.all(Array.from({ length: 8 }, (_, i) => state.commit(record(version, `${i}`))));
        expect(all.filter(outcome => outcome === 'committed')).toHaveLength(1);
        expect((await state.load('session#1'))?.json).toBe(`${all.indexOf('committed')}`);
      }
    });

    test('an expired record is absent, takes no commit, and its scope begins anew', async () => {
      await state.commit(record(1));
      given.advance(1_000);
      expect(await state.load('session#1')).toBeUndefined();
      expect(await state.commit(record(2))).toBe('conflict');
      expect(await state.commit(record(1, '7'))).toBe('committed');
      expect((await state.load('session#1'))?.json).toBe('7');
    });

    test('a removed record is gone, and removing what is not there is fine', async () => {
      await state.remove('session#1');
      await state.commit(record(1));
      await state.commit(record(1, '{}', { scope: 'session#2' }));
      await state.remove('session#1');
      expect(await state.load('session#1')).toBeUndefined();
      expect((await state.load('session#2'))?.json).toBe('{}');
      expect(await state.commit(record(1, '8'))).toBe('committed');
    });

    test('a record may be large', async () => {
      const json = JSON.stringify('€'.repeat(300_000));
      await state.commit(record(1, json));
      expect((await state.load('session#1'))?.json).toBe(json);
    });
  });
}
