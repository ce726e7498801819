/**
 * Hands a ready exchange to a driver: in this process, or wherever the deployment has its drivers.
 *
 * Nothing is queued: the exchange in the store is the truth, and a dispatch that is lost is made up for by whoever touches the
 * exchange next. One exchange has at most one driver in a process; a dispatch that comes while the driver is finishing makes it
 * look once more.
 */
import type { Fault } from '../base/errors.ts';
import { faultOf } from '../base/errors.ts';
import type { ExchangeId } from '../base/ids.ts';
import { LIMITS } from '../base/limits.ts';
import { drive } from './driver.ts';
import type { Dispatch, Engine, Running } from './engine.ts';
import { forget, keyOf } from './engine.ts';

/** `version` is that of the exchange where it is known: one version is handed to another process once in a while, not at every look. */
export function dispatch(engine: Engine, session: string, id: ExchangeId, version?: number): void {
  const driven = engine.running.get(keyOf(session, id));
  if (driven) {
    driven.again = true;
    return;
  }
  if (engine.closing.signal.aborted) return;
  if (engine.dispatch === undefined) start(engine, session, id);
  else handOver(engine, engine.dispatch, session, id, version);
}

function start(engine: Engine, session: string, id: ExchangeId): void {
  const running: Running = { controller: new AbortController(), again: false, background: true };
  inBackground(engine, session, id, running, () => drive(engine, session, id, running));
}

function handOver(engine: Engine, hand: Dispatch, session: string, id: ExchangeId, version: number | undefined): void {
  const key = keyOf(session, id);
  const nowMs = engine.environment.now();
  for (const [old, { untilMs }] of engine.handed) if (untilMs <= nowMs) engine.handed.delete(old);
  if (version !== undefined && engine.handed.get(key)?.version === version) return;
  if (version !== undefined) engine.handed.set(key, { version, untilMs: nowMs + LIMITS.handAgainMs });
  const done = hand(session, id)
    .catch(thrown => {
      engine.handed.delete(key);
      report(engine, 'exchange.dispatch_failed', session, id, faultOf(thrown));
    })
    .finally(() => engine.drivers.delete(done));
  engine.drivers.add(done);
}

/** Drives an exchange in this process, and resolves when it is over. Rejects with what went wrong, for whoever may try again. */
export async function driveHere(engine: Engine, session: string, id: ExchangeId): Promise<void> {
  if (engine.running.has(keyOf(session, id))) return idle(engine);
  const running: Running = { controller: new AbortController(), again: false, background: true };
  const work = drive(engine, session, id, running);
  inBackground(engine, session, id, running, () => work);
  await work.finally(() => idle(engine));
}

/** Resolves when nothing goes on in the background any more. */
export async function idle(engine: Engine): Promise<void> {
  while (engine.drivers.size > 0) await Promise.allSettled([...engine.drivers]);
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
    .catch(thrown => report(engine, 'exchange.driver_failed', session, id, faultOf(thrown)))
    .finally(() => {
      forget(engine, key, running);
      engine.drivers.delete(done);
      if (running.again) dispatch(engine, session, id);
    });
  engine.drivers.add(done);
}

function report(engine: Engine, event: string, session: string, exchange: ExchangeId, fault: Fault): void {
  const detail = fault.detail === undefined ? {} : { detail: fault.detail };
  const { code, message } = fault;
  engine.observer({ event, level: 'error', session, exchange, code, message, ...detail });
}
