/**
 * What a session may have at a time, and its principal over all its sessions: calls, questions, bytes of reports, sessions.
 *
 * Each is held against both by the tallies of this process (`tally.ts`), which look into the store when they must. A look at a
 * principal reads the exchanges of all its sessions, so it is as seldom as its limits are wide. Which limits there are is
 * `core/session/policy.ts`.
 */
import { setImmediate } from 'node:timers/promises';
import type { FaultCode } from '../base/errors.ts';
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Weight } from '../session/exchange.ts';
import { NO_WEIGHT, sumOf } from '../session/exchange.ts';
import type { SessionLimits } from '../session/policy.ts';
import { limitsFor } from '../session/policy.ts';
import type { Session } from '../session/session.ts';
import { phaseAt } from '../session/session.ts';
import type { Engine } from './engine.ts';
import { Count, type Kind, Tally } from './tally.ts';
import { isTaskHolder } from './task-holder.ts';

interface Excess {
  readonly code: FaultCode;
  readonly session: (limit: number) => string;
  readonly principal: (limit: number) => string;
}

const EXCESSES: Readonly<Record<Kind, Excess>> = {
  calls: {
    code: 'calls_exceeded',
    session: limit =>
      `This session has ${limit} open calls, which is the most allowed. Answer or cancel one, and make the call again.`,
    principal: limit =>
      `Your sessions have ${limit} open calls together, which is the most allowed. Answer or cancel one in any of them, or end a session with DELETE, and make the call again.`,
  },
  questions: {
    code: 'questions_exceeded',
    session: limit =>
      `The server asked more than this session may leave unanswered (${limit} questions). Answer some, and make the call again.`,
    principal: limit =>
      `The server asked more than your sessions together may leave unanswered (${limit} questions). Answer some in any of them, and make the call again.`,
  },
  eventBytes: {
    code: 'events_exceeded',
    session: limit =>
      `The server reported more than is kept for this session (${limit} bytes). Make the call again later, or in another session.`,
    principal: limit =>
      `The server reported more than is kept for all your sessions together (${limit} bytes). Make the call again later.`,
  },
};

/** Whose limits there are. */
type Whose = 'session' | 'principal';

const LIMIT_NAMES: Readonly<Record<Whose, Readonly<Record<Kind, keyof SessionLimits>>>> = {
  session: { calls: 'calls', questions: 'questions', eventBytes: 'eventBytes' },
  principal: { calls: 'callsPerPrincipal', questions: 'questionsPerPrincipal', eventBytes: 'eventBytesPerPrincipal' },
};

interface Need {
  readonly kind: Kind;
  readonly amount: number;
}

/** A call needs room for itself, and for something that it may report. */
const A_CALL: readonly Need[] = [
  { kind: 'calls', amount: 1 },
  { kind: 'eventBytes', amount: 0 },
];

/** What is added for a session counts for both. */
export class Admission {
  readonly #engine: Engine;
  readonly #session: Session;
  readonly #limits: SessionLimits;
  readonly #tallies: Readonly<Record<Whose, Tally>>;

