/**
 * What Lambda's Node runtime gives to a function: the context of an invocation, and the global `awslambda` by which a handler
 * says that it streams. Only what is used here is described.
 */
import type { Writable } from 'node:stream';
import { Fault } from '../../base/errors.ts';

export interface LambdaContext {
  readonly awsRequestId: string;
  /** Whom the environment serves and will ever serve, where the function isolates tenants. */
  readonly tenantId?: string | undefined;
  getRemainingTimeInMillis(): number;
}

/** Where a streaming handler writes its response. */
export type ResponseStream = Writable;

/** Status and headers of a response, which go before its body. */
export interface Prelude {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
}

export type StreamingHandler = (event: unknown, stream: ResponseStream, context: LambdaContext) => Promise<void>;

/** An invocation's time is told by its context. */
export type BufferedHandler = (event: unknown, context: LambdaContext) => Promise<unknown>;

interface AwsLambda {
  streamifyResponse(handler: StreamingHandler): StreamingHandler;
  readonly HttpResponseStream: {
    /** The same stream, with the prelude in front of the first byte that is written to it. */
    from(stream: ResponseStream, prelude: Prelude): ResponseStream;
  };
}

const isAwsLambda = (value: unknown): value is AwsLambda =>
  typeof value === 'object' && value !== null && 'streamifyResponse' in value && 'HttpResponseStream' in value;

/** The global of the runtime. Throws `setting_invalid` where there is none: such a handler runs on Lambda only. */
export function awsLambda(): AwsLambda {
  const value: unknown = Reflect.get(globalThis, 'awslambda');
  if (isAwsLambda(value)) return value;
  throw new Fault(
    'setting_invalid',
    'This handler streams its response, which needs the Node runtime of AWS Lambda (nodejs22.x or later). ' +
      'Elsewhere use the buffered handler, or serve the app on a port.',
  );
}
