/** The contracts again, sealed, where every fifth request is throttled, fails, is cut off, or is done and never acknowledged. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import { newKeyRing } from '../../../core/adapters/crypto/key-ring.ts';
import { aesSeal } from '../../../core/adapters/crypto/seal.ts';
import { describeEventLogContract } from '../../contracts/event-log.contract.ts';
import { describeExchangeStoreContract } from '../../contracts/exchange-store.contract.ts';
import { describeRoundGuardContract } from '../../contracts/round-guard.contract.ts';
import { describeSessionStoreContract } from '../../contracts/session-store.contract.ts';
import { stubbornClientOf } from '../../support/dynamodb/clients.ts';
import type { Emulator } from '../../support/dynamodb/emulator.ts';
import { startEmulator } from '../../support/dynamodb/emulator.ts';
import type { FaultProxy } from '../../support/dynamodb/fault-proxy.ts';
import { startFaultProxy } from '../../support/dynamodb/fault-proxy.ts';
import { atRandom } from '../../support/dynamodb/mishaps.ts';
import { makeOnDynamodb } from './stores-on-dynamodb.ts';

const SEED = Number(process.env.FERMATA_TEST_SEED ?? 7);

let emulator: Emulator;
let proxy: FaultProxy;
let client: DynamoDBClient;

beforeAll(async () => {
  emulator = await startEmulator();
  proxy = await startFaultProxy(emulator.endpoint);
  proxy.plan = atRandom(SEED, 0.2);
  client = stubbornClientOf(proxy.endpoint);
});
afterAll(async () => {
  client.destroy();
  await proxy.stop();
  await emulator.stop();
});

const seal = aesSeal({ keys: newKeyRing() });
const name = `dynamodb with mishaps (seed ${SEED}), sealed`;
const make = () => makeOnDynamodb(client, seal, client, true);
describeSessionStoreContract(name, make);
describeExchangeStoreContract(name, make);
describeEventLogContract(name, make);
describeRoundGuardContract(name, make);
