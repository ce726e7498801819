/** The contract of `EventLog`: every event log passes it. The laws at the end are properties. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EventLog, StreamAddress } from '../../core/ports/event-log.ts';
import type { LoggedEvent } from '../../core/session/outbox.ts';
import fc from '../support/fast-check.ts';
import type { MakeStores, StoresUnderTest } from './stores-under-test.ts';

const STREAM: StreamAddress = { session: 'session-1', stream: 'n7' };
const PATIENCE_MS = 20_000;

const event = (data: string | number): LoggedEvent => ({
  message: { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data } },
});

export function describeEventLogContract(name: string, make: MakeStores): void {
  describe(`${name}: event log`, () => {
    let given: StoresUnderTest;
    let events: EventLog;
    let far: { expiresAtMs: number };

    beforeEach(async () => {
      given = await make();
      events = given.stores.events;
      far = { expiresAtMs: given.now() + 1_000_000 };
    });
    afterEach(() => given.cleanup());

    test('what was appended is read in order, with its sequences', async () => {
      expect(await events.append(STREAM, 1, [event('a'), event('b')], far)).toBe('appended');
      expect(await events.append(STREAM, 3, [{ last: true }], far)).toBe('appended');
      expect(await events.read(STREAM, 0, 10)).toEqual([
        { sequence: 1, ...event('a') },
        { sequence: 2, ...event('b') },
        { sequence: 3, last: true },
      ]);
    });

    test('a read begins after a sequence and stops at its limit', async () => {
      await events.append(STREAM, 1, [1, 2, 3, 4, 5].map(event), far);
      expect((await events.read(STREAM, 2, 2)).map(found => found.sequence)).toEqual([3, 4]);
      expect(await events.read(STREAM, 5, 10)).toEqual([]);
      expect(await events.read(STREAM, 0, 0)).toEqual([]);
      expect(await events.read({ ...STREAM, stream: 'n8' }, 0, 10)).toEqual([]);
    });

    test('streams are apart: by session, and by id also where one is the beginning of the other', async () => {
      await events.append({ session: 's', stream: 'n7' }, 1, [event('a')], far);
      await events.append({ session: 's', stream: 'n7~2' }, 1, [event('b')], far);
      await events.append({ session: 't', stream: 'n7' }, 1, [event('c')], far);
      expect(await events.read({ session: 's', stream: 'n7' }, 0, 10)).toEqual([{ sequence: 1, ...event('a') }]);
      expect(await events.read({ session: 's', stream: 'n7~2' }, 0, 10)).toEqual([{ sequence: 1, ...event('b') }]);
      expect(await events.read({ session: 't', stream: 'n7' }, 0, 10)).toEqual([{ sequence: 1, ...event('c') }]);
    });

    test('an append that meets a taken place is a conflict and leaves nothing', async () => {
      await events.append(STREAM, 1, [event('a'), event('b')], far);
      expect(await events.append(STREAM, 2, [event('x'), event('y')], far)).toBe('conflict');
      expect(await events.append(STREAM, 1, [event('a'), event('b')], far)).toBe('conflict');
      expect(await events.read(STREAM, 0, 10)).toEqual([
        { sequence: 1, ...event('a') },
        { sequence: 2, ...event('b') },
      ]);
    });

    test('an append of nothing changes nothing', async () => {
      expect(await events.append(STREAM, 1, [], far)).toBe('appended');
      expect(await events.read(STREAM, 0, 10)).toEqual([]);
    });

    test('of writers at the same place at the same time exactly one wins', async () => {
      const bids = Array.from({ length: 8 }, (_, i) => [event(i), event(i)]);
      const outcomes = await Promise.all(bids.map(bid => events.append(STREAM, 1, bid, far)));
      expect(outcomes.filter(outcome => outcome === 'appended')).toHaveLength(1);
      const winner = event(outcomes.indexOf('appended'));
      expect(await events.read(STREAM, 0, 10)).toEqual([
        { sequence: 1, ...winner },
        { sequence: 2, ...winner },
      ]);
    });

    test('from its expiry on an event is absent and its place is free', async () => {
      await events.append(STREAM, 1, [event('old')], { expiresAtMs: given.now() + 10 });
      await events.append(STREAM, 2, [event('young')], { expiresAtMs: given.now() + 20 });
      given.advance(10);
      expect(await events.read(STREAM, 0, 10)).toEqual([{ sequence: 2, ...event('young') }]);
      expect(await events.append(STREAM, 1, [event('new'), event('x')], far)).toBe('conflict');
      expect(await events.append(STREAM, 1, [event('new')], far)).toBe('appended');
      expect((await events.read(STREAM, 0, 10))[0]).toEqual({ sequence: 1, ...event('new') });
    });

    test('what is stored is not the object that was given', async () => {
      const params = { level: 'info', data: 'a' };
      const given = { message: { jsonrpc: '2.0', method: 'notifications/message', params } } as const;
      await events.append(STREAM, 1, [given], far);
      params.data = 'changed';
      expect(await events.read(STREAM, 0, 1)).toEqual([{ sequence: 1, ...event('a') }]);
    });

    describe('changed', () => {
      const idle = new AbortController().signal;

      test('resolves at once when there are events already', async () => {
        await events.append(STREAM, 1, [event('a')], far);
        await events.changed(STREAM, 0, idle, PATIENCE_MS);
      });

      test('wakes every reader when an event is appended, who then can read it', async () => {
        const readers = [1, 2].map(async () => {
          await events.changed(STREAM, 0, idle, PATIENCE_MS);
          return events.read(STREAM, 0, 10);
        });
        await events.append(STREAM, 1, [event('a')], far);
        expect(await Promise.all(readers)).toEqual([
          [{ sequence: 1, ...event('a') }],
          [{ sequence: 1, ...event('a') }],
        ]);
      });

      test('is patient only so long', async () => {
        const before = performance.now();
        await events.changed(STREAM, 0, idle, 30);
        expect(performance.now() - before).toBeGreaterThan(25);
      });

      test('resolves when the signal is aborted, before or meanwhile', async () => {
        await events.changed(STREAM, 0, AbortSignal.abort(), PATIENCE_MS);
        const controller = new AbortController();
        const changed = events.changed(STREAM, 0, controller.signal, PATIENCE_MS);
        controller.abort();
        await changed;
      });

      test('resolves when the store is closed', async () => {
        const changed = events.changed(STREAM, 0, idle, PATIENCE_MS);
        await given.stores.close();
        await changed;
      });
    });

    const bursts = fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 4 })), {
      maxLength: 12,
    });
    let streams = 0;
    const freshStream = (): StreamAddress => ({ session: 'laws', stream: `n${++streams}` });

    test('law: an append is all or nothing, a conflict leaves nothing, and an event at a sequence never changes', async () => {
      await fc.assert(
        fc.asyncProperty(bursts, async appends => {
          const stream = freshStream();
          const model = new Map<number, LoggedEvent>();
          for (const [index, [first, count]] of appends.entries()) {
            const burst = Array.from({ length: count }, (_, i) => event(`${index}.${i}`));
            const free = burst.every((_, i) => !model.has(first + i));
            expect(await events.append(stream, first, burst, far)).toBe(free ? 'appended' : 'conflict');
            if (free) burst.forEach((logged, i) => void model.set(first + i, logged));
            const expected = [...model]
              .sort(([a], [b]) => a - b)
              .map(([sequence, logged]) => ({ sequence, ...logged }));
            expect(await events.read(stream, 0, 1000)).toEqual(expected);
          }
        }),
        { numRuns: 40 },
      );
    });

    test('law: writers that append after the last event they read leave no gap, and each event is there once', async () => {
      const writer = async (stream: StreamAddress, texts: readonly string[]): Promise<void> => {
        for (const text of texts) {
          let tail = 0;
          do tail = (await events.read(stream, tail, 1000)).at(-1)?.sequence ?? tail;
          while ((await events.append(stream, tail + 1, [event(text)], far)) === 'conflict');
          const readBack = await events.read(stream, 0, 1000);
          expect(readBack.map(found => JSON.stringify(found.message))).toContain(JSON.stringify(event(text).message));
        }
      };
      await fc.assert(
        fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }), async counts => {
          const stream = freshStream();
          const texts = counts.map((count, w) => Array.from({ length: count }, (_, i) => `${w}.${i}`));
          await Promise.all(texts.map(mine => writer(stream, mine)));
          const found = await events.read(stream, 0, 1000);
          expect(found.map(({ sequence }) => sequence)).toEqual(texts.flat().map((_, i) => i + 1));
          expect(new Set(found.map(({ message }) => JSON.stringify(message))).size).toBe(texts.flat().length);
        }),
        { numRuns: 25 },
      );
    });

    test('law: reading in pages of any size gives the same as reading at once', async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 1, max: 7 }), async (count, page) => {
          const stream = freshStream();
          await events.append(
            stream,
            1,
            Array.from({ length: count }, (_, i) => event(i)),
            far,
          );
          const paged = [];
          for (let read = await events.read(stream, 0, page); read.length > 0; ) {
            paged.push(...read);
            read = await events.read(stream, read.at(-1)?.sequence ?? 0, page);
          }
          expect(paged).toEqual(await events.read(stream, 0, 1000));
          expect(paged).toHaveLength(count);
        }),
        { numRuns: 25 },
      );
    });
  });
}
