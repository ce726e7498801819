import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import { describeAuditLogContract } from '../../contracts/audit-log.contract.ts';
import { describeEventLogContract } from '../../contracts/event-log.contract.ts';
import { describeExchangeStoreContract } from '../../contracts/exchange-store.contract.ts';
import { describeRoundGuardContract } from '../../contracts/round-guard.contract.ts';
import { describeSessionStoreContract } from '../../contracts/session-store.contract.ts';
import { describeStateStoreContract } from '../../contracts/state-store.contract.ts';
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

const make = () => makeOnDynamodb(client, undefined, client, true);
describeSessionStoreContract('dynamodb', make);
describeExchangeStoreContract('dynamodb', make);
describeEventLogContract('dynamodb', make);
describeRoundGuardContract('dynamodb', make);
describeStateStoreContract('dynamodb', make);
describeAuditLogContract('dynamodb', make);
