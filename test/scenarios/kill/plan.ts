/**
 * What one lap of the kill test is about: some calls that run at the same time, each meant to be in one of five windows at the
 * moment when the product is killed, and how old it shall be in that window.
 *
 * A plan follows from its seed alone. That a call really is in its window is up to the clock: the oracle holds wherever it is.
 */
import { Chance } from './random.ts';

export const WINDOWS = [
  'before the question is delivered',
  'while the question waits',
  'while the answer is accepted',
  'while the second round runs',
  'while the result is delivered',
] as const;
export type Window = (typeof WINDOWS)[number];

export type Field = 'seat' | 'meal';
export const FIELDS = ['seat', 'meal'] as const satisfies readonly Field[];

export interface Trial {
  readonly name: string;
  readonly window: Window;
  readonly tool: 'book' | 'book_again';
  readonly workMs: number;
  /** Whether the program says nothing before its first question. */
  readonly quiet: boolean;
  /** The question that the window is about, where it is about one. */
  readonly field: Field;
  /** How long before the kill the client does what opens the window. */
  readonly ageMs: number;
  /** Whether it has a session of its own or shares that of the lap. */
  readonly ownSession: boolean;
}

/** Kills a little after a client has seen a sign, which comes right before or after something that must not be lost. */
export interface Trigger {
  readonly trial: string;
  readonly sign: Sign;
  readonly delayMs: number;
}

/**
 * What the program reports right before its first question, its second question, its last stage and its result; and the 202
 * to an answer.
 */
export type Sign = 'begun' | 'asking' | 'booking' | 'done' | 'accepted';

export interface Lap {
  readonly seed: number;
  readonly trials: readonly Trial[];
  /** Without one the kill comes by the clock alone. */
  readonly trigger: Trigger | undefined;
}

/** How long the program takes to get to its feet. */
export type StartMs = number;

export const TRIALS_PER_LAP = WINDOWS.length + 1;

export function planOf(seed: number, startMs: StartMs): Lap {
  const chance = new Chance(seed);
  const windows: Window[] = [...WINDOWS, chance.oneOf(WINDOWS)];
  const trials = windows.map((window, index) => trialOf(chance, window, `t${seed}-${index}`, startMs));
  const sign = chance.oneOf(['none', 'begun', 'asking', 'booking', 'done', 'accepted'] as const);
  if (sign === 'none') return { seed, trials, trigger: undefined };
  const lead = trials.find(({ window }) => window === WINDOW_OF[sign]);
  if (lead === undefined) throw new Error(`No trial is ${WINDOW_OF[sign]}.`);
  const { workMs, name } = lead;
  const due = { begun: 0, asking: workMs, booking: workMs, done: (workMs * 4) / 3, accepted: -startMs }[sign];
  const led = { ...lead, quiet: false, ageMs: startMs + 5 + due };
  const trigger = { trial: name, sign, delayMs: sign === 'accepted' ? 0 : chance.between(0, 4) };
  return { seed, trials: trials.map(trial => (trial.name === name ? led : trial)), trigger };
}

const WINDOW_OF: Readonly<Record<Sign, Window>> = {
  begun: 'before the question is delivered',
  asking: 'while the second round runs',
  booking: 'while the result is delivered',
  done: 'while the result is delivered',
  accepted: 'while the answer is accepted',
};

function trialOf(chance: Chance, window: Window, name: string, startMs: StartMs): Trial {
  const workMs = chance.between(5, 60);
  const field = chance.oneOf(FIELDS);
  const oldest: Record<Window, readonly [number, number]> = {
    'before the question is delivered': [0, startMs + 15],
    'while the question waits': [0, 0],
    'while the answer is accepted': [0, 6],
    'while the second round runs': [2, startMs + 2 + workMs],
    // The last round replays the work between the questions and does a third of it again.
    'while the result is delivered': [startMs + workMs, startMs + 20 + workMs * 1.4],
  };
  return {
    name,
    window,
    tool: chance.oneOf(['book', 'book_again']),
    workMs,
    quiet: chance.fraction() < 0.5,
    field,
    ageMs: chance.between(...oldest[window]),
    ownSession: chance.fraction() < 0.5,
  };
}
