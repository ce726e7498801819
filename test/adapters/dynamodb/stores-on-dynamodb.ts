/** The DynamoDB stores on a table of their own, with a clock that the test moves. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { dynamodbStores } from '../../../core/adapters/dynamodb/stores.ts';
import type { Seal } from '../../../core/ports/seal.ts';
import type { Stores } from '../../../core/ports/stores.ts';
import type { StoresUnderTest } from '../../contracts/stores-under-test.ts';
import { handClock } from '../../contracts/stores-under-test.ts';
import { freshTable } from '../../support/dynamodb/clients.ts';

export interface TableUnderTest extends StoresUnderTest {
  readonly table: string;
  /** What another process would have: the same table, and nothing remembered. */
  open(client?: DynamoDBClient): Stores;
}

/** `maker` makes the table, where `client` is to meet with mishaps only afterwards. */
export async function makeOnDynamodb(
  client: DynamoDBClient,
  seal?: Seal,
  maker = client,
  listed = false,
): Promise<TableUnderTest> {
  const clock = handClock();
  const table = await freshTable(maker);
  const open = (other = client): Stores =>
    dynamodbStores({ listed, client: other, table, environment: clock, ...(seal === undefined ? {} : { seal }) });
  const stores = open();
  return { stores, table, open, ...clock, cleanup: () => stores.close() };
}
