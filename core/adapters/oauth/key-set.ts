/**
 * The public keys of an issuer (RFC 7517), fetched when they are needed and kept for a while.
 *
 * A token that names an unknown key may mean that the issuer has new ones, so they are fetched again; but at most once per
 * pause, whatever tokens are shown, so that nobody can make us ask without end. Known keys go on being believed for a bounded
 * time while the issuer cannot be reached.
 */
import type { CryptoKey, FlattenedJWSInput, JSONWebKeySet, JWSHeaderParameters } from 'jose';
import { createLocalJWKSet, errors } from 'jose';
import { faultOf } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { Environment } from '../../ports/environment.ts';
import type { Observer } from '../../ports/observer.ts';
import { isObject } from '../../protocol/messages.ts';
import { issuerDocument, issuerUnavailable } from './issuer-document.ts';

type Keys = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>;

export interface KeySetOptions {
  /** Tells where the keys are, each time they are fetched. */
  readonly place: () => Promise<string>;
  readonly environment: Pick<Environment, 'now'>;
  readonly observer: Observer;
}

export class KeySet {
  readonly #options: KeySetOptions;
  #known: { readonly keys: Keys; readonly atMs: number } | undefined;
  #tried: { readonly atMs: number; readonly failure?: unknown } | undefined;
  #fetching: Promise<Keys> | undefined;

  constructor(options: KeySetOptions) {
    this.#options = options;
  }

  /** The key that a token says it is signed with. Throws what jose does if there is none, and `issuer_unavailable`. */
  async find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    const keys = await this.#current();
    try {
      return await keys(header, token);
    } catch (thrown) {
      if (!(thrown instanceof errors.JWKSNoMatchingKey)) throw thrown;
      const newest = await this.#fresh(keys);
      return await newest(header, token);
    }
  }

  async #current(): Promise<Keys> {
    const known = this.#known;
    const ageMs = known === undefined ? Number.POSITIVE_INFINITY : this.#options.environment.now() - known.atMs;
    if (known !== undefined && ageMs < LIMITS.keysKeepMs) return known.keys;
    try {
      return await this.#fresh(known?.keys);
    } catch (thrown) {
      if (known === undefined || ageMs >= LIMITS.keysKeepMsMax) throw thrown;
      const { code, message, detail } = faultOf(thrown);
      this.#options.observer({
        event: 'keys.stale',
        level: 'warning',
        code,
        message,
        ...(detail === undefined ? {} : { detail }),
      });
      return known.keys;
    }
  }

  /** The keys as the issuer has them now; within the pause after the last look, what that look showed. */
  #fresh(known: Keys | undefined): Promise<Keys> {
    if (this.#fetching !== undefined) return this.#fetching;
    if (this.#tried !== undefined) {
      const { atMs, failure } = this.#tried;
      const pauseMs = failure === undefined ? LIMITS.keysPauseMs : LIMITS.keysRetryMs;
      const isPausing = this.#options.environment.now() - atMs < pauseMs;
      if (isPausing && failure !== undefined) return Promise.reject(failure);
      if (isPausing && known !== undefined) return Promise.resolve(this.#known?.keys ?? known);
    }
    this.#fetching = this.#fetch();
    return this.#fetching;
  }

  async #fetch(): Promise<Keys> {
    const { place, environment } = this.#options;
    try {
      const url = await place();
      const keys = keysIn(await issuerDocument(url), url);
      this.#known = { keys, atMs: environment.now() };
      this.#tried = { atMs: environment.now() };
      return keys;
    } catch (failure) {
      this.#tried = { atMs: environment.now(), failure };
      throw failure;
    } finally {
      this.#fetching = undefined;
    }
  }
}

function keysIn(document: unknown, url: string): Keys {
  if (document === undefined) throw issuerUnavailable(`${url} does not answer with keys.`);
  if (!isKeySet(document)) throw issuerUnavailable(`${url} holds no set of keys.`);
  return createLocalJWKSet(document);
}

const isKeySet = (value: unknown): value is JSONWebKeySet =>
  isObject(value) && Array.isArray(value.keys) && value.keys.every(key => isObject(key) && typeof key.kty === 'string');
