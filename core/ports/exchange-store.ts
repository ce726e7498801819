/**
 * Where exchanges live, addressed by session and exchange id. From its `expiresAtMs` on an exchange is absent for every
 * method, whether or not it has been deleted. Contract: `test/contracts/exchange-store.contract.ts`.
 */
import type { ExchangeId } from '../base/ids.ts';
import type { Exchange, Weight } from '../session/exchange.ts';

export interface ExchangeStore {
  /**
   * Stores a new exchange if its address is free; otherwise gives back what is there. Always strongly consistent. The stream
   * of a new exchange is empty: what an expired one of the same address left there is gone when this resolves.
   */
  create(
    exchange: Exchange,
  ): Promise<{ readonly kind: 'created' } | { readonly kind: 'exists'; readonly exchange: Exchange }>;
  /** Strongly consistent. `undefined` for what never was, or is gone. */
  load(session: string, id: ExchangeId): Promise<Exchange | undefined>;
  /** One conditional write: succeeds if the stored version is `next.version - 1`. */
  commit(next: Exchange): Promise<'committed' | 'conflict'>;
  /** The unsettled exchanges of one session, in no particular order. */
  unsettled(session: string): Promise<readonly Exchange[]>;
  /**
   * Those exchanges of one session that are tasks, settled ones included, in an order of the store's own: the first `limit` of
   * them, or of those after one. Costs as much as reading all exchanges on the way.
   */
  tasks(session: string, page: { readonly after?: ExchangeId; readonly limit: number }): Promise<readonly Exchange[]>;
  /** What all exchanges of one session weigh together. Costs as much as reading them, so it is asked now and then only. */
  weigh(session: string): Promise<Weight>;
}
