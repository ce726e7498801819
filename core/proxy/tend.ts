/** Has an exchange driven on that nobody may be driving any more: the process that should may have died. */
import type { Exchange } from '../session/exchange.ts';
import { dispatch } from './dispatcher.ts';
import type { Engine } from './engine.ts';
import { isLapsed } from './lease.ts';

export function tend(engine: Engine, exchange: Exchange): void {
  if (exchange.phase === 'ready' || isLapsed(engine, exchange))
    dispatch(engine, exchange.session, exchange.id, exchange);
}
