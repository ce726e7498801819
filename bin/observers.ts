/**
 * What the engines observe, as log lines: one JSON object a line for machines, one short line for people.
 *
 * People get warnings and errors only, everything with `--debug`; machines get all but `debug`. Times are UTC.
 */
import type { Observation, Observer } from '../core/ports/observer.ts';
import type { Paint } from './paint.ts';

interface Lines {
  write(text: string): unknown;
}

export interface ObserverOptions {
  readonly output: Lines;
  readonly debug: boolean;
  readonly now: () => Date;
}

export function jsonObserver({ output, debug, now }: ObserverOptions): Observer {
  return observation => {
    if (observation.level === 'debug' && !debug) return;
    output.write(`${JSON.stringify({ time: now().toISOString(), ...observation })}\n`);
  };
}

export function lineObserver({ output, debug, now }: ObserverOptions, paint: Paint): Observer {
  return observation => {
    const isWorthALine = observation.level === 'warning' || observation.level === 'error';
    if (isWorthALine || debug) output.write(`${lineOf(observation, now(), debug, paint)}\n`);
  };
}

const COLOURS = { debug: 'dim', info: 'cyan', warning: 'yellow', error: 'red' } as const;

function lineOf(observation: Observation, now: Date, debug: boolean, paint: Paint): string {
  const { event, level, message, detail, ...fields } = observation;
  const facts = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`);
  const time = now.toISOString().slice(11, 19);
  const head = `${paint('dim', time)} ${paint(COLOURS[level], level.padEnd(7))} ${event}`;
  const text = [head, message, facts.length === 0 ? undefined : paint('dim', facts.join(' '))]
    .filter(Boolean)
    .join('  ');
  return detail === undefined || !debug ? text : `${text}\n${paint('dim', detail)}`;
}
