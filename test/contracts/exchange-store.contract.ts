/** The contract of `ExchangeStore`: every store of exchanges passes it. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ExchangeStore } from '../../core/ports/exchange-store.ts';
import fc from '../support/fast-check.ts';
import type { MakeStores, StoresUnderTest } from './stores-under-test.ts';
import { sampleExchange } from './stores-under-test.ts';

export function describeExchangeStoreContract(name: string, make: MakeStores): void {
  describe(`${name}: exchange store`, () => {
    let given: StoresUnderTest;
    let exchanges: ExchangeStore;

    beforeEach(async () => {
      given = await make();
      exchanges = given.stores.exchanges;
    });
    afterEach(() => given.cleanup());

    test('an exchange that was created is loaded as it was', async () => {
      const exchange = sampleExchange(given.now(), {
        phase: 'waiting',
        requestState: 'opaque "state" \u0000 \u2028',
        asked: ['amount'],
        pending: {
          amount: {
            method: 'elicitation/create',
            params: { message: 'How much?', requestedSchema: { type: 'object', properties: {} } },
          },
        },
        askedAtMs: given.now(),
        progress: 0.5,
      });
      expect(await exchanges.create(exchange)).toEqual({ kind: 'created' });
      expect(await exchanges.load(exchange.session, exchange.id)).toEqual(exchange);
    });

    test('an unknown exchange is undefined', async () => {
      await exchanges.create(sampleExchange(given.now()));
      expect(await exchanges.load('session-1', 'n8')).toBeUndefined();
      expect(await exchanges.load('session-2', 'n7')).toBeUndefined();
    });

    test('a taken address gives back what is there and changes nothing', async () => {
      const exchange = sampleExchange(given.now());
      await exchanges.create(exchange);
      expect(await exchanges.create({ ...exchange, round: 9 })).toEqual({ kind: 'exists', exchange });
      expect(await exchanges.load('session-1', 'n7')).toEqual(exchange);
    });

    test('the same id in two sessions names two exchanges', async () => {
      const one = sampleExchange(given.now());
      const two = sampleExchange(given.now(), { session: 'session-2', round: 2 });
      expect(await exchanges.create(one)).toEqual({ kind: 'created' });
      expect(await exchanges.create(two)).toEqual({ kind: 'created' });
      expect(await exchanges.load('session-1', 'n7')).toEqual(one);
      expect(await exchanges.load('session-2', 'n7')).toEqual(two);
    });

    test('of two creates at the same time one wins, and the other is given the winner', async () => {
      const bids = [sampleExchange(given.now(), { round: 1 }), sampleExchange(given.now(), { round: 2 })];
      const outcomes = await Promise.all(bids.map(bid => exchanges.create(bid)));
      const winner = bids[outcomes.findIndex(outcome => outcome.kind === 'created')];
      expect(outcomes).toContainEqual({ kind: 'exists', exchange: winner });
      expect(outcomes).toContainEqual({ kind: 'created' });
    });

    test('a commit of the next version replaces the exchange', async () => {
      const exchange = sampleExchange(given.now());
      await exchanges.create(exchange);
      const { lease: _, ...rest } = exchange;
      const next = { ...rest, phase: 'settled', response: { result: { content: [] } }, version: 2 } as const;
      expect(await exchanges.commit(next)).toBe('committed');
      expect(await exchanges.load('session-1', 'n7')).toEqual(next);
    });

    test.each([1, 3])('a commit of version %i over version 1 is a conflict and changes nothing', async version => {
      const exchange = sampleExchange(given.now());
      await exchanges.create(exchange);
      expect(await exchanges.commit({ ...exchange, round: 9, version })).toBe('conflict');
      expect(await exchanges.load('session-1', 'n7')).toEqual(exchange);
    });

    test('a commit to an exchange that is not there is a conflict and creates nothing', async () => {
      expect(await exchanges.commit(sampleExchange(given.now(), { version: 2 }))).toBe('conflict');
      expect(await exchanges.load('session-1', 'n7')).toBeUndefined();
    });

    test('law: of any number of commits of one version at the same time exactly one wins, and it is what is stored', async () => {
      let id = 0;
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 4 }), async (bidders, turns) => {
          const exchange = sampleExchange(given.now(), { id: `n${++id}` });
          await exchanges.create(exchange);
          for (let version = 2; version < 2 + turns; version++) {
            const bids = Array.from({ length: bidders }, (_, i) => ({ ...exchange, generation: 100 + i, version }));
            const outcomes = await Promise.all(bids.map(bid => exchanges.commit(bid)));
            expect(outcomes.filter(outcome => outcome === 'committed')).toHaveLength(1);
            const stored = await exchanges.load('session-1', exchange.id);
            expect(stored).toEqual(bids[outcomes.indexOf('committed')]);
          }
        }),
        { numRuns: 30 },
      );
    });

    test('the unsettled exchanges of a session are those of that session that have not settled or expired', async () => {
      const nowMs = given.now();
      const waiting = sampleExchange(nowMs, { id: 'n1', phase: 'waiting' });
      const ready = sampleExchange(nowMs, { id: 'n2', phase: 'ready' });
      const calling = sampleExchange(nowMs, { id: 'n3' });
      const later = [
        sampleExchange(nowMs, { id: 'n4', phase: 'settled' }),
        sampleExchange(nowMs, { id: 'n5', expiresAtMs: nowMs + 10 }),
        sampleExchange(nowMs, { id: 'n6', session: 'session-2' }),
      ];
      for (const exchange of [waiting, ready, calling, ...later]) await exchanges.create(exchange);
      given.advance(10);
      const found = await exchanges.unsettled('session-1');
      expect([...found].sort((a, b) => a.id.localeCompare(b.id))).toEqual([waiting, ready, calling]);
      expect(await exchanges.unsettled('session-3')).toEqual([]);
    });

    test('the tasks of a session are listed in pages, settled ones too, each once', async () => {
      const nowMs = given.now();
      const ids = ['n1', 'n10', 'n2', 'sZmlyc3Q', 'n2~2'];
      const task = { id: 'x', era: 'legacy', principal: 'alice', ttlMs: 1 } as const;
      for (const id of ids) await exchanges.create(sampleExchange(nowMs, { id, task }));
      await exchanges.commit({ ...sampleExchange(nowMs, { id: 'n1', task }), phase: 'settled', version: 2 });
      await exchanges.create(sampleExchange(nowMs, { id: 'n3' }));
      await exchanges.create(sampleExchange(nowMs, { id: 'n4', task, expiresAtMs: nowMs + 10 }));
      await exchanges.create(sampleExchange(nowMs, { id: 'n5', task, session: 'session-2' }));
      given.advance(10);
      const found: string[] = [];
      for (;;) {
        const after = found.at(-1);
        const page = await exchanges.tasks('session-1', { limit: 2, ...(after === undefined ? {} : { after }) });
        found.push(...page.map(({ id }) => id));
        if (page.length < 2) break;
      }
      expect(found.toSorted()).toEqual(ids.toSorted());
      expect(await exchanges.tasks('session-3', { limit: 2 })).toEqual([]);
    });

    test('an exchange that settles is no longer among the unsettled', async () => {
      const exchange = sampleExchange(given.now());
      await exchanges.create(exchange);
      await exchanges.commit({ ...exchange, phase: 'settled', version: 2 });
      expect(await exchanges.unsettled('session-1')).toEqual([]);
    });

    test('a session weighs what its open calls, their unanswered questions and the event logs of all its calls weigh', async () => {
      const ask = {
        method: 'elicitation/create',
        params: { message: '?', requestedSchema: { type: 'object', properties: {} } },
      } as const;
      const asking = { pending: { a: ask, b: ask }, answers: { a: { result: {} } }, logBytes: 7 } as const;
      const nowMs = given.now();
      const all = [
        sampleExchange(nowMs, { id: 'n1', phase: 'waiting', ...asking }),
        sampleExchange(nowMs, { id: 'n2' }),
        sampleExchange(nowMs, { id: 'n3', phase: 'settled', ...asking, logBytes: 40 }),
        sampleExchange(nowMs, { id: 'n4', phase: 'waiting', ...asking, expiresAtMs: nowMs + 10 }),
        sampleExchange(nowMs, { id: 'n5', phase: 'waiting', ...asking, session: 'session-2' }),
      ];
      for (const exchange of all) await exchanges.create(exchange);
      given.advance(10);
      expect(await exchanges.weigh('session-1')).toEqual({ calls: 2, questions: 1, eventBytes: 47 });
      await exchanges.commit({ ...sampleExchange(nowMs, { id: 'n1', phase: 'settled', ...asking }), version: 2 });
      expect(await exchanges.weigh('session-1')).toEqual({ calls: 1, questions: 0, eventBytes: 47 });
      expect(await exchanges.weigh('session-3')).toEqual({ calls: 0, questions: 0, eventBytes: 0 });
    });

    test('from its expiry on an exchange is absent: not loaded, not committed to, its address free', async () => {
      const exchange = sampleExchange(given.now(), { expiresAtMs: given.now() + 10 });
      await exchanges.create(exchange);
      given.advance(9);
      expect(await exchanges.load('session-1', 'n7')).toEqual(exchange);
      given.advance(1);
      expect(await exchanges.load('session-1', 'n7')).toBeUndefined();
      expect(await exchanges.commit({ ...exchange, expiresAtMs: given.now() + 10, version: 2 })).toBe('conflict');
      const again = sampleExchange(given.now());
      expect(await exchanges.create(again)).toEqual({ kind: 'created' });
      expect(await exchanges.load('session-1', 'n7')).toEqual(again);
    });

    test('the stream of a new exchange is empty, whatever an expired one of the same address left there', async () => {
      const stream = { session: 'session-1', stream: 'n7' };
      const neighbour = { session: 'session-1', stream: 'n77' };
      const far = { expiresAtMs: given.now() + 1_000_000 };
      await exchanges.create(sampleExchange(given.now(), { expiresAtMs: given.now() + 10 }));
      await given.stores.events.append(stream, 1, [{}, { last: true }], far);
      await given.stores.events.append(neighbour, 1, [{}], far);
      given.advance(10);
      await exchanges.create(sampleExchange(given.now()));
      expect(await given.stores.events.read(stream, 0, 10)).toEqual([]);
      expect(await given.stores.events.read(neighbour, 0, 10)).toEqual([{ sequence: 1 }]);
      expect(await given.stores.events.append(stream, 1, [{}], far)).toBe('appended');
    });

    test('a create that finds its address taken leaves the stream alone', async () => {
      const stream = { session: 'session-1', stream: 'n7' };
      await exchanges.create(sampleExchange(given.now()));
      await given.stores.events.append(stream, 1, [{}], { expiresAtMs: given.now() + 1000 });
      await exchanges.create(sampleExchange(given.now()));
      expect(await given.stores.events.read(stream, 0, 10)).toEqual([{ sequence: 1 }]);
    });

    test('what is stored is not the object that was given', async () => {
      const asked = ['amount'];
      await exchanges.create(sampleExchange(given.now(), { asked }));
      asked.push('category');
      expect((await exchanges.load('session-1', 'n7'))?.asked).toEqual(['amount']);
    });
  });
}