  constructor(engine: Engine, session: Session) {
    this.#engine = engine;
    this.#session = session;
    this.#limits = limitsOf(engine, session);
    this.#tallies = {
      session: remembered(engine.tallies, session.id, () => new Tally()),
      principal: remembered(engine.principals, session.principal, principalTally).tally,
    };
  }

  /** So many questions are about to be stored. Throws `questions_exceeded`. */
  async ask(questions: number): Promise<void> {
    await this.#need([{ kind: 'questions', amount: questions }]);
    this.#add('questions', questions);
  }

  /** A round is about to write so much to an event log. Throws `events_exceeded`. */
  async report(bytes: number): Promise<void> {
    await this.#need([{ kind: 'eventBytes', amount: bytes }]);
    this.#enter('eventBytes', bytes);
  }

  /** A round is over: what it reported stands in the record of its exchange. */
  reported(bytes: number): void {
    this.#leave('eventBytes', bytes);
    this.#add('eventBytes', bytes);
  }

  /**
   * A call begins. It counts until it is left, and if it is stored for as long as it is open. Throws `calls_exceeded`, and
   * `events_exceeded` where there is no room for what it may report. `undefined` where all is well without a look, so that
   * nothing can come between.
   */
  enter(): Promise<void> | undefined {
    if (ALL.some(whose => !this.#isGranted(whose, A_CALL)))
      return this.#need(A_CALL).then(() => this.#enter('calls', 1));
    this.#enter('calls', 1);
    return undefined;
  }

  leave(): void {
    this.#leave('calls', 1);
  }

  stored(): void {
    this.#add('calls', 1);
  }

  /** A response was written to an event log: it is never refused, but counts for what follows. */
  wrote(bytes: number): void {
    this.#add('eventBytes', bytes);
  }

  #enter(kind: Kind, amount: number): void {
    for (const whose of ALL) this.#tallies[whose].enter(kind, amount);
  }

  #leave(kind: Kind, amount: number): void {
    for (const whose of ALL) this.#tallies[whose].leave(kind, amount);
  }

  #add(kind: Kind, amount: number): void {
    for (const whose of ALL) this.#tallies[whose].add(kind, amount);
  }

  async #need(needs: readonly Need[]): Promise<void> {
    for (const whose of ALL) {
      if (this.#isGranted(whose, needs)) continue;
      await this.#tallies[whose].look(
        () => this.#weigh(whose),
        () => this.#engine.environment.now(),
      );
    }
    for (const whose of ALL) for (const need of needs) this.#check(whose, need);
  }

  #isGranted(whose: Whose, needs: readonly Need[]): boolean {
    return needs.every(({ kind, amount }) => this.#tallies[whose].isGranted(kind, amount, this.#limit(whose, kind)));
  }

  #check(whose: Whose, { kind, amount }: Need): void {
    const limit = this.#limit(whose, kind);
    if (!this.#tallies[whose].isOver(kind, amount, limit)) return;
    const excess = EXCESSES[kind];
    throw new Fault(excess.code, excess[whose](limit), { data: { limit, per: whose } });
  }

  #limit(whose: Whose, kind: Kind): number {
    return this.#limits[LIMIT_NAMES[whose][kind]];
  }

  #weigh(whose: Whose): Promise<Weight> {
    const { id, principal } = this.#session;
    return whose === 'session' ? this.#engine.stores.exchanges.weigh(id) : weightOfAll(this.#engine, principal);
  }
}

const ALL: readonly Whose[] = ['session', 'principal'];

const limitsOf = ({ settings }: Engine, session: Session): SessionLimits =>
  limitsFor(settings, settings.classes ?? [], session.class);

/** What a principal has, as far as this process knows. */
export interface PrincipalTally {
  readonly sessions: Count;
  readonly tally: Tally;
}

const principalTally = (): PrincipalTally => ({ sessions: new Count(), tally: new Tally() });

/** Counts one more session of a principal. Throws `sessions_exceeded`. */
export async function admitSession(engine: Engine, session: Session): Promise<void> {
  const { sessions: limit } = limitsOf(engine, session);
  const { sessions: count } = remembered(engine.principals, session.principal, principalTally);
  if (!count.isGranted(1, limit)) {
    const before = count.added;
    count.see(await sessionsOf(engine, session.principal, limit), before);
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
  for await (const sessions of pagesOf(engine, principal)) {
    found += sessions.filter(one => !isTaskHolder(one.id) && phaseAt(one, nowMs) !== 'ended').length;
    if (found >= limit) break;
  }
  return found;
}

/** What all exchanges of a principal weigh, those of its sessions that have ended included as long as they are kept. */
async function weightOfAll(engine: Engine, principal: string): Promise<Weight> {
  let weight = NO_WEIGHT;
  for await (const sessions of pagesOf(engine, principal)) {
    const weights = await Promise.all(sessions.map(({ id }) => engine.stores.exchanges.weigh(id)));
    weight = weights.reduce(sumOf, weight);
  }
  return weight;
}

/** The sessions of a principal, page by page, with room for others between; none where the store does not list them. */
async function* pagesOf(engine: Engine, principal: string): AsyncGenerator<readonly Session[]> {
  let after: string | undefined;
  do {
    const query = { principal, limit: LIMITS.sessionsPerPageMax, ...(after === undefined ? {} : { after }) };
    const { sessions, next } = await engine.stores.sessions.list(query);
    yield sessions;
    after = next;
    if (after !== undefined) await setImmediate();
  } while (after !== undefined);
}

/** What is known under a key; that used longest ago is forgotten, and counted anew if need be. */
function remembered<T>(known: Map<string, T>, key: string, make: () => T): T {
  const value = known.get(key) ?? make();
  known.delete(key);
  known.set(key, value);
  const [oldest] = known.keys();
  if (known.size > LIMITS.watchedSessionsMax && oldest !== undefined) known.delete(oldest);
  return value;
}
