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
import type { Exchange, ExchangeEvent } from '../session/exchange.ts';
import type { Session } from '../session/session.ts';
import { isAwaitingVisits } from '../session/visits.ts';
import { claimOf, drive, driveClaimed } from './driver.ts';
import type { Dispatch, Engine, Running } from './engine.ts';
import { forget, keyOf } from './engine.ts';

/**
 * `known` is the exchange as it was committed or read just now, if it was. One version is handed to another process once in a
 * while, not at every look; a driver in this process need not read it again.
 */
export function dispatch(engine: Engine, session: string, id: ExchangeId, known?: Exchange): void {
  const driven = engine.running.get(keyOf(session, id));
  if (driven) {
    driven.again = true;
    return;
  }
  if (engine.closing.signal.aborted) return;
  if (engine.dispatch === undefined) start(engine, session, id, known);
  else handOver(engine, engine.dispatch, session, id, known?.version);
}

function start(engine: Engine, session: string, id: ExchangeId, known: Exchange | undefined): void {
  const running = newRunning();
  inBackground(engine, session, id, running, () => drive(engine, session, id, running, known));
}

/** A place among what runs in this process, for whoever may come to drive an exchange on. */
export const newRunning = (): Running => ({ controller: new AbortController(), again: false, background: true });

/**
 * The claim that can be committed together with the last answer, which saves a write: where this process would drive the
 * exchange, at once, and does not drive it yet. Its place is taken before the commit, so that whoever cancels the call then finds it.
 */
export function claimHere(engine: Engine, between: Exchange, running: Running): ExchangeEvent | undefined {
  const key = keyOf(between.session, between.id);
  const isBusy = (engine.running.get(key) ?? running) !== running;
  const isSimple = between.withdrawn === undefined && !isAwaitingVisits(between);
  if (between.phase !== 'ready' || isBusy || !isSimple) return undefined;
  if (engine.dispatch !== undefined || engine.closing.signal.aborted) return undefined;
  engine.running.set(key, running);
  return claimOf(engine, between);
}

/** Drives an exchange that was claimed so. */
export function startClaimed(engine: Engine, session: Session, exchange: Exchange, running: Running): void {
  const claimed = { exchange, already: undefined };
  inBackground(engine, session.id, exchange.id, running, () => driveClaimed(engine, session, claimed, running));
}

/** Gives the place free again of an exchange that was not claimed after all. */
export function leaveUnclaimed(engine: Engine, session: string, id: ExchangeId, running: Running): void {
  forget(engine, keyOf(session, id), running);
  if (running.again) dispatch(engine, session, id);
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
  const running = newRunning();
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
