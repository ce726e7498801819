/**
 * What the table is: two keys, a TTL attribute, on demand. The infrastructure deploys exactly this; development and tests make
 * it with `createTable`. Layout of the items: `docs/dynamodb.md`.
 */

import { setTimeout } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  CreateTableCommand,
  DescribeTableCommand,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { Fault } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import { storeFault } from './failure.ts';

export const PARTITION_KEY = 'pk';
export const SORT_KEY = 'sk';
/** Seconds since the epoch. */
export const TTL_ATTRIBUTE = 'ttl';

/** Makes the table if it is missing, and resolves when it can be used. For development and tests. */
export async function createTable(client: DynamoDBClient, table: string): Promise<void> {
  try {
    await make(client, table);
  } catch (thrown) {
    if (!(thrown instanceof ResourceInUseException)) throw storeFault(thrown, table);
    await untilActive(client, table);
  }
}

async function make(client: DynamoDBClient, table: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [PARTITION_KEY, SORT_KEY].map(name => ({ AttributeName: name, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: PARTITION_KEY, KeyType: 'HASH' },
        { AttributeName: SORT_KEY, KeyType: 'RANGE' },
      ],
    }),
  );
  await untilActive(client, table);
  await client.send(
    new UpdateTimeToLiveCommand({
      TableName: table,
      TimeToLiveSpecification: { AttributeName: TTL_ATTRIBUTE, Enabled: true },
    }),
  );
}

async function untilActive(client: DynamoDBClient, table: string): Promise<void> {
  for (const untilMs = performance.now() + LIMITS.tableCreationMsMax; performance.now() < untilMs; ) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
    if (Table?.TableStatus === 'ACTIVE') return;
    await setTimeout(LIMITS.tailPollMsMin);
  }
  throw new Fault('store_unavailable', `The DynamoDB table "${table}" is still being made. Try again in a minute.`);
}
