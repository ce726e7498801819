/**
 * Hands a ready exchange to a driver in this process.
 *
 * Nothing is queued: the exchange in the store is the truth, and a dispatch that is lost with the process is made up for by
 * whoever touches the exchange next. One exchange has at most one driver in a process; a dispatch that comes while the driver
 * is finishing makes it look once more.
 */
import type { Fault } from '../base/errors.ts';
import { faultOf } from '../base/errors.ts';
import type { ExchangeId } from '../base/ids.ts';
import { drive } from './driver.ts';
import type { Engine, Running } from './engine.ts';
import { keyOf } from './engine.ts';

export function dispatch(engine: Engine, session: string, id: ExchangeId): void {
  const driven = engine.running.get(keyOf(session, id));
  if (driven) {
    driven.again = true;
    return;
  }
  if (engine.closing.signal.aborted) return;
  const running: Running = { controller: new AbortController(), again: false, background: true };
  inBackground(engine, session, id, running, () => drive(engine, session, id, running));
}

/** Runs a driver that nobody awaits; if it was asked for again meanwhile, the exchange is dispatched once more at its end. */
export function inBackground(
  engine: Engine,
  session: string,
  id: ExchangeId,
  running: Running,
  work: () => Promise<void>,
): void {
  const key = keyOf(session, id);
  running.background = true;
  engine.running.set(key, running);
  const done = work()
    .catch(thrown => report(engine, session, id, faultOf(thrown)))
    .finally(() => {
      engine.running.delete(key);
      engine.drivers.delete(done);
      if (running.again) dispatch(engine, session, id);
    });
  engine.drivers.add(done);
}

function report(engine: Engine, session: string, exchange: ExchangeId, fault: Fault): void {
  const detail = fault.detail === undefined ? {} : { detail: fault.detail };
  const { code, message } = fault;
  engine.observer({ event: 'exchange.driver_failed', level: 'error', session, exchange, code, message, ...detail });
}
