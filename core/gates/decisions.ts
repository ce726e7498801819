/**
 * What the gates keep where a store is: that a state was used, that a call was decided elsewhere than in its client, and
 * what is allowed for the rest of a session. All of it lies in the round guard, whose rows are claimed once, settled once
 * and expire, which is all that is needed.
 *
 * It knows nothing of who may decide: whoever calls `decide` has checked that.
 */
import type { Environment } from '../ports/environment.ts';
import type { RoundGuard } from '../ports/round-guard.ts';
import { isObject } from '../protocol/messages.ts';
import type { Answer } from './gate.ts';

/** The rows are nobody's: whoever comes first settles one. */
const OWNER = 'gates';
/** A look leaves a row behind that is over at once. */
const LOOK_MS = 1;

export class Decisions {
  readonly #guard: RoundGuard;
  readonly #environment: Environment;

  constructor(guard: RoundGuard, environment: Environment) {
    this.#guard = guard;
    this.#environment = environment;
  }

  /** Whether this is the first use of a state. */
  async use(nonce: string, expiresAtMs: number): Promise<boolean> {
    const nowMs = this.#environment.now();
    return (await this.#guard.claim(`gate/use/${nonce}`, OWNER, nowMs, nowMs, expiresAtMs)).kind === 'claimed';
  }

  /** Decides a waiting call from elsewhere. The first decision counts; `false` for any other. */
  async decide(nonce: string, answer: Answer, expiresAtMs: number): Promise<boolean> {
    return this.#write(`gate/answer/${nonce}`, JSON.stringify(answer), expiresAtMs);
  }

  /** What was decided elsewhere, if it was. */
  async decided(nonce: string): Promise<Answer | undefined> {
    const text = await this.#read(`gate/answer/${nonce}`);
    const answer: unknown = text === undefined ? undefined : JSON.parse(text);
    return isAnswer(answer) ? answer : undefined;
  }

  /** Allows something for a session until a moment. */
  async grant(session: string, what: string, by: string, expiresAtMs: number): Promise<void> {
    await this.#write(`gate/grant/${session}/${what}`, by, expiresAtMs);
  }

  /** Who allowed it, if it is allowed now. */
  granted(session: string, what: string): Promise<string | undefined> {
    return this.#read(`gate/grant/${session}/${what}`);
  }

  async #write(name: string, text: string, expiresAtMs: number): Promise<boolean> {
    // Later than any look of this moment lasts.
    const nowMs = this.#environment.now() + LOOK_MS + 1;
    const claim = await this.#guard.claim(name, OWNER, nowMs, nowMs, expiresAtMs);
    if (claim.kind === 'settled') return false;
    await this.#guard.settle(name, OWNER, text);
    return (await this.#read(name)) === text;
  }

  async #read(name: string): Promise<string | undefined> {
    const nowMs = this.#environment.now();
    const claim = await this.#guard.claim(name, OWNER, nowMs, nowMs, nowMs + LOOK_MS);
    return claim.kind === 'settled' ? claim.outcome : undefined;
  }
}

const isAnswer = (value: unknown): value is Answer =>
  isObject(value) && typeof value.by === 'string' && typeof value.action === 'string' && isObject(value.content);
