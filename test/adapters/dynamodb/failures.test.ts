/** What the person who runs the store is told when DynamoDB cannot be used. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createTable } from '../../../core/adapters/dynamodb/schema.ts';
import { dynamodbStores } from '../../../core/adapters/dynamodb/stores.ts';
import { sampleSession } from '../../contracts/stores-under-test.ts';
import { clientOf, LOCAL } from '../../support/dynamodb/clients.ts';
import type { Emulator } from '../../support/dynamodb/emulator.ts';
import { startEmulator } from '../../support/dynamodb/emulator.ts';
import type { FaultProxy, Mishap } from '../../support/dynamodb/fault-proxy.ts';
import { startFaultProxy } from '../../support/dynamodb/fault-proxy.ts';

let emulator: Emulator;
let proxy: FaultProxy;

beforeAll(async () => {
  emulator = await startEmulator();
  proxy = await startFaultProxy(emulator.endpoint);
  const client = clientOf(emulator.endpoint);
  await createTable(client, 'table');
  client.destroy();
});
afterAll(async () => {
  await proxy.stop();
  await emulator.stop();
});
afterEach(() => {
  vi.unstubAllEnvs();
  proxy.plan = () => undefined;
});

/** One attempt only: how the SDK repeats is not the matter here. */
const stores = (config: ConstructorParameters<typeof DynamoDBClient>[0], table = 'table') =>
  dynamodbStores({ table, environment: { now: Date.now }, config: { ...LOCAL, maxAttempts: 1, ...config } });

const loading = async (...args: Parameters<typeof stores>): Promise<unknown> => {
  const opened = stores(...args);
  return opened.sessions
    .load('nobody')
    .catch((thrown: unknown) => thrown)
    .finally(() => opened.close());
};

describe('a fault says what to do', () => {
  test('about a table that is not there', async () => {
    expect(await loading({ endpoint: emulator.endpoint }, 'missing')).toMatchObject({
      code: 'setting_invalid',
      message:
        'The DynamoDB table "missing" does not exist in this account and region. Deploy it, or name another table; for ' +
        'development, createTable() makes one.',
    });
  });

  test.each<[Mishap, string, RegExp]>([
    ['throttled', 'store_unavailable', /throttles the table "table".*Try again/],
    ['failed', 'store_unavailable', /did not answer.*Try again/],
    ['cut', 'store_unavailable', /did not answer.*AWS_ENDPOINT_URL_DYNAMODB/],
    ['denied', 'setting_invalid', /refused access to the table "table" \(AccessDeniedException\).*dynamodb:GetItem/],
  ])('about a request that was %s', async (mishap, code, message) => {
    proxy.plan = () => mishap;
    const fault = await loading({ endpoint: proxy.endpoint });
    expect(fault).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('about a store that nobody listens for', async () => {
    const fault = await loading({ endpoint: 'http://127.0.0.1:1' });
    expect(fault).toMatchObject({ code: 'store_unavailable', detail: expect.stringContaining('ECONNREFUSED') });
  });

  test('about a store that takes too long', async () => {
    proxy.plan = () => 300;
    const requestHandler = { requestTimeout: 50, throwOnRequestTimeout: true };
    expect(await loading({ endpoint: proxy.endpoint, requestHandler })).toMatchObject({ code: 'store_unavailable' });
  });

  test('about credentials and a region that were not given', async () => {
    const none = async () => {
      throw Object.assign(new Error('Could not load credentials'), { name: 'CredentialsProviderError' });
    };
    expect(await loading({ endpoint: emulator.endpoint, credentials: none })).toMatchObject({
      code: 'setting_invalid',
      message: expect.stringContaining('AWS_ACCESS_KEY_ID'),
    });
    const nowhere = async () => {
      throw new Error('Region is missing');
    };
    expect(await loading({ region: nowhere })).toMatchObject({
      code: 'setting_invalid',
      message: expect.stringContaining('AWS_REGION=eu-central-1'),
    });
  });
});

describe('the environment', () => {
  test('says where DynamoDB is and who we are, when nothing else does', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', emulator.endpoint);
    vi.stubEnv('AWS_REGION', 'eu-central-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
    const opened = dynamodbStores({ table: 'table', environment: { now: Date.now } });
    expect(await opened.sessions.create(sampleSession(Date.now()))).toBe('created');
    await opened.close();
  });

  test('of a caller’s client is left open', async () => {
    const client = clientOf(emulator.endpoint);
    await dynamodbStores({ table: 'table', environment: { now: Date.now }, client }).close();
    const again = dynamodbStores({ table: 'table', environment: { now: Date.now }, client });
    expect(await again.sessions.load('nobody')).toBeUndefined();
    client.destroy();
  });
});
