/**
 * Exchanges in memory, as JSON texts by session and exchange id. It knows when a row is there and which version it has;
 * what a phase means is the exchange machine's business, except that `settled` ones are left out of `unsettled`.
 */

import type { StreamAddress } from '../../ports/event-log.ts';
import type { ExchangeStore } from '../../ports/exchange-store.ts';
import type { Exchange, Phase, Weight } from '../../session/exchange.ts';
import { NO_WEIGHT, sumOf, weightOf } from '../../session/exchange.ts';
import type { Room } from './room.ts';

interface Row {
  readonly phase: Phase;
  readonly version: number;
  readonly expiresAtMs: number;
  readonly weight: Weight;
  readonly json: string;
}

/** `clear` empties the stream of an address: a new exchange begins with an empty one, and one that goes takes it along. */
export function memoryExchangeStore(room: Room, clear: (stream: StreamAddress) => void): ExchangeStore {
  const sessions = new Map<string, Map<string, Row>>();
  let size = 0;

  const live = (session: string, id: string): Row | undefined => {
    const row = sessions.get(session)?.get(id);
    return row !== undefined && row.expiresAtMs > room.now() ? row : undefined;
  };

  const put = (exchange: Exchange): void => {
    const rows = sessions.get(exchange.session) ?? new Map<string, Row>();
    sessions.set(exchange.session, rows);
    if (!rows.has(exchange.id)) size += 1;
    rows.set(exchange.id, rowOf(exchange));
  };

  const pruneSession = (session: string, rows: Map<string, Row>, nowMs: number): void => {
    for (const [id, row] of rows) {
      if (row.expiresAtMs > nowMs) continue;
      rows.delete(id);
      size -= 1;
      clear({ session, stream: id });
    }
    if (rows.size === 0) sessions.delete(session);
  };

  room.shelf({
    size: () => size,
    prune: nowMs => {
      for (const [session, rows] of sessions) pruneSession(session, rows, nowMs);
    },
  });

  return {
    async create(exchange) {
      const found = live(exchange.session, exchange.id);
      if (found !== undefined) return { kind: 'exists', exchange: parse(found) };
      room.need(1);
      clear({ session: exchange.session, stream: exchange.id });
      put(exchange);
      return { kind: 'created' };
    },

    async load(session, id) {
      const row = live(session, id);
      return row === undefined ? undefined : parse(row);
    },

    async commit(next) {
      if (live(next.session, next.id)?.version !== next.version - 1) return 'conflict';
      put(next);
      return 'committed';
    },

    async unsettled(session) {
      return liveIn(sessions.get(session), room.now())
        .filter(row => row.phase !== 'settled')
        .map(parse);
    },

    async tasks(session, { after = '', limit }) {
      return tasksIn(sessions.get(session), after, room.now()).slice(0, limit);
    },

    async weigh(session) {
      return weightIn(liveIn(sessions.get(session), room.now()));
    },
  };
}

const parse = (row: Row): Exchange => JSON.parse(row.json) as Exchange;

function rowOf(exchange: Exchange): Row {
  const { phase, version, expiresAtMs } = exchange;
  return { phase, version, expiresAtMs, weight: weightOf(exchange), json: JSON.stringify(exchange) };
}

const liveIn = (rows: ReadonlyMap<string, Row> | undefined, nowMs: number): readonly Row[] =>
  [...(rows?.values() ?? [])].filter(row => row.expiresAtMs > nowMs);

const weightIn = (rows: readonly Row[]): Weight => rows.map(({ weight }) => weight).reduce(sumOf, NO_WEIGHT);

/** Those rows that are tasks, by id, behind one of them. */
function tasksIn(rows: ReadonlyMap<string, Row> | undefined, after: string, nowMs: number): readonly Exchange[] {
  const found = [...(rows ?? [])].filter(([id, row]) => id > after && row.expiresAtMs > nowMs);
  found.sort(([one], [other]) => (one < other ? -1 : 1));
  return found.map(([, row]) => parse(row)).filter(({ task }) => task !== undefined);
}
