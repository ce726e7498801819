/** Lost acknowledgements: what was written by us is recognised, whoever has written since, and what was not is not taken for ours. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sampleExchange, sampleSession } from '../../contracts/stores-under-test.ts';
import { clientOf, stubbornClientOf } from '../../support/dynamodb/clients.ts';
import type { Emulator } from '../../support/dynamodb/emulator.ts';
import { startEmulator } from '../../support/dynamodb/emulator.ts';
import type { FaultProxy, Plan } from '../../support/dynamodb/fault-proxy.ts';
import { startFaultProxy } from '../../support/dynamodb/fault-proxy.ts';
import { once } from '../../support/dynamodb/mishaps.ts';
import type { TableUnderTest } from './stores-on-dynamodb.ts';
import { makeOnDynamodb } from './stores-on-dynamodb.ts';

const STREAM = { session: 'session-1', stream: 'n7' };
const NO_MISHAP: Plan = () => undefined;

let emulator: Emulator;
let proxy: FaultProxy;
let direct: DynamoDBClient;
let client: DynamoDBClient;
let given: TableUnderTest;

beforeAll(async () => {
  emulator = await startEmulator();
  proxy = await startFaultProxy(emulator.endpoint);
  direct = clientOf(emulator.endpoint);
  client = stubbornClientOf(proxy.endpoint);
});
afterAll(async () => {
  client.destroy();
  direct.destroy();
  await proxy.stop();
  await emulator.stop();
});
beforeEach(async () => {
  proxy.plan = NO_MISHAP;
  given = await makeOnDynamodb(client, undefined, direct);
});
afterEach(() => given.cleanup());

/** The first such request is done and not acknowledged; `meanwhile` happens before the SDK's repetition is let through. */
function unacknowledged(operation: string, meanwhile: () => Promise<void> = async () => {}): void {
  let times = 0;
  proxy.plan = async asked => {
    if (asked.operation !== operation) return undefined;
    times += 1;
    if (times === 1) return 'unacknowledged';
    if (times === 2) await meanwhile();
    return undefined;
  };
}

const repetitions = (operation: string): number => proxy.asked.filter(asked => asked.operation === operation).length;

describe('a write that stands but was not acknowledged', () => {
  test('is recognised when it is repeated, for every kind of write', async () => {
    const { sessions, exchanges, events, rounds } = given.stores;
    const [session, exchange] = [sampleSession(given.now()), sampleExchange(given.now())];
    const far = { expiresAtMs: given.now() + 1_000_000 };
    const t = given.now();

    unacknowledged('PutItem');
    expect(await sessions.create(session)).toBe('created');
    unacknowledged('UpdateItem');
    expect(await sessions.commit({ ...session, version: 2 })).toBe('committed');
    unacknowledged('PutItem');
    expect(await exchanges.create(exchange)).toEqual({ kind: 'created' });
    unacknowledged('UpdateItem');
    expect(await exchanges.commit({ ...exchange, version: 2 })).toBe('committed');
    unacknowledged('PutItem');
    expect(await events.append(STREAM, 1, [{}, {}], far)).toBe('appended');
    unacknowledged('TransactWriteItems');
    expect(await events.append(STREAM, 9, [{}], far)).toBe('appended');
    unacknowledged('PutItem');
    expect(await rounds.claim('nonce', 'one', t, t + 10, t + 100)).toEqual({ kind: 'claimed' });
    unacknowledged('UpdateItem');
    expect(await rounds.reclaim('nonce', 'two', t + 10, t + 20)).toBe(true);
    unacknowledged('UpdateItem');
    await rounds.settle('nonce', 'two', 'outcome');
    expect(await rounds.claim('nonce', 'three', t + 10, t + 20, t + 100)).toEqual({
      kind: 'settled',
      outcome: 'outcome',
    });
    expect((await events.read(STREAM, 0, 10)).map(event => event.sequence)).toEqual([1, 2, 9]);
  });

  test('is recognised though two others have committed since', async () => {
    const session = sampleSession(given.now());
    await given.stores.sessions.create(session);
    const other = given.open(direct);
    unacknowledged('UpdateItem', async () => {
      expect(await other.sessions.commit({ ...session, logLevel: 'error', version: 3 })).toBe('committed');
      expect(await other.sessions.commit({ ...session, logLevel: 'debug', version: 4 })).toBe('committed');
    });
    expect(await given.stores.sessions.commit({ ...session, logLevel: 'info', version: 2 })).toBe('committed');
    expect(await given.stores.sessions.load(session.id, 'strong')).toMatchObject({ logLevel: 'debug', version: 4 });
  });

  test('is recognised as a creation though its record has been committed to since', async () => {
    const exchange = sampleExchange(given.now());
    unacknowledged('PutItem', async () => {
      expect(await given.open(direct).exchanges.commit({ ...exchange, round: 2, version: 2 })).toBe('committed');
    });
    expect(await given.stores.exchanges.create(exchange)).toEqual({ kind: 'created' });
  });
});

describe('a write that does not stand', () => {
  test('is repeated when it was cut off, and loses to whoever wrote in between', async () => {
    const exchange = sampleExchange(given.now());
    await given.stores.exchanges.create(exchange);
    proxy.plan = once('UpdateItem', 'cut');
    expect(await given.stores.exchanges.commit({ ...exchange, version: 2 })).toBe('committed');

    let times = 0;
    proxy.plan = async ({ operation }) => {
      if (operation !== 'UpdateItem' || ++times > 1) return undefined;
      await given.open(direct).exchanges.commit({ ...exchange, round: 3, version: 3 });
      return 'cut';
    };
    expect(await given.stores.exchanges.commit({ ...exchange, round: 4, version: 3 })).toBe('conflict');
    expect(await given.stores.exchanges.load(exchange.session, exchange.id)).toMatchObject({ round: 3 });
  });

  test('is not taken for ours: equal events of another writer are a conflict', async () => {
    const far = { expiresAtMs: given.now() + 1000 };
    let times = 0;
    proxy.plan = async ({ operation }) => {
      if (operation !== 'PutItem' || ++times > 1) return undefined;
      await given.open(direct).events.append(STREAM, 1, [{}], far);
      return 'cut';
    };
    expect(await given.stores.events.append(STREAM, 1, [{}], far)).toBe('conflict');
    expect(await given.stores.events.read(STREAM, 0, 10)).toEqual([{ sequence: 1 }]);
  });
});

describe('the SDK as it is', () => {
  test('repeats what DynamoDB throttled, and what it lost, without help from us', async () => {
    const plain = clientOf(proxy.endpoint);
    const { sessions } = given.open(plain);
    const before = repetitions('PutItem');
    proxy.plan = once('PutItem', 'throttled');
    expect(await sessions.create(sampleSession(given.now()))).toBe('created');
    proxy.plan = once('PutItem', 'unacknowledged');
    expect(await sessions.create(sampleSession(given.now(), { id: 'session-2' }))).toBe('created');
    expect(repetitions('PutItem') - before).toBe(4);
    plain.destroy();
  });
});
