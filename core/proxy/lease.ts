/**
 * The lease on an exchange: taken, kept while a round runs, and recognised as lapsed.
 *
 * A holder renews well before its time is over. One that finds its lease taken stops its round: the generation fences it.
 */
import { LIMITS } from '../base/limits.ts';
import { GOES_ON_ELSEWHERE } from '../ports/stateless-server.ts';
import type { Exchange, Lease } from '../session/exchange.ts';
import type { Engine } from './engine.ts';
import { transition } from './transitions.ts';

export const leaseFor = (engine: Engine): Lease => ({
  owner: engine.owner,
  untilMs: engine.environment.now() + LIMITS.leaseMs,
});

/** Whether a `calling` exchange has no living holder: its time is over, or its owner is known to be dead. */
export function isLapsed(engine: Engine, exchange: Exchange): boolean {
  const { lease } = exchange;
  if (exchange.phase !== 'calling') return false;
  return lease === undefined || lease.untilMs <= engine.environment.now() || !engine.stores.mayBeAlive(lease.owner);
}

/** Renews the lease until released; aborts the round if the lease was lost: the call was cancelled, or another process has it. */
export function holdLease(engine: Engine, exchange: Exchange, controller: AbortController): { release(): void } {
  const timer = setInterval(() => {
    renew(engine, exchange).then(
      held => {
        if (held === 'taken') controller.abort(GOES_ON_ELSEWHERE);
        if (held === 'over') controller.abort();
      },
      () => undefined,
    );
  }, LIMITS.leaseMs / 3);
  timer.unref();
  return { release: () => clearInterval(timer) };
}

async function renew(engine: Engine, exchange: Exchange): Promise<'held' | 'taken' | 'over'> {
  const renewed = await transition(engine, exchange.session, exchange.id, current =>
    current.generation === exchange.generation ? { type: 'renewed', ...leaseFor(engine) } : undefined,
  );
  if (renewed !== undefined) return 'held';
  const current = await engine.stores.exchanges.load(exchange.session, exchange.id);
  return current === undefined || current.phase === 'settled' ? 'over' : 'taken';
}
