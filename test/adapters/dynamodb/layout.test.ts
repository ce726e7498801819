/** How records lie in the table, and that nobody who reads it learns what was said. */
import { deflateRawSync } from 'node:zlib';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteItemCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newKeyRing } from '../../../core/adapters/crypto/key-ring.ts';
import { aesSeal } from '../../../core/adapters/crypto/seal.ts';
import { unpacked } from '../../../core/adapters/dynamodb/packing.ts';
import { createTable } from '../../../core/adapters/dynamodb/schema.ts';
import { dynamodbStores } from '../../../core/adapters/dynamodb/stores.ts';
import type { Exchange } from '../../../core/session/exchange.ts';
import { sampleExchange, sampleSession } from '../../contracts/stores-under-test.ts';
import { clientOf } from '../../support/dynamodb/clients.ts';
import type { Emulator } from '../../support/dynamodb/emulator.ts';
import { startEmulator } from '../../support/dynamodb/emulator.ts';
import type { TableUnderTest } from './stores-on-dynamodb.ts';
import { makeOnDynamodb } from './stores-on-dynamodb.ts';

const STREAM = { session: 'session-1', stream: 'n7' };
const SEAL = aesSeal({ keys: newKeyRing() });

let emulator: Emulator;
let client: DynamoDBClient;
let given: TableUnderTest;

beforeAll(async () => {
  emulator = await startEmulator();
  client = clientOf(emulator.endpoint);
});
afterAll(async () => {
  client.destroy();
  await emulator.stop();
});
beforeEach(async () => {
  given = await makeOnDynamodb(client);
});
afterEach(() => given.cleanup());

type Row = Record<string, AttributeValue>;

async function rows(table = given.table): Promise<Row[]> {
  const found: Row[] = [];
  let start: Row | undefined;
  do {
    const page = await client.send(new ScanCommand({ TableName: table, ...(start && { ExclusiveStartKey: start }) }));
    found.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return found.sort((a, b) => `${a.pk?.S} ${a.sk?.S}`.localeCompare(`${b.pk?.S} ${b.sk?.S}`));
}

/** Text that does not pack. */
const noise = (length: number): string =>
  Array.from({ length }, () => String.fromCharCode(0x4e00 + Math.floor(Math.random() * 20_000))).join('');

const carrying = (words: string, over: Partial<Exchange> = {}): Exchange =>
  sampleExchange(given.now(), { response: { result: { content: [{ type: 'text', text: words }] } }, ...over });

describe('the table', () => {
  test('has two keys, is on demand and has its TTL on a number of seconds', async () => {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: given.table }));
    expect(Table?.KeySchema).toEqual([
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ]);
    expect(Table?.BillingModeSummary?.BillingMode).toBe('PAY_PER_REQUEST');
    const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName: given.table }));
    expect(TimeToLiveDescription).toMatchObject({ AttributeName: 'ttl', TimeToLiveStatus: 'ENABLED' });
    await createTable(client, given.table);
  });

  test('holds each record under its address, with what conditions need beside the body', async () => {
    const { sessions, exchanges, events, rounds } = given.stores;
    const session = sampleSession(given.now());
    const { lease: _, ...exchange } = sampleExchange(given.now(), {
      request: { jsonrpc: '2.0', id: 7, method: 'ping' },
    });
    await sessions.create(session);
    await exchanges.create(exchange);
    await events.append(STREAM, 1, [{}, { last: true }], { expiresAtMs: given.now() + 1 });
    await rounds.claim('nonce', 'holder', given.now(), given.now() + 5, given.now() + 1_500);
    const writer = { S: expect.stringMatching(/^[\w-]{16}$/) };
    expect(await rows()).toEqual([
      {
        pk: { S: 'round#nonce' },
        sk: { S: 'round' },
        holder: { S: 'holder' },
        until: { N: '1772366400005' },
        expires: { N: '1772366401500' },
        ttl: { N: '1772366402' },
        writer,
      },
      {
        pk: { S: 'session#session-1' },
        sk: { S: 'exchange#n7' },
        version: { N: '1' },
        phase: { S: 'calling' },
        questions: { N: '0' },
        eventBytes: { N: '0' },
        expires: { N: '1772370000000' },
        ttl: { N: '1772370000' },
        writer,
        form: { S: 'json' },
        body: { S: JSON.stringify(exchange) },
      },
      {
        pk: { S: 'session#session-1' },
        sk: { S: 'session' },
        version: { N: '1' },
        expires: { N: '1772398800000' },
        ttl: { N: '1772398800' },
        writer,
        form: { S: 'json' },
        body: { S: JSON.stringify(session) },
      },
      {
        pk: { S: 'stream#session-1#n7' },
        sk: { S: 'event#000000000001' },
        last: { N: '2' },
        expires: { N: '1772366400001' },
        ttl: { N: '1772366401' },
        writer,
        form: { S: 'json' },
        body: { S: '[{},{"last":true}]' },
      },
    ]);
  });

  test('takes ids as long as clients make them', async () => {
    const id = `s${'x'.repeat(1_023)}`;
    const exchange = sampleExchange(given.now(), { id });
    expect(await given.stores.exchanges.create(exchange)).toEqual({ kind: 'created' });
    expect(await given.stores.exchanges.load('session-1', id)).toEqual(exchange);
    expect(await given.stores.exchanges.unsettled('session-1')).toEqual([exchange]);
    expect(await given.stores.sessions.load('y'.repeat(5_000))).toBeUndefined();
  });

  test('may lose an item to TTL at any time after its moment: nothing is seen to change', async () => {
    const stream = { ...STREAM, stream: 'n8' };
    await given.stores.exchanges.create(sampleExchange(given.now(), { id: 'n8', expiresAtMs: given.now() + 10 }));
    await given.stores.events.append(stream, 1, [{}], { expiresAtMs: given.now() + 10_000 });
    given.advance(10);
    expect(await given.stores.exchanges.load('session-1', 'n8')).toBeUndefined();
    const key = { pk: { S: 'session#session-1' }, sk: { S: 'exchange#n8' } };
    await client.send(new DeleteItemCommand({ TableName: given.table, Key: key }));
    expect(await given.stores.exchanges.load('session-1', 'n8')).toBeUndefined();
    expect(await given.stores.exchanges.create(sampleExchange(given.now(), { id: 'n8' }))).toEqual({ kind: 'created' });
    expect(await given.stores.events.read(stream, 0, 10)).toEqual([]);
  });
});

