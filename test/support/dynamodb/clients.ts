/** Clients of the real SDK for a DynamoDB on loopback, and tables of their own for tests. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createTable } from '../../../core/adapters/dynamodb/schema.ts';
import { dynamodbClient } from '../../../core/adapters/dynamodb/stores.ts';

// On Node 20 the SDK says at every start that it will need a newer one; here that is noise.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

export const LOCAL = { region: 'eu-central-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };

export const clientOf = (endpoint: string): DynamoDBClient => dynamodbClient({ ...LOCAL, endpoint });

let tables = 0;

/** Makes a table that nobody else uses. */
export async function freshTable(client: DynamoDBClient): Promise<string> {
  const table = `fermata-${process.pid}-${++tables}`;
  await createTable(client, table);
  return table;
}

/**
 * A client that repeats what may pass as the SDK does, at once instead of after a pause and as often as it takes: for tests in
 * which every other request meets with a mishap.
 */
export function stubbornClientOf(endpoint: string): DynamoDBClient {
  const token = (count: number) => ({ getRetryCount: () => count, getRetryDelay: () => 0 });
  return new DynamoDBClient({
    ...LOCAL,
    endpoint,
    retryStrategy: {
      acquireInitialRetryToken: async () => token(0),
      refreshRetryTokenForRetry: async (before, { errorType }) => {
        if (errorType === 'CLIENT_ERROR' || before.getRetryCount() > 50) throw new Error('Not to be repeated.');
        return token(before.getRetryCount() + 1);
      },
      recordSuccess: () => {},
    },
  });
}
