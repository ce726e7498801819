/**
 * The bucket that holds the files of sessions, where a program keeps any: private, encrypted, reached over TLS alone. What ended is not
 * looked for; every object goes when no session can be so old any more, since one that is still needed was written in its lifetime.
 */
import type { Statement } from './functions.ts';

/** A day more than the longest lifetime of a session (`lifetimeMsMax` in `core/base/limits.ts`). */
export const EXPIRES_IN = '15 days';

export const newBucket = (isKept: boolean) =>
  new sst.aws.Bucket('Workspaces', {
    lifecycle: [{ id: 'ended', expiresIn: EXPIRES_IN }],
    transform: { bucket: { forceDestroy: !isKept } },
  });

/** Exactly the requests that the store makes. Without the right to list, S3 says of what is absent that it is forbidden. */
export const onBucket = (arn: $util.Output<string>): Statement[] => [
  { actions: ['s3:ListBucket'], resources: [arn] },
  { actions: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], resources: [$interpolate`${arn}/*`] },
];