describe('a record longer than an item', () => {
  test('is split into parts that go with it, and comes back whole', async () => {
    const exchange = carrying(noise(400_000));
    await given.stores.exchanges.create(exchange);
    expect(await given.open().exchanges.load('session-1', 'n7')).toEqual(exchange);
    const [part, ...others] = await rows();
    const item = others.at(-1);
    expect(item).toMatchObject({ form: { S: 'parts' }, body: { N: String(others.length) }, ttl: { N: '1772370000' } });
    expect(part).toMatchObject({
      pk: { S: `part#${item?.writer?.S}` },
      sk: { S: 'part#0000' },
      ttl: { N: '1772370000' },
    });
    expect(others.length).toBeGreaterThan(2);
  });

  test('is committed by one conditional write: who loses leaves the winner’s record readable, as do later commits', async () => {
    const { exchanges } = given.stores;
    await exchanges.create(carrying('short'));
    const bids = [0, 1, 2].map(round => carrying(noise(250_000), { round, version: 2 }));
    const outcomes = await Promise.all(bids.map(bid => exchanges.commit(bid)));
    expect(outcomes.toSorted()).toEqual(['committed', 'conflict', 'conflict']);
    expect(await exchanges.load('session-1', 'n7')).toEqual(bids[outcomes.indexOf('committed')]);
    const next = carrying(noise(250_000), { version: 3 });
    expect(await exchanges.commit(next)).toBe('committed');
    expect(await exchanges.load('session-1', 'n7')).toEqual(next);
    const short = carrying('short', { version: 4 });
    expect(await exchanges.commit(short)).toBe('committed');
    expect(await exchanges.load('session-1', 'n7')).toEqual(short);
  });

  test('may be any record: a pack of events, an outcome of a round, a session', async () => {
    const sealed = dynamodbStores({ client, table: given.table, environment: given, seal: SEAL });
    const words = noise(300_000);
    const [t, far] = [given.now(), { expiresAtMs: given.now() + 1000 }];
    await sealed.events.append(STREAM, 1, [{ message: { jsonrpc: '2.0', method: words } }, { last: true }], far);
    expect(await sealed.events.read(STREAM, 0, 10)).toEqual([
      { sequence: 1, message: { jsonrpc: '2.0', method: words } },
      { sequence: 2, last: true },
    ]);
    await sealed.rounds.claim('nonce', 'one', t, t + 10, t + 100);
    await sealed.rounds.settle('nonce', 'one', words);
    expect(await sealed.rounds.claim('nonce', 'two', t, t + 10, t + 100)).toEqual({ kind: 'settled', outcome: words });
    const session = sampleSession(t, { subscriptions: [words] });
    await sealed.sessions.create(session);
    expect(await sealed.sessions.load(session.id)).toEqual(session);
  });

  test('is refused beyond the bound of a record', async () => {
    const far = { expiresAtMs: given.now() + 1000 };
    const huge = Array.from(
      { length: 9 },
      () => ({ message: { jsonrpc: '2.0', method: 'x'.repeat(16_000_000) } }) as const,
    );
    await expect(given.stores.events.append(STREAM, 1, huge, far)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await rows()).toEqual([]);
  });

  test('of which a part is missing is a fault that names it', async () => {
    await given.stores.exchanges.create(carrying(noise(400_000)));
    const [part] = await rows();
    const key = { pk: part?.pk ?? { S: '' }, sk: part?.sk ?? { S: '' } };
    await client.send(new DeleteItemCommand({ TableName: given.table, Key: key }));
    await expect(given.stores.exchanges.load('session-1', 'n7')).rejects.toMatchObject({
      code: 'store_corrupt',
      detail: expect.stringMatching(/session#session-1 exchange#n7.*are missing/),
    });
  });
});

test('a body that is not what was written is a fault, not a record', async () => {
  await given.stores.exchanges.create(carrying('words'.repeat(200)));
  const [row] = await rows();
  for (const body of [Buffer.from('garbage'), deflateRawSync('{"not": JSON')]) {
    await client.send(new PutItemCommand({ TableName: given.table, Item: { ...row, body: { B: body } } }));
    await expect(given.stores.exchanges.load('session-1', 'n7')).rejects.toMatchObject({ code: 'store_corrupt' });
  }
});

describe('a sealed table', () => {
  test('says nothing of what clients, programs and people say', async () => {
    const sealed = dynamodbStores({ client, table: given.table, environment: given, seal: SEAL });
    const secret = 'the-secret-word';
    const [t, far] = [given.now(), { expiresAtMs: given.now() + 1000 }];
    await sealed.sessions.create(sampleSession(t, { clientInfo: { name: secret, version: '1' }, principal: secret }));
    await sealed.exchanges.create(carrying(secret));
    await sealed.exchanges.commit(carrying(secret, { version: 2, answers: { q: { result: { action: secret } } } }));
    await sealed.exchanges.create(carrying(noise(400_000) + secret, { id: 'n8' }));
    await sealed.events.append(STREAM, 1, [{ message: { jsonrpc: '2.0', method: secret } }], far);
    await sealed.rounds.claim('nonce', 'one', t, t + 10, t + 100);
    await sealed.rounds.settle('nonce', 'one', secret);
    const found = await rows();
    expect(found.length).toBeGreaterThan(6);
    for (const { body, ...beside } of found) {
      const attributes = JSON.stringify(beside) + Buffer.from(body?.B ?? body?.N ?? '').toString('latin1');
      expect(attributes).not.toContain(secret);
      expect(body?.S).toBeUndefined();
    }
  });

  test('opens with any key of the ring, and with no other', async () => {
    const [before, after] = [newKeyRing(), newKeyRing()];
    const opened = (...keys: [typeof before, ...(typeof before)[]]) =>
      dynamodbStores({
        client,
        table: given.table,
        environment: given,
        seal: aesSeal({ keys: [keys[0][0], ...keys.slice(1).flat()] }),
      });
    await opened(before).exchanges.create(carrying('words'));
    expect(await opened(after, before).exchanges.load('session-1', 'n7')).toEqual(carrying('words'));
    await expect(opened(after).exchanges.load('session-1', 'n7')).rejects.toMatchObject({
      code: 'store_corrupt',
      detail: expect.stringContaining('FERMATA_KEYS'),
    });
    await expect(given.stores.exchanges.load('session-1', 'n7')).rejects.toMatchObject({
      code: 'store_corrupt',
      detail: expect.stringContaining('no keys were given'),
    });
  });

  test('notices a body that was put at another address', async () => {
    const sealed = dynamodbStores({ client, table: given.table, environment: given, seal: SEAL });
    await sealed.exchanges.create(carrying('words'));
    const [row] = await rows();
    await client.send(new PutItemCommand({ TableName: given.table, Item: { ...row, sk: { S: 'exchange#n8' } } }));
    await expect(sealed.exchanges.load('session-1', 'n8')).rejects.toMatchObject({ code: 'store_corrupt' });
  });

  test('reads what was written before it was sealed', async () => {
    await given.stores.sessions.create(sampleSession(given.now()));
    const sealed = dynamodbStores({ client, table: given.table, environment: given, seal: SEAL });
    expect(await sealed.sessions.load('session-1')).toEqual(sampleSession(given.now()));
  });
});

test('what was packed today is unpacked for ever', () => {
  const ofToday =
    'Q/YglKVrCPepOTmuNifa1YkpKWgOB2VmkEzU4T1FmckZCo8aJis8m7vxya41Ch/mL9+nhOp44lI6RuYH02BfIpUB5kbGZmYmxqCWA4HiAC3PQzRCmxxo2d/cyNjcwAAqhygJdMgt40HVVEomOMMnFlUqZBYrFCQWlSjkpymUZKQqgDJPYomewqiqUVXDSxW4VVELAA==';
  const { lease, ...rest } = sampleExchange(1_772_366_400_000);
  const words = 'The dictionary is part of the format. '.repeat(20);
  const exchange = { ...rest, lease, response: { result: { content: [{ type: 'text', text: words }] } } };
  expect(JSON.parse(unpacked(Buffer.from(ofToday, 'base64')))).toEqual(exchange);
});
