import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import { newKeyRing } from '../../../core/adapters/crypto/key-ring.ts';
import { aesSeal } from '../../../core/adapters/crypto/seal.ts';
import { describeEventLogContract } from '../../contracts/event-log.contract.ts';
import { describeExchangeStoreContract } from '../../contracts/exchange-store.contract.ts';
import { describeRoundGuardContract } from '../../contracts/round-guard.contract.ts';
import { describeSessionStoreContract } from '../../contracts/session-store.contract.ts';
import { clientOf } from '../../support/dynamodb/clients.ts';
import type { Emulator } from '../../support/dynamodb/emulator.ts';
import { startEmulator } from '../../support/dynamodb/emulator.ts';
import { makeOnDynamodb } from './stores-on-dynamodb.ts';

let emulator: Emulator;
let client: DynamoDBClient;

beforeAll(async () => {
  emulator = await startEmulator();
  client = clientOf(emulator.endpoint);
});
afterAll(async () => {
  client.destroy();
  await emulator.stop();
});

const seal = aesSeal({ keys: newKeyRing() });

for (const [name, make] of [
  ['dynamodb', () => makeOnDynamodb(client)],
  ['dynamodb, sealed', () => makeOnDynamodb(client, seal)],
] as const) {
  describeSessionStoreContract(name, make);
  describeExchangeStoreContract(name, make);
  describeEventLogContract(name, make);
  describeRoundGuardContract(name, make);
}
