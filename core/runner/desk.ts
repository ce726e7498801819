/**
 * What one run offers its program besides answers (`Aids`): every fact is looked up first, and made only if no earlier run made
 * it. The n-th use of a name in this run is the n-th of every run, as with questions.
 *
 * While something is at work here the program does not wait for its client, and must not be taken for quiet: a step that is cut
 * off halfway would be begun again.
 */
import { createHash } from 'node:crypto';
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Fact, FactAddress, FactKind } from '../journal/fact.ts';
import type { Aids, SessionAids } from '../ports/aids.ts';
import type { Environment } from '../ports/environment.ts';
import type { EndedStream } from '../protocol/connection-end.ts';
import type { Ledger } from './ledger.ts';
import type { SessionState, Write } from './session-state.ts';

export interface DeskOptions {
  /** The call's name: chance and the ids of writes come from it. */
  readonly call: string;
  readonly ledger: Ledger;
  readonly state: SessionState;
  readonly environment: Pick<Environment, 'now'>;
}

export class Desk implements Aids {
  readonly session: SessionAids;
  /** Called when nothing is at work any more. */
  onIdle: () => void = () => {};
  /** Where the session's files are. */
  findFolder: () => Promise<string> = () => new Promise(() => {});
  /** Set where the client resumes its streams. */
  endConnection?: (stream: EndedStream) => void;
  readonly #options: DeskOptions;
  readonly #used = new Map<string, number>();
  #works = 0;
  #isClosed = false;
  /** While the run is parked: what is begun then waits until it goes on, since no journal would know of it. */
  #paused: { readonly over: Promise<void>; readonly end: () => void } | undefined;
  #drawn = 0;

  constructor(options: DeskOptions) {
    this.#options = options;
    this.session = {
      get: key => this.#get(key),
      set: async (key, value) => {
        await this.#write(
          key,
          () => plain(value, `The value of "${key}"`),
          () => undefined,
        );
      },
      delete: async key =>
        (await this.#write(
          key,
          () => undefined,
          ({ had }) => had,
        )) === true,
      update: (key, change) =>
        this.#write(
          key,
          current => plain(change(current), `The value of "${key}"`),
          ({ after }) => after,
        ),
    };
  }

  get facts(): readonly Fact[] {
    return this.#options.ledger.facts;
  }

  get isBusy(): boolean {
    return this.#works > 0;
  }

  /** From here on nothing new is begun: the run is over, and its program goes nowhere. What is at work is still recorded. */
  close(): void {
    this.#isClosed = true;
    this.onIdle = () => {};
    if (this.endConnection !== undefined) this.endConnection = () => {};
  }

  /** The run is parked. */
  pause(): void {
    let end = (): void => {};
    const over = new Promise<void>(resolve => {
      end = resolve;
    });
    this.#paused = { over, end };
  }

  /** The run goes on. */
  resume(): void {
    this.#paused?.end();
    this.#paused = undefined;
  }

  step(name: string, work: () => unknown): Promise<unknown> {
    if (typeof name !== 'string' || name === '' || name.length > LIMITS.stepNameCharactersMax)
      throw new TypeError(`The name of a step is a text of 1 to ${LIMITS.stepNameCharactersMax} characters.`);
    return this.#fact('step', name, async address => {
      try {
        return { ...address, ...member(bounded(plain(await work(), `The result of step "${name}"`), name)) };
      } catch (error) {
        return { ...address, failure: failureOf(error) };
      }
    });
  }

  now(): number {
    const { ledger, environment } = this.#options;
    const address = this.#next('time', '');
    const known = ledger.recall(address)?.value;
    if (typeof known === 'number') return known;
    const value = environment.now();
    ledger.note({ ...address, value });
    return value;
  }

  random(): number {
    return this.#chance().readUIntBE(0, 6) / 2 ** 48;
  }

  uuid(): string {
    const bytes = this.#chance().subarray(0, 16);
    bytes.writeUInt8(((bytes[6] ?? 0) & 0x0f) | 0x40, 6);
    bytes.writeUInt8(((bytes[8] ?? 0) & 0x3f) | 0x80, 8);
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }

  async workspace(): Promise<string> {
    this.#works++;
    try {
      return await this.findFolder();
    } finally {
      this.#works--;
      if (this.#works === 0) this.onIdle();
    }
  }

  #chance(): Buffer {
    return createHash('sha256')
      .update(`${this.#options.call} ${this.#drawn++}`)
      .digest();
  }

  #get(key: string): Promise<unknown> {
    return this.#fact('read', key, async address => ({
      ...address,
      ...member(await this.#options.state.read(key)),
    }));
  }

  #write(key: string, change: (current: unknown) => unknown, outcome: (write: Write) => unknown): Promise<unknown> {
    return this.#fact('write', key, async address => {
      const write = createHash('sha256').update(`${this.#options.call} ${key} ${address.nth}`).digest('base64url');
      return { ...address, ...member(outcome(await this.#options.state.write(key, write.slice(0, 16), change))) };
    });
  }

  /** What is known under the address, or is made now and recorded. A read changes nothing, so it is committed with what follows. */
  async #fact(kind: FactKind, name: string, make: (address: FactAddress) => Promise<Fact>): Promise<unknown> {
    if (this.#isClosed) return new Promise(() => {});
    if (this.#paused !== undefined) await this.#paused.over;
    const { ledger } = this.#options;
    const address = this.#next(kind, name);
    const known = ledger.recall(address);
    if (known !== undefined) return told(known);
    ledger.reserve(address);
    this.#works++;
    try {
      if (kind === 'write') await ledger.settle();
      ledger.note(await make(address));
      if (kind !== 'read') await ledger.commit();
      return told(ledger.recall(address));
    } finally {
      this.#works--;
      if (this.#works === 0) this.onIdle();
    }
  }

  #next(kind: FactKind, name: string): FactAddress {
    const use = `${kind} ${name}`;
    const nth = this.#used.get(use) ?? 0;
    this.#used.set(use, nth + 1);
    return { kind, name, nth };
  }
}

/** What the program gets: a copy of its own, the same on every run. */
function told(fact: Fact | undefined): unknown {
  if (fact?.failure === undefined) return fact?.value === undefined ? undefined : structuredClone(fact.value);
  const error = new Error(fact.failure.message);
  error.name = fact.failure.name;
  throw error;
}

const failureOf = (error: unknown): NonNullable<Fact['failure']> =>
  error instanceof Error ? { name: error.name, message: error.message } : { name: 'Error', message: String(error) };

const member = (value: unknown): Pick<Fact, 'value'> => (value === undefined ? {} : { value });

/** The value as JSON gives it back, on the first run as on every other. */
function plain(value: unknown, what: string): unknown {
  if (value === undefined) return undefined;
  try {
    const text: string | undefined = JSON.stringify(value);
    if (text !== undefined) return JSON.parse(text);
  } catch (error) {
    throw new TypeError(`${what} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw new TypeError(`${what} is no JSON: it is a ${typeof value}.`);
}

function bounded(value: unknown, name: string): unknown {
  const bytes = value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value));
  if (bytes <= LIMITS.stepBytesMax) return value;
  throw new Fault(
    'journal_too_large',
    `The result of step "${name}" takes ${bytes} bytes; ${LIMITS.stepBytesMax} are allowed. It was done, and is not done again; ` +
      'let it give a reference to its result.',
  );
}
