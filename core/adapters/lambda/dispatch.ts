/**
 * Hands ready exchanges to the driver's function by asynchronous invocations: Lambda queues them, makes a failed one again, and
 * keeps what fails for good. One that comes twice does no harm, so the SDK may repeat what it is not sure of.
 */
import { InvokeCommand, LambdaClient, type LambdaClientConfig } from '@aws-sdk/client-lambda';
import { Fault } from '../../base/errors.ts';
import { isExchangeId } from '../../base/ids.ts';
import { isObject } from '../../protocol/messages.ts';
import { invokeFault } from './failure.ts';

/** What the driver is told. */
export interface Order {
  readonly session: string;
  readonly exchange: string;
}

export interface LambdaDispatchOptions {
  /** The driver's function. */
  readonly functionName: string;
  readonly config?: LambdaClientConfig | undefined;
}

/** Resolves when Lambda has taken the order. */
export function lambdaDispatch({ functionName, config = {} }: LambdaDispatchOptions) {
  const client = new LambdaClient(config);
  return async (session: string, exchange: string): Promise<void> => {
    const order: Order = { session, exchange };
    const input = { FunctionName: functionName, InvocationType: 'Event', Payload: JSON.stringify(order) } as const;
    await client.send(new InvokeCommand(input)).catch(thrown => {
      throw invokeFault(thrown, functionName);
    });
  };
}

/** The order in the event of an invocation. Throws `invalid_request`. */
export function orderIn(event: unknown): Order {
  const { session, exchange } = isObject(event) ? event : {};
  if (typeof session === 'string' && typeof exchange === 'string' && isExchangeId(exchange)) {
    return { session, exchange };
  }
  throw new Fault('invalid_request', 'The driver takes orders of the form {"session": "…", "exchange": "…"}.');
}
