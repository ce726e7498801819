/**
 * What a failure of DynamoDB means to the person who runs the store: the errors of the SDK, mapped to faults that say what to do.
 *
 * The SDK has retried before anything comes here. What is left is either for the operator (table, permission, credentials,
 * region), or an outage that passes, or a request of ours that DynamoDB refuses, which is a bug and stays as it is.
 */
import { Fault } from '../../base/errors.ts';

const DENIED = new Set([
  'AccessDeniedException',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'IncompleteSignatureException',
  'MissingAuthenticationTokenException',
  'ExpiredTokenException',
  'InvalidClientTokenId',
]);

const THROTTLED = new Set([
  'ThrottlingException',
  'ThrottledException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'TransactionConflictException',
  'TransactionCanceledException',
  'TransactionInProgressException',
  'LimitExceededException',
]);

/** The fault for what the SDK threw about a table; what is no failure of the store is given back as it is. */
export function storeFault(thrown: unknown, table: string): unknown {
  if (thrown instanceof Fault) return thrown;
  const { name, message } = thrown instanceof Error ? thrown : { name: 'Error', message: String(thrown) };
  const fault = (code: 'setting_invalid' | 'store_unavailable', words: string): Fault =>
    new Fault(code, words, { cause: thrown, detail: `${name}: ${message}` });
  if (name === 'ResourceNotFoundException') return fault('setting_invalid', missing(table));
  if (DENIED.has(name)) return fault('setting_invalid', denied(table, name));
  if (name === 'CredentialsProviderError') return fault('setting_invalid', NO_CREDENTIALS);
  if (/region is missing/i.test(message)) return fault('setting_invalid', NO_REGION);
  if (THROTTLED.has(name)) return fault('store_unavailable', busy(table));
  const status = statusOf(thrown);
  if (status === undefined || status >= 500) return fault('store_unavailable', unreachable(table));
  return thrown;
}

/** The HTTP status DynamoDB answered with; `undefined` where there was no answer. */
function statusOf(thrown: unknown): number | undefined {
  const { $metadata } = (thrown ?? {}) as { $metadata?: { httpStatusCode?: unknown } };
  return typeof $metadata?.httpStatusCode === 'number' ? $metadata.httpStatusCode : undefined;
}

const missing = (table: string): string =>
  `The DynamoDB table "${table}" does not exist in this account and region. Deploy it, or name another table; for ` +
  'development, createTable() makes one.';

const denied = (table: string, name: string): string =>
  `DynamoDB refused access to the table "${table}" (${name}). Give this process dynamodb:GetItem, Query, PutItem, UpdateItem ` +
  'and DeleteItem on the table, and see that its credentials are valid.';

const NO_CREDENTIALS =
  'There are no AWS credentials. Give the function a role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.';

const NO_REGION = 'There is no AWS region. Set AWS_REGION, for example AWS_REGION=eu-central-1.';

const busy = (table: string): string =>
  `DynamoDB throttles the table "${table}", and repeating did not help. Try again in a moment; if it stays, raise the table's throughput.`;

const unreachable = (table: string): string =>
  `DynamoDB did not answer for the table "${table}", and repeating did not help. Try again in a moment; if it stays, check ` +
  'the region, the network and AWS_ENDPOINT_URL_DYNAMODB.';
