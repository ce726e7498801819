/** What a stream costs, and that no two packs ever overlap, whoever writes where at the same time. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LoggedEvent } from '../../../core/session/outbox.ts';
import { clientOf } from '../../support/dynamodb/clients.ts';
import type { Emulator } from '../../support/dynamodb/emulator.ts';
import { startEmulator } from '../../support/dynamodb/emulator.ts';
import type { FaultProxy } from '../../support/dynamodb/fault-proxy.ts';
import { startFaultProxy } from '../../support/dynamodb/fault-proxy.ts';
import fc from '../../support/fast-check.ts';
import type { TableUnderTest } from './stores-on-dynamodb.ts';
import { makeOnDynamodb } from './stores-on-dynamodb.ts';

const STREAM = { session: 'session-1', stream: 'n7' };

let emulator: Emulator;
let proxy: FaultProxy;
let client: DynamoDBClient;
let given: TableUnderTest;
let far: { expiresAtMs: number };

beforeAll(async () => {
  emulator = await startEmulator();
  proxy = await startFaultProxy(emulator.endpoint);
  client = clientOf(proxy.endpoint);
});
afterAll(async () => {
  client.destroy();
  await proxy.stop();
  await emulator.stop();
});
beforeEach(async () => {
  given = await makeOnDynamodb(client);
  far = { expiresAtMs: given.now() + 1_000_000 };
});
afterEach(() => given.cleanup());

/** The operations that some work takes. */
async function operations(work: () => Promise<unknown>): Promise<string[]> {
  const before = proxy.asked.length;
  await work();
  return proxy.asked.slice(before).map(asked => asked.operation);
}

const named = (name: string): LoggedEvent => ({ message: { jsonrpc: '2.0', method: name } });

describe('an append', () => {
  test('is one write for whoever knows the tail: the first, and every one after an own append or a read', async () => {
    const { events } = given.stores;
    expect(await operations(() => events.append(STREAM, 1, [{}, {}], far))).toEqual(['PutItem']);
    expect(await operations(() => events.append(STREAM, 3, [{}], far))).toEqual(['PutItem']);
    const other = given.open().events;
    expect(await operations(() => other.read(STREAM, 0, 10))).toEqual(['Query']);
    expect(await operations(() => other.append(STREAM, 4, [{}], far))).toEqual(['PutItem']);
  });

  test('by a process that has not seen the stream takes a look first', async () => {
    await given.stores.events.append(STREAM, 1, [{}, {}], far);
    const other = given.open().events;
    expect(await operations(() => other.append(STREAM, 3, [{}], far))).toEqual(['Query', 'PutItem']);
    expect(await operations(() => other.append(STREAM, 2, [{}], far))).toEqual(['Query']);
  });

  test('ahead of the tail leaves room for what is still to come, and for nothing longer', async () => {
    const { events } = given.stores;
    await events.append(STREAM, 1, [named('a')], far);
    expect(await events.append(STREAM, 5, [named('e')], far)).toBe('appended');
    const knowing = given.open().events;
    await knowing.read(STREAM, 0, 1);
    expect(await knowing.append(STREAM, 2, [{}, {}, {}, {}], far)).toBe('conflict');
    expect(await knowing.append(STREAM, 3, [named('c')], far)).toBe('appended');
    expect(await knowing.append(STREAM, 2, [{}, {}], far)).toBe('conflict');
    expect(await knowing.append(STREAM, 2, [named('b')], far)).toBe('appended');
    expect(await knowing.append(STREAM, 4, [named('d')], far)).toBe('appended');
    const found = await given.open().events.read(STREAM, 0, 10);
    expect(found.map(({ sequence, message }) => [sequence, message && 'method' in message && message.method])).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
      [4, 'd'],
      [5, 'e'],
    ]);
  });

  test('law: of appends anywhere at the same time, by processes that know different things, those that succeed are what is read', async () => {
    const range = fc.record({ first: fc.integer({ min: 1, max: 10 }), count: fc.integer({ min: 1, max: 5 }) });
    let streams = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(range, { maxLength: 3 }), { minLength: 2, maxLength: 4 }), async plans => {
        const stream = { session: 'law', stream: `n${++streams}` };
        const expected = new Map<number, string>();
        const writer = async (ranges: readonly { first: number; count: number }[], w: number): Promise<void> => {
          const { events } = given.open();
          for (const [r, { first, count }] of ranges.entries()) {
            const burst = Array.from({ length: count }, (_, i) => named(`${w}.${r}.${i}`));
            if ((await events.append(stream, first, burst, far)) === 'conflict') continue;
            for (let i = 0; i < count; i++) {
              expect(expected.has(first + i)).toBe(false);
              expected.set(first + i, `${w}.${r}.${i}`);
            }
          }
        };
        await Promise.all(plans.map(writer));
        const read = await given.open().events.read(stream, 0, 100);
        expect(
          read.map(({ sequence, message }) => [sequence, message && 'method' in message && message.method]),
        ).toEqual([...expected].sort(([a], [b]) => a - b));
      }),
      { numRuns: 30 },
    );
  });
});

describe('a read', () => {
  test('that begins within a pack finds the rest of it', async () => {
    await given.stores.events.append(STREAM, 1, [named('a'), named('b'), named('c')], far);
    await given.stores.events.append(STREAM, 4, [named('d')], far);
    const other = given.open().events;
    expect((await other.read(STREAM, 2, 10)).map(event => event.sequence)).toEqual([3, 4]);
    expect((await other.read(STREAM, 3, 10)).map(event => event.sequence)).toEqual([4]);
    expect((await given.open().events.read(STREAM, 1, 1)).map(event => event.sequence)).toEqual([2]);
  });

  test('reaches over pages: what DynamoDB gives at a time is 1 MB', async () => {
    const { events } = given.stores;
    const noise = Array.from({ length: 8 }, () => Array.from({ length: 200_000 }, () => Math.random().toString(36)[2]));
    for (const [index, text] of noise.entries()) await events.append(STREAM, index + 1, [named(text.join(''))], far);
    expect((await given.open().events.read(STREAM, 0, 100)).map(event => event.message)).toEqual(
      noise.map(text => named(text.join('')).message),
    );
  });
});

describe('a reader that waits', () => {
  const idle = new AbortController().signal;

  test('is woken by another process long before its patience ends, and by its own, which need not look', async () => {
    const reader = given.open().events;
    const before = performance.now();
    const changed = reader.changed(STREAM, 0, idle, 100_000);
    await given.stores.events.append(STREAM, 1, [{}], far);
    await changed;
    expect(performance.now() - before).toBeLessThan(50_000);
    const { events } = given.stores;
    const woken = events.changed(STREAM, 1, idle, 100_000);
    await events.append(STREAM, 2, [{}], far);
    await woken;
    expect(await operations(() => events.changed(STREAM, 1, idle, 100_000))).toEqual([]);
  });

  test('looks less and less often, and then leaves the looking to whoever waits', async () => {
    const reader = given.open().events;
    const looks = [];
    do looks.push((await operations(() => reader.changed(STREAM, 0, idle, 1000))).length);
    while (looks.at(-1) !== 0 && looks.length < 6);
    expect(looks.at(-1)).toBe(0);
    // The pauses are 50, 100, 200, 400 and 800 ms: what one wait had no time for is left to the next.
    const total = looks.reduce((sum, count) => sum + count, 0);
    expect(total).toBeGreaterThan(0);
    expect(total).toBeLessThanOrEqual(5);
  });
});
