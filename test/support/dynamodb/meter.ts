/** Sums what DynamoDB says a client's requests consumed: capacity is measured, not estimated. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

export interface Consumed {
  readonly operations: number;
  /** Read request units. */
  readonly reads: number;
  /** Write request units. */
  readonly writes: number;
}

const NOTHING: Consumed = { operations: 0, reads: 0, writes: 0 };
const WRITES = /^(Put|Update|Delete|BatchWrite|TransactWrite)/;

export class Meter {
  #sum = NOTHING;

  /** Asks for the consumed capacity with every request of a client, and takes it from the answers. */
  constructor(client: DynamoDBClient) {
    client.middlewareStack.add(
      (next, { commandName = '' }) =>
        async args => {
          Object.assign(args.input, { ReturnConsumedCapacity: 'TOTAL' });
          const result = await next(args);
          const units = unitsIn(result.output);
          const { operations, reads, writes } = this.#sum;
          this.#sum = WRITES.test(commandName)
            ? { operations: operations + 1, reads, writes: writes + units }
            : { operations: operations + 1, reads: reads + units, writes };
          return result;
        },
      { step: 'initialize', name: 'meter' },
    );
  }

  /** What some work consumed, on the understanding that nothing else runs. */
  async during(work: () => Promise<unknown>): Promise<Consumed> {
    this.#sum = NOTHING;
    await work();
    return this.#sum;
  }
}

function unitsIn(output: object): number {
  const capacity = 'ConsumedCapacity' in output ? output.ConsumedCapacity : undefined;
  const parts: readonly { CapacityUnits?: number }[] = Array.isArray(capacity) ? capacity : [capacity ?? {}];
  return parts.reduce((sum, part) => sum + (part.CapacityUnits ?? 0), 0);
}
