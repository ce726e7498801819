/**
 * Tells when a program does nothing but wait.
 *
 * A program in this process is watched by turns of the event loop: whatever it does by promises alone happens within one
 * turn, so two turns without a message mean that it waits for us, or for something outside. A program in another process
 * is watched by the clock. One watch at a time, and none while nothing is open: a plain call never starts one.
 */
const QUIET_TURNS = 2;

export interface Quiescence {
  /** Something was said, in either direction. */
  stirred(): void;
  /** Calls back once when the program has been quiet from now on; does nothing while a watch is under way. */
  watch(): void;
  /** Ends the watch. */
  stop(): void;
}

export const quiescence = (settleMs: number, onRest: () => void): Quiescence =>
  settleMs === 0 ? byTurns(onRest) : byClock(settleMs, onRest);

function byTurns(onRest: () => void): Quiescence {
  let turn: NodeJS.Immediate | undefined;
  let quietTurns = 0;
  const look = (): void => {
    turn = undefined;
    if (quietTurns++ < QUIET_TURNS) turn = setImmediate(look);
    else onRest();
  };
  return {
    stirred: () => {
      quietTurns = 0;
    },
    watch: () => {
      if (turn !== undefined) return;
      quietTurns = 0;
      turn = setImmediate(look);
    },
    stop: () => {
      clearImmediate(turn);
      turn = undefined;
    },
  };
}

function byClock(settleMs: number, onRest: () => void): Quiescence {
  let timer: NodeJS.Timeout | undefined;
  let stirredAtMs = 0;
  const look = (): void => {
    const leftMs = stirredAtMs + settleMs - performance.now();
    timer = leftMs > 0 ? setTimeout(look, leftMs) : undefined;
    if (timer === undefined) onRest();
  };
  return {
    stirred: () => {
      stirredAtMs = performance.now();
    },
    watch: () => {
      if (timer !== undefined) return;
      stirredAtMs = performance.now();
      timer = setTimeout(look, settleMs);
    },
    stop: () => {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
