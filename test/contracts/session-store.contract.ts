/** The contract of `SessionStore`: every store of sessions passes it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SessionStore } from '../../core/ports/session-store.ts';
import { keptUntilMs } from '../../core/session/session.ts';
import type { MakeStores, StoresUnderTest } from './stores-under-test.ts';
import { sampleSession } from './stores-under-test.ts';

export function describeSessionStoreContract(name: string, make: MakeStores): void {
  describe(`${name}: session store`, () => {
    let given: StoresUnderTest;
    let sessions: SessionStore;

    beforeEach(async () => {
      given = await make();
      sessions = given.stores.sessions;
    });
    afterEach(() => given.cleanup());

    test('a session that was created is loaded as it was, with either consistency', async () => {
      const session = sampleSession(given.now(), {
        logLevel: 'warning',
        roots: { roots: [{ uri: 'file:///home/ada', name: 'Ada’s' }] },
        kept: [{ call: 'digest', exchange: 'n7', untilMs: given.now() + 1 }],
      });
      expect(await sessions.create(session)).toBe('created');
      expect(await sessions.load(session.id)).toEqual(session);
      expect(await sessions.load(session.id, 'strong')).toEqual(session);
    });

    test('an unknown session is undefined', async () => {
      expect(await sessions.load('nobody')).toBeUndefined();
    });

    test('an id is given once: the second create changes nothing', async () => {
      const session = sampleSession(given.now());
      await sessions.create(session);
      expect(await sessions.create({ ...session, principal: 'mallory' })).toBe('exists');
      expect(await sessions.load(session.id)).toEqual(session);
    });

    test('of two creates at the same time one wins', async () => {
      const session = sampleSession(given.now());
      const outcomes = await Promise.all([
        sessions.create(session),
        sessions.create({ ...session, principal: 'mallory' }),
      ]);
      expect(outcomes.sort()).toEqual(['created', 'exists']);
    });

    test('a commit of the next version replaces the session', async () => {
      const session = sampleSession(given.now());
      await sessions.create(session);
      const next = { ...session, logLevel: 'debug', version: 2 } as const;
      expect(await sessions.commit(next)).toBe('committed');
      expect(await sessions.load(session.id, 'strong')).toEqual(next);
    });

    test('a session that was read is read anew once it was written', async () => {
      const session = sampleSession(given.now());
      await sessions.create(session);
      for (const version of [2, 3]) {
        await sessions.load(session.id);
        expect(await sessions.commit({ ...session, logLevel: 'debug', version })).toBe('committed');
        expect(await sessions.commit({ ...session, principal: 'mallory', version })).toBe('conflict');
        expect(await sessions.load(session.id, 'strong')).toEqual({ ...session, logLevel: 'debug', version });
      }
    });

    test.each([1, 3])('a commit of version %i over version 1 is a conflict and changes nothing', async version => {
      const session = sampleSession(given.now());
      await sessions.create(session);
      expect(await sessions.commit({ ...session, principal: 'mallory', version })).toBe('conflict');
      expect(await sessions.load(session.id, 'strong')).toEqual(session);
    });

    test('a commit to a session that is not there is a conflict and creates nothing', async () => {
      const session = sampleSession(given.now(), { version: 2 });
      expect(await sessions.commit(session)).toBe('conflict');
      expect(await sessions.load(session.id, 'strong')).toBeUndefined();
    });

    test('of eight commits of one version at the same time exactly one wins', async () => {
      const session = sampleSession(given.now());
      await sessions.create(session);
      const bids = Array.from({ length: 8 }, (_, i) => ({ ...session, principal: `bidder-${i}`, version: 2 }));
      const outcomes = await Promise.all(bids.map(bid => sessions.commit(bid)));
      expect(outcomes.filter(outcome => outcome === 'committed')).toHaveLength(1);
      expect(await sessions.load(session.id, 'strong')).toEqual(bids[outcomes.indexOf('committed')]);
    });

    test('what is stored is not the object that was given, nor the one that was loaded', async () => {
      const subscriptions = ['a://1'];
      await sessions.create(sampleSession(given.now(), { subscriptions }));
      subscriptions.push('a://2');
      const loaded = await sessions.load('session-1', 'strong');
      // It may be a copy, or frozen.
      Reflect.set(loaded ?? {}, 'principal', 'mallory');
      Reflect.set(loaded?.subscriptions ?? [], 0, 'a://2');
      expect(await sessions.load('session-1', 'strong')).toMatchObject({ principal: 'ada', subscriptions: ['a://1'] });
    });

    test('an ended session is still loaded, until it has been kept long enough', async () => {
      const session = sampleSession(given.now());
      await sessions.create(session);
      const stopped = { ...session, stoppedAtMs: given.now(), version: 2 };
      await sessions.commit(stopped);
      given.advance(keptUntilMs(stopped) - given.now() - 1);
      expect(await sessions.load(session.id, 'strong')).toEqual(stopped);
      given.advance(1);
      expect(await sessions.load(session.id, 'strong')).toBeUndefined();
    });

    test('sessions of a principal are listed in the order of their ids, page by page', async () => {
      for (const id of ['c', 'a', 'd', 'b']) await sessions.create(sampleSession(given.now(), { id }));
      await sessions.create(sampleSession(given.now(), { id: 'bb', principal: 'bob' }));
      const ids = async (query: Parameters<SessionStore['list']>[0]) => {
        const page = await sessions.list(query);
        return [page.sessions.map(session => session.id), page.next];
      };
      expect(await ids({ principal: 'ada', limit: 10 })).toEqual([['a', 'b', 'c', 'd'], undefined]);
      expect(await ids({ principal: 'ada', limit: 3 })).toEqual([['a', 'b', 'c'], 'c']);
      expect(await ids({ principal: 'ada', limit: 3, after: 'c' })).toEqual([['d'], undefined]);
      expect(await ids({ principal: 'nobody', limit: 3 })).toEqual([[], undefined]);
    });

    test('a list has ended sessions while they are kept, and no others', async () => {
      const session = sampleSession(given.now());
      await sessions.create(session);
      const stopped = { ...session, stoppedAtMs: given.now(), version: 2 };
      await sessions.commit(stopped);
      expect(await sessions.list({ principal: 'ada', limit: 1 })).toEqual({ sessions: [stopped] });
      given.advance(keptUntilMs(stopped) - given.now());
      expect(await sessions.list({ principal: 'ada', limit: 1 })).toEqual({ sessions: [] });
    });

    test('a session that is kept no more cannot be committed to, and its id is free', async () => {
      const session = sampleSession(given.now());
      await sessions.create(session);
      given.advance(keptUntilMs(session) - given.now());
      expect(await sessions.commit({ ...session, version: 2 })).toBe('conflict');
      expect(await sessions.create(sampleSession(given.now()))).toBe('created');
    });
  });
}
