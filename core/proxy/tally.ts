/**
 * What a session has at a time, held against its limits, at no cost to a plain call.
 *
 * What is in the store is not counted with every call: that would be a write each. A process looks it up now and then and in
 * between counts what it adds itself; how much it may add without another look is half of what was left at the last one. So a
 * limit that is near is kept to the letter by one process, and where several serve a session they may exceed it together by
 * what they granted unseen. Nothing is ever refused without a look. Which limits there are is `core/session/policy.ts`.
 */
import type { FaultCode } from '../base/errors.ts';
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Weight } from '../session/exchange.ts';
import { NO_WEIGHT } from '../session/exchange.ts';
import { limitsFor } from '../session/policy.ts';
import type { Session } from '../session/session.ts';
import { phaseAt } from '../session/session.ts';
import type { Engine } from './engine.ts';
import { isTaskHolder } from './task-holder.ts';

/** Counts one kind of thing: as last seen in the store, and what this process has added since. */
export class Count {
  #seen: number | undefined;
  #added = 0;

  /** Whether so much more may be had without a look. */
  isGranted(amount: number, limit: number): boolean {
    const unseen = this.#seen === undefined ? limit / LIMITS.grantedUnseenShare : (limit - this.#seen) / 2;
    return this.#added + amount <= Math.floor(unseen);
  }

  isOver(amount: number, limit: number): boolean {
    return (this.#seen ?? 0) + this.#added + amount > limit;
  }

  add(amount: number): void {
    this.#added += amount;
  }

  see(found: number): void {
    this.#seen = found;
    this.#added = 0;
  }
}

type Kind = keyof Weight;

const KINDS = Object.keys(NO_WEIGHT) as readonly Kind[];

interface Excess {
  readonly code: FaultCode;
  readonly message: (limit: number) => string;
}

const EXCESSES: Readonly<Record<Kind, Excess>> = {
  calls: {
    code: 'calls_exceeded',
    message: limit =>
      `This session has ${limit} open calls, which is the most allowed. Answer or cancel one, and make the call again.`,
  },
  questions: {
    code: 'questions_exceeded',
    message: limit =>
      `The server asked more than this session may leave unanswered (${limit} questions). Answer some, and make the call again.`,
  },
  eventBytes: {
    code: 'events_exceeded',
    message: limit =>
      `The server reported more than is kept for this session (${limit} bytes). Make the call again later, or in another session.`,
  },
};

/** What one session has. */
export class Tally {
  readonly #counts: Readonly<Record<Kind, Count>> = {
    calls: new Count(),
    questions: new Count(),
    eventBytes: new Count(),
  };
  /** Calls at work in this process that are not stored, and may never be. */
  #unstored = 0;

  /** Takes so much more of a kind. Throws the kind's fault where that is over the session's limit. */
  async take(engine: Engine, session: Session, kind: Exclude<Kind, 'calls'>, amount: number): Promise<void> {
    const counted = this.#counts[kind];
    if (!counted.isGranted(amount, this.#limit(engine, session, kind))) {
      await this.#look(engine, session);
      this.#check(engine, session, kind, amount);
    }
    counted.add(amount);
  }

  /**
   * A call begins. It counts until it is left, and if it is stored for as long as it is open. Throws `calls_exceeded`, and
   * `events_exceeded` where there is no room for what it may report. `undefined` where all is well without a look, so that
   * nothing can come between.
   */
  enter(engine: Engine, session: Session): Promise<void> | undefined {
    const calls = this.#counts.calls.isGranted(this.#unstored + 1, this.#limit(engine, session, 'calls'));
    const events = this.#counts.eventBytes.isGranted(0, this.#limit(engine, session, 'eventBytes'));
    if (!calls || !events) return this.#entered(engine, session);
    this.#unstored += 1;
    return undefined;
  }

  async #entered(engine: Engine, session: Session): Promise<void> {
    await this.#look(engine, session);
    this.#check(engine, session, 'calls', this.#unstored + 1);
    this.#check(engine, session, 'eventBytes', 0);
    this.#unstored += 1;
  }

  async #look(engine: Engine, session: Session): Promise<void> {
    const weight = await engine.stores.exchanges.weigh(session.id);
    for (const kind of KINDS) this.#counts[kind].see(weight[kind]);
  }

  #check(engine: Engine, session: Session, kind: Kind, amount: number): void {
    const limit = this.#limit(engine, session, kind);
    if (!this.#counts[kind].isOver(amount, limit)) return;
    const { code, message } = EXCESSES[kind];
    throw new Fault(code, message(limit), { data: { limit } });
  }

  #limit({ settings }: Engine, session: Session, kind: Kind): number {
    return limitsFor(settings, settings.classes ?? [], session.class)[kind];
  }

  /** A response was written to an event log: it is never refused, but counts for what follows. */
  wrote(bytes: number): void {
    this.#counts.eventBytes.add(bytes);
  }

  stored(): void {
    this.#counts.calls.add(1);
  }

  leave(): void {
    this.#unstored -= 1;
  }
}

/** The tally of a session; that of the one used longest ago is forgotten, and counted anew if need be. */
export const tallyOf = (engine: Engine, session: Session): Tally =>
  remembered(engine.tallies, session.id, () => new Tally());

/** Counts one more session of a principal. Throws `sessions_exceeded`. */
export async function admitSession(engine: Engine, session: Session): Promise<void> {
  const { sessions: limit } = limitsFor(engine.settings, engine.settings.classes ?? [], session.class);
  const count = remembered(engine.principals, session.principal, () => new Count());
  if (!count.isGranted(1, limit)) {
    count.see(await sessionsOf(engine, session.principal, limit));
    if (count.isOver(1, limit)) {
      const message = `You have ${limit} sessions, which is the most allowed. End one with DELETE, or wait until one ends.`;
      throw new Fault('sessions_exceeded', message, { data: { limit } });
    }
  }
  count.add(1);
}

/** How many sessions of a principal go on, counted up to the limit. */
async function sessionsOf(engine: Engine, principal: string, limit: number): Promise<number> {
  const nowMs = engine.environment.now();
  let found = 0;
  let after: string | undefined;
  do {
    const query = { principal, limit: LIMITS.sessionsPerPageMax, ...(after === undefined ? {} : { after }) };
    const { sessions, next } = await engine.stores.sessions.list(query);
    found += sessions.filter(one => !isTaskHolder(one.id) && phaseAt(one, nowMs) !== 'ended').length;
    after = next;
  } while (after !== undefined && found < limit);
  return found;
}

function remembered<T>(known: Map<string, T>, key: string, make: () => T): T {
  const value = known.get(key) ?? make();
  known.delete(key);
  known.set(key, value);
  const [oldest] = known.keys();
  if (known.size > LIMITS.watchedSessionsMax && oldest !== undefined) known.delete(oldest);
  return value;
}
