/**
 * The table that holds sessions, exchanges and events: what `core/adapters/dynamodb/schema.ts` makes for development, with what
 * only production needs. The layout of its items is in `docs/dynamodb.md`.
 */

export const TABLE_KEYS = { hashKey: 'pk', rangeKey: 'sk' } as const;
export const TTL_ATTRIBUTE = 'ttl';

/** Exactly the calls that the stores make; transactions are covered by the actions they are made of. A runner makes all of them, too. */
export const TABLE_ACTIONS = [
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:UpdateItem',
  'dynamodb:DeleteItem',
  'dynamodb:Query',
];

/** On demand, with point-in-time recovery, which is what the component does by itself. */
export const newTable = (isKept: boolean) =>
  new sst.aws.Dynamo('State', {
    fields: { pk: 'string', sk: 'string' },
    primaryIndex: TABLE_KEYS,
    ttl: TTL_ATTRIBUTE,
    deletionProtection: isKept,
    transform: { table: { serverSideEncryption: { enabled: true } } },
  });
