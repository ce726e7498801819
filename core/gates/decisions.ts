/**
 * What the gates keep where a store is: that a state was used, how a waiting call was decided, and what is allowed for the rest
 * of a session. Each is a small record that is written once and expires; the first write counts.
 *
 * It knows nothing of who may decide: whoever calls `decide` has checked that.
 */
import type { StateStore } from '../ports/state-store.ts';
import { isObject } from '../protocol/messages.ts';
import type { Answer } from './gate.ts';

export class Decisions {
  readonly #state: StateStore;

  constructor(state: StateStore) {
    this.#state = state;
  }

  /** Whether this is the first use of a state. */
  use(nonce: string, expiresAtMs: number): Promise<boolean> {
    return this.#write(`gate/use/${nonce}`, true, expiresAtMs);
  }

  /** Decides a waiting call. The first decision counts; `false` for any other. */
  decide(nonce: string, answer: Answer, expiresAtMs: number): Promise<boolean> {
    return this.#write(`gate/answer/${nonce}`, answer, expiresAtMs);
  }

  /** How it was decided, if it was. */
  async decided(nonce: string): Promise<Answer | undefined> {
    const answer = await this.#read(`gate/answer/${nonce}`);
    return isAnswer(answer) ? answer : undefined;
  }

  /** Allows something for a session until a moment. */
  async grant(session: string, what: string, by: string, expiresAtMs: number): Promise<void> {
    await this.#write(`gate/grant/${session}/${what}`, by, expiresAtMs);
  }

  /** Who allowed it, if it is allowed now. */
  async granted(session: string, what: string): Promise<string | undefined> {
    const by = await this.#read(`gate/grant/${session}/${what}`);
    return typeof by === 'string' ? by : undefined;
  }

  async #write(scope: string, value: unknown, expiresAtMs: number): Promise<boolean> {
    const record = { scope, version: 1, json: JSON.stringify(value), expiresAtMs };
    return (await this.#state.commit(record)) === 'committed';
  }

  async #read(scope: string): Promise<unknown> {
    const record = await this.#state.load(scope);
    return record === undefined ? undefined : JSON.parse(record.json);
  }
}

const isAnswer = (value: unknown): value is Answer =>
  isObject(value) && typeof value.by === 'string' && typeof value.action === 'string' && isObject(value.content);
