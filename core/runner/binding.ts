/**
 * Whom and what a `requestState` is for: nobody else can use it, and not for anything else. Its text is authenticated with the
 * journal, on every round the same; it is worked out only where there is a state, which most calls never have.
 */
import type { ModernRequest } from '../protocol/envelope.ts';
import { callText, digest } from '../protocol/json.ts';

export class Binding {
  readonly #principal: string;
  readonly #request: Pick<ModernRequest, 'method' | 'params'>;
  #callText: string | undefined;
  #text: string | undefined;

  constructor(principal: string, request: Pick<ModernRequest, 'method' | 'params'>) {
    this.#principal = principal;
    this.#request = request;
  }

  /** What the call asks, without what differs between rounds. */
  get callText(): string {
    this.#callText ??= callText(this.#request.method, this.#request.params);
    return this.#callText;
  }

  get text(): string {
    this.#text ??= JSON.stringify([this.#principal, this.#request.method, digest(this.callText)]);
    return this.#text;
  }

  /** Whether both are for the same call of the same principal; then neither need work out what the other has. */
  is(other: Binding): boolean {
    const isSame = this.#principal === other.#principal && this.callText === other.callText;
    if (isSame) this.#text ??= other.#text;
    return isSame;
  }
}
