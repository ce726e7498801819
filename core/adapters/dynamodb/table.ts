/**
 * One table and the few operations on it that the stores need, with conditions as values: a condition that does not hold is an
 * answer, not an error. Every other failure becomes a fault that says what to do. It knows nothing of what items mean.
 */
import { setTimeout } from 'node:timers/promises';
import type { AttributeValue, DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactionConflictException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { LIMITS } from '../../base/limits.ts';
import { storeFault } from './failure.ts';
import type { Item } from './item.ts';
import { text } from './item.ts';
import type { Key } from './keys.ts';

/** `#name` stands for the attribute of that name, so that none is a reserved word; `:value` for a value given beside. */
export interface Condition {
  readonly expression: string;
  readonly values?: Item;
}

/** Whether a conditional write took place; where not, what stands there instead. */
export type Written = { readonly done: true } | { readonly done: false; readonly found: Item | undefined };

export interface Range {
  readonly partition: string;
  /** Sort keys, both included. */
  readonly from: string;
  readonly to: string;
  readonly descending?: boolean;
  /** Items of one page. */
  readonly limit?: number;
  readonly filter?: Condition;
  /** Attributes to send; absent: all. It costs the same. */
  readonly only?: readonly string[];
}

/** What makes an item new: nothing is there, or only what has expired. For a condition with `:now`. */
export const ABSENT_OR_EXPIRED = 'attribute_not_exists(#pk) OR #expires <= :now';
export const ABSENT = 'attribute_not_exists(#pk)';

export class Table {
  readonly name: string;
  readonly #client: DynamoDBClient;

  constructor(client: DynamoDBClient, name: string) {
    this.#client = client;
    this.name = name;
  }

  async get(key: Key, consistency: 'eventual' | 'strong'): Promise<Item | undefined> {
    const { Item: found } = await this.#failing(
      this.#client.send(
        new GetItemCommand({ TableName: this.name, Key: keyOf(key), ConsistentRead: consistency === 'strong' }),
      ),
    );
    return found;
  }

  async put(key: Key, attributes: Item, condition?: Condition): Promise<Written> {
    const command = new PutItemCommand({
      TableName: this.name,
      Item: { ...keyOf(key), ...attributes },
      ...(condition === undefined ? {} : { ...conditional(condition), ...RETURN_FOUND }),
    });
    return this.#written(() => this.#client.send(command));
  }

  async update(key: Key, set: string, condition: Condition): Promise<Written> {
    const command = new UpdateItemCommand({
      TableName: this.name,
      Key: keyOf(key),
      UpdateExpression: `SET ${set}`,
      ...conditional(condition, set),
      ...RETURN_FOUND,
    });
    return this.#written(() => this.#client.send(command));
  }

  async delete(key: Key, condition: Condition): Promise<Written> {
    const command = new DeleteItemCommand({
      TableName: this.name,
      Key: keyOf(key),
      ...conditional(condition),
      ...RETURN_FOUND,
    });
    return this.#written(() => this.#client.send(command));
  }

  /** Strongly consistent, page after page as far as the caller goes on. */
  async *query(range: Range): AsyncGenerator<Item> {
    let start: Record<string, AttributeValue> | undefined;
    do {
      const page = await this.#page(range, start);
      yield* page.Items ?? [];
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
  }

  /** How many items there are in the first page of a range: costs as much as reading them, and sends nothing. */
  async count(range: Range): Promise<number> {
    return (await this.#page(range, undefined, true)).Count ?? 0;
  }

  /** All of the writes or none; `false` where a condition did not hold, or another transaction was at the same items. */
  async transact(writes: readonly TransactWriteItem[]): Promise<boolean> {
    try {
      await this.#client.send(new TransactWriteItemsCommand({ TransactItems: [...writes] }));
      return true;
    } catch (thrown) {
      if (thrown instanceof TransactionCanceledException && isLostRace(thrown)) return false;
      throw storeFault(thrown, this.name);
    }
  }

  putIn(key: Key, attributes: Item, condition: Condition): TransactWriteItem {
    return { Put: { TableName: this.name, Item: { ...keyOf(key), ...attributes }, ...conditional(condition) } };
  }

  deleteIn(key: Key, condition: Condition): TransactWriteItem {
    return { Delete: { TableName: this.name, Key: keyOf(key), ...conditional(condition) } };
  }

  #page(range: Range, start: Record<string, AttributeValue> | undefined, count = false) {
    const { partition, from, to, descending = false, limit, filter, only = [] } = range;
    const sent = only.map(name => `#${name}`).join(', ');
    return this.#failing(
      this.#client.send(
        new QueryCommand({
          TableName: this.name,
          KeyConditionExpression: '#pk = :pk AND #sk BETWEEN :from AND :to',
          ExpressionAttributeNames: namesIn(`#pk #sk ${filter?.expression ?? ''} ${sent}`),
          ExpressionAttributeValues: {
            ':pk': text(partition),
            ':from': text(from),
            ':to': text(to),
            ...filter?.values,
          },
          ...(filter === undefined ? {} : { FilterExpression: filter.expression }),
          ...(sent === '' ? {} : { ProjectionExpression: sent }),
          ConsistentRead: true,
          ScanIndexForward: !descending,
          ...(limit === undefined ? {} : { Limit: limit }),
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
          ...(count ? { Select: 'COUNT' as const } : {}),
        }),
      ),
    );
  }

  /** The SDK does not repeat a write that met a transaction, so we do. */
  async #written(send: () => Promise<unknown>): Promise<Written> {
    for (let attempt = 1; ; attempt++) {
      try {
        await send();
        return { done: true };
      } catch (thrown) {
        if (thrown instanceof ConditionalCheckFailedException) return { done: false, found: thrown.Item };
        if (!(thrown instanceof TransactionConflictException) || attempt >= LIMITS.commitAttemptsMax)
          throw storeFault(thrown, this.name);
      }
      await setTimeout(attempt * CONFLICT_PAUSE_MS);
    }
  }

  async #failing<T>(sent: Promise<T>): Promise<T> {
    try {
      return await sent;
    } catch (thrown) {
      throw storeFault(thrown, this.name);
    }
  }
}

const CONFLICT_PAUSE_MS = 5;

const RETURN_FOUND = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;

const LOST_RACE = new Set(['None', 'ConditionalCheckFailed', 'TransactionConflict']);

const isLostRace = (thrown: TransactionCanceledException): boolean =>
  (thrown.CancellationReasons ?? []).every(reason => LOST_RACE.has(reason.Code ?? 'None'));

const keyOf = ({ pk, sk }: Key): Record<string, AttributeValue> => ({ pk: text(pk), sk: text(sk) });

const conditional = ({ expression, values }: Condition, beside = '') => ({
  ConditionExpression: expression,
  ExpressionAttributeNames: namesIn(`${expression} ${beside}`),
  ...(values === undefined ? {} : { ExpressionAttributeValues: { ...values } }),
});

const namesIn = (expression: string): Record<string, string> =>
  Object.fromEntries([...expression.matchAll(/#(\w+)/g)].map(([mark, name = '']) => [mark, name]));
