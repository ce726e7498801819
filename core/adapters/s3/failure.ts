/** What a failure of S3 means to the person who runs the store. The SDK has retried before anything comes here. */
import { Fault } from '../../base/errors.ts';

const DENIED = new Set(['AccessDenied', 'InvalidAccessKeyId', 'SignatureDoesNotMatch', 'ExpiredToken', 'InvalidToken']);

export const nameOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.name : '');

/** The fault for what the SDK threw about a bucket; what is no failure of the store is given back as it is. */
export function storeFault(thrown: unknown, bucket: string): unknown {
  if (thrown instanceof Fault || !(thrown instanceof Error)) return thrown;
  const { name, message } = thrown;
  const fault = (code: 'setting_invalid' | 'store_unavailable', words: string): Fault =>
    new Fault(code, words, { cause: thrown, detail: `${name}: ${message}` });
  if (name === 'NoSuchBucket') return fault('setting_invalid', missing(bucket));
  if (DENIED.has(name)) return fault('setting_invalid', denied(bucket, name));
  if (name === 'CredentialsProviderError') return fault('setting_invalid', NO_CREDENTIALS);
  if (/region is missing/i.test(message)) return fault('setting_invalid', NO_REGION);
  const status = statusOf(thrown);
  if (status === undefined || status >= 500 || status === 429) return fault('store_unavailable', unreachable(bucket));
  return thrown;
}

/** The HTTP status S3 answered with; `undefined` where there was no answer. */
function statusOf(thrown: Error): number | undefined {
  const { $metadata } = thrown as Error & { $metadata?: { httpStatusCode?: unknown } };
  return typeof $metadata?.httpStatusCode === 'number' ? $metadata.httpStatusCode : undefined;
}

const missing = (bucket: string): string =>
  `The bucket "${bucket}" does not exist. Deploy it, or name another one in FERMATA_WORKSPACE_BUCKET.`;

const denied = (bucket: string, name: string): string =>
  `S3 refused access to the bucket "${bucket}" (${name}). Give this process s3:GetObject, PutObject and DeleteObject on its ` +
  'objects and s3:ListBucket on the bucket, and see that its credentials are valid.';

const NO_CREDENTIALS =
  'There are no AWS credentials. Give the function a role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.';

const NO_REGION = 'There is no AWS region. Set AWS_REGION, for example AWS_REGION=eu-central-1.';

const unreachable = (bucket: string): string =>
  `S3 did not answer for the bucket "${bucket}", and repeating did not help. Try again in a moment; if it stays, check the ` +
  'region, the network and AWS_ENDPOINT_URL_S3.';
