/**
 * Exchanges in DynamoDB: one item each, in the partition of their session. The phase stands beside the body, so that a session's
 * unsettled ones are found by a filter; what it means is the exchange machine's business.
 */
import type { StreamAddress } from '../../ports/event-log.ts';
import type { ExchangeStore } from '../../ports/exchange-store.ts';
import type { Exchange } from '../../session/exchange.ts';
import { NO_WEIGHT, sumOf, weightOf } from '../../session/exchange.ts';
import type { Item } from './item.ts';
import { number, numberIn, text, textIn } from './item.ts';
import { EXCHANGES, exchangeKey } from './keys.ts';
import type { Records, StoredRecord } from './records.ts';
import type { Table } from './table.ts';

/** Streams of earlier exchanges of the same address. */
export interface Leftovers {
  /** One read: whether anything stands in a stream. */
  any(stream: StreamAddress): Promise<boolean>;
  clear(stream: StreamAddress): Promise<void>;
}

const AFTER_EVERY_CHARACTER = '\u{10ffff}';

const exchangesOf = (session: string) => ({
  partition: exchangeKey(session, '').pk,
  from: EXCHANGES,
  to: EXCHANGES + AFTER_EVERY_CHARACTER,
});

export function dynamodbExchangeStore(
  table: Table,
  records: Records,
  leftovers: Leftovers,
  now: () => number,
): ExchangeStore {
  const parse = (item: Item): Promise<Exchange> =>
    records.read<Exchange>({ pk: textIn(item, 'pk'), sk: textIn(item, 'sk') }, item);
  const load = (session: string, id: string): Promise<Exchange | undefined> =>
    records.load<Exchange>(exchangeKey(session, id), 'strong');

  return {
    async create(exchange) {
      const { session, id } = exchange;
      const stream = { session, stream: id };
      if (await leftovers.any(stream)) {
        const found = await load(session, id);
        if (found !== undefined) return { kind: 'exists', exchange: found };
        await leftovers.clear(stream);
      }
      const outcome = await records.create(exchangeKey(session, id), recordOf(exchange));
      return outcome === 'created' ? { kind: 'created' } : { kind: 'exists', exchange: await parse(outcome) };
    },

    load,

    commit: next => records.commit(exchangeKey(next.session, next.id), recordOf(next)),

    async unsettled(session) {
      const found: Exchange[] = [];
      const range = {
        ...exchangesOf(session),
        filter: {
          expression: '#phase <> :settled AND #expires > :now',
          values: { ':settled': text('settled'), ':now': number(now()) },
        },
      };
      for await (const item of table.query(range)) found.push(await parse(item));
      return found;
    },

    async tasks(session, { after, limit }) {
      const found: Exchange[] = [];
      for await (const item of table.query(liveAfter(session, after, now()))) {
        const exchange = await parse(item);
        if (exchange.task !== undefined && found.push(exchange) >= limit) break;
      }
      return found;
    },

    async weigh(session) {
      let weight = NO_WEIGHT;
      const range = {
        ...exchangesOf(session),
        only: ['phase', 'questions', 'eventBytes'],
        filter: { expression: '#expires > :now', values: { ':now': number(now()) } },
      };
      for await (const item of table.query(range)) {
        const calls = textIn(item, 'phase') === 'settled' ? 0 : 1;
        const [questions, eventBytes] = [numberIn(item, 'questions'), numberIn(item, 'eventBytes')];
        weight = sumOf(weight, { calls, questions, eventBytes });
      }
      return weight;
    },
  };
}

/** What has not expired behind an exchange: from the smallest key after its own. */
const liveAfter = (session: string, after: string | undefined, nowMs: number) => ({
  ...exchangesOf(session),
  ...(after === undefined ? {} : { from: `${exchangeKey(session, after).sk}\u0000` }),
  filter: { expression: '#expires > :now', values: { ':now': number(nowMs) } },
});

function recordOf(exchange: Exchange): StoredRecord {
  const { version, expiresAtMs, phase } = exchange;
  const { questions, eventBytes } = weightOf(exchange);
  return { version, expiresAtMs, json: JSON.stringify(exchange), phase, questions, eventBytes };
}
