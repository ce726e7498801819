/**
 * Who is at the page of an approval: a short-lived sealed cookie for a browser, and form tokens that are good for this browser and
 * this approval only, so that no other site can have a form sent in its user's name.
 *
 * Nothing is stored: what the cookie says is sealed, and a signing in gives it a new id.
 */
import { LIMITS } from '../base/limits.ts';
import type { Environment } from '../ports/environment.ts';
import type { Seal } from '../ports/seal.ts';
import type { Principal } from '../ports/stateless-server.ts';
import { parsedJson } from '../protocol/json.ts';
import { isObject } from '../protocol/messages.ts';

/** A browser: whoever is signed in at it, if anyone is. */
export interface Visitor {
  readonly id: string;
  readonly principal?: Principal;
}

const NAME = 'fermata-approver';
const VISITOR = 'visitor of an approval';
const FORM = 'form of an approval';

export class ApproverCookies {
  readonly #seal: Seal;
  readonly #environment: Environment;

  constructor(seal: Seal, environment: Environment) {
    this.#seal = seal;
    this.#environment = environment;
  }

  /** The visitor that a request's cookie tells of, if it does. */
  visitor(request: Request): Visitor | undefined {
    const value = cookieIn(request);
    const said = value === undefined ? undefined : this.#opened(value, VISITOR);
    if (said === undefined || typeof said.id !== 'string') return undefined;
    const { id, principal } = said;
    return isPrincipal(principal) ? { id, principal } : { id };
  }

  fresh(principal?: Principal): Visitor {
    const id = this.#environment.newId();
    return principal === undefined ? { id } : { id, principal };
  }

  /** The value of `Set-Cookie`. */
  setting(visitor: Visitor, path: string, isSecure: boolean): string {
    const value = this.#sealed(visitor, VISITOR);
    const seconds = LIMITS.approverSignInMs / 1_000;
    return `${NAME}=${value}; Path=${path}; Max-Age=${seconds}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
  }

  /** What a form carries to prove that this page made it for this visitor. */
  formToken({ id }: Visitor, nonce: string): string {
    return this.#sealed({ id, nonce }, FORM);
  }

  isForm(token: string, { id }: Visitor, nonce: string): boolean {
    const said = this.#opened(token, FORM);
    return said !== undefined && said.id === id && said.nonce === nonce;
  }

  #sealed(value: object, binding: string): string {
    const untilMs = this.#environment.now() + LIMITS.approverSignInMs;
    return this.#seal.seal(JSON.stringify({ ...value, untilMs }), binding);
  }

  #opened(text: string, binding: string): Record<string, unknown> | undefined {
    const plain = text.length > LIMITS.approvalFormBytesMax ? undefined : this.#seal.open(text, binding);
    const value = plain === undefined ? undefined : parsedJson(plain);
    return isObject(value) && Number(value.untilMs) > this.#environment.now() ? value : undefined;
  }
}

function cookieIn(request: Request): string | undefined {
  for (const part of (request.headers.get('cookie') ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === NAME && value !== undefined) return value;
  }
  return undefined;
}

const isPrincipal = (value: unknown): value is Principal => isObject(value) && typeof value.id === 'string';
