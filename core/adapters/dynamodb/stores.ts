/**
 * The stores in DynamoDB: one table that any number of processes share. Every transition is one conditional write to one item; a
 * write has been replicated when its promise resolves. Region, credentials and endpoint come from the environment as the AWS SDK
 * reads them, `AWS_ENDPOINT_URL_DYNAMODB` included. Layout: `docs/dynamodb.md`.
 */
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LIMITS } from '../../base/limits.ts';
import type { Environment } from '../../ports/environment.ts';
import type { Seal } from '../../ports/seal.ts';
import type { Stores } from '../../ports/stores.ts';
import { dynamodbAuditLog } from './audit-log.ts';
import { Bodies } from './bodies.ts';
import { DynamodbEventLog } from './event-log.ts';
import { dynamodbExchangeStore } from './exchange-store.ts';
import { Records } from './records.ts';
import { dynamodbRoundGuard } from './round-guard.ts';
import { dynamodbSessionStore } from './session-store.ts';
import { dynamodbStateStore } from './state-store.ts';
import { Table } from './table.ts';

export interface DynamodbStoresOptions {
  readonly table: string;
  readonly environment: Pick<Environment, 'now'>;
  /** A client of the caller, who also closes it. Without one, a client is made from `config` and the environment. */
  readonly client?: DynamoDBClient;
  readonly config?: DynamoDBClientConfig;
  /** Whether sessions can be listed by principal, for one more write when a session is opened. Default: no. */
  readonly listed?: boolean;
  /** Seals what clients, programs and people say before it leaves this process. */
  readonly seal?: Seal;
}

export function dynamodbStores(options: DynamodbStoresOptions): Stores {
  const now = (): number => options.environment.now();
  const client = options.client ?? dynamodbClient(options.config);
  const table = new Table(client, options.table);
  const bodies = new Bodies(table, options.seal);
  const records = new Records(table, bodies, now);
  const events = new DynamodbEventLog(table, bodies, now);
  return {
    sessions: dynamodbSessionStore(table, records, options.listed ?? false),
    exchanges: dynamodbExchangeStore(table, records, events, now),
    events,
    rounds: dynamodbRoundGuard(table, bodies, now),
    state: dynamodbStateStore(table, records),
    audit: dynamodbAuditLog(table, bodies, now),
    // Nobody owns a shared store: a lease lapses by time alone.
    mayBeAlive: () => true,
    async close() {
      events.close();
      if (options.client === undefined) client.destroy();
    },
  };
}

/** A client that gives up on a connection that hangs, so that the SDK's retries get their turn. */
export const dynamodbClient = (config: DynamoDBClientConfig = {}): DynamoDBClient =>
  new DynamoDBClient({
    requestHandler: {
      connectionTimeout: LIMITS.storeConnectMsMax,
      requestTimeout: LIMITS.storeRequestMsMax,
      throwOnRequestTimeout: true,
    },
    ...config,
  });
