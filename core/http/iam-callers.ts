/**
 * Callers whom AWS has verified: behind a Function URL of the type `AWS_IAM`, the caller's ARN is the principal.
 *
 * The ARN comes from whoever made the `Request`, beside it and not in it, since anything inside could be written by a client.
 * So nothing here reads a header.
 */
import type { Authenticator } from './authenticator.ts';
import { principalIdOf } from './principal-id.ts';

/** The ARN that is known of a request by other means than its headers; `undefined` for none. */
export type CallerArn = (request: Request) => string | undefined;

export const iamCallers =
  (callerArn: CallerArn): Authenticator =>
  async request => {
    const arn = callerArn(request);
    if (arn !== undefined && arn !== '') return { principal: { id: principalIdOf('iam', arn) } };
    return {
      rejected:
        'Sign the request with AWS credentials (SigV4); this endpoint must be a Function URL of the type AWS_IAM.',
      challenge: 'AWS4-HMAC-SHA256',
    };
  };
