/**
 * Results that a server of 2026-07-28 allows to be kept for a while (`ttlMs`, `cacheScope`; SEP-2549), for clients of 2025, who cannot
 * keep them themselves.
 *
 * What is `private` is given to its principal only, and to a client with the same capabilities. What asks, answers a retry, or
 * fails is never kept. A change that the server tells to anyone who listens here ends what it may have changed; else a result
 * lives as long as the server said. Bounded, and all of it may go at any time.
 */
import { LIMITS } from '../base/limits.ts';
import { clientOf } from '../bridge/from-modern.ts';
import type { CallContext, StatelessServer } from '../ports/stateless-server.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import { canonicalJson } from '../protocol/json.ts';
import type { RpcNotification } from '../protocol/messages.ts';
import { responseOf } from '../protocol/messages.ts';
import { traitsOf } from '../protocol/methods.ts';

type Json = Readonly<Record<string, unknown>>;

interface Kept {
  readonly method: string;
  readonly result: Json;
  readonly untilMs: number;
  readonly characters: number;
}

export class KeptResults {
  readonly #server: StatelessServer;
  readonly #now: () => number;
  readonly #kept = new Map<string, Kept>();
  #characters = 0;
  /** Counts changes, so that a result asked for before one is not kept after it. */
  #changes = 0;

  constructor(server: StatelessServer, now: () => number) {
    this.#server = server;
    this.#now = now;
  }

  readonly serve: StatelessServer = (request, call) => {
    if (traitsOf(request.method).endless) return this.#listening(request, call);
    const { inputResponses, requestState } = request.params;
    const isFresh = inputResponses === undefined && requestState === undefined;
    return isFresh && traitsOf(request.method).cacheable ? this.#listed(request, call) : this.#server(request, call);
  };

  async *#listed(request: ModernRequest, call: CallContext): ReturnType<StatelessServer> & AsyncGenerator {
    const { method, id } = request;
    const { _meta: _, ...params } = request.params;
    const about = canonicalJson([method, params, clientOf(request).capabilities]);
    const own = `${JSON.stringify(call.principal.id)} ${about}`;
    const nowMs = this.#now();
    const known = this.#at(own, nowMs) ?? this.#at(about, nowMs);
    if (known !== undefined) {
      return yield responseOf(id, { result: { ...known.result, ttlMs: known.untilMs - nowMs } });
    }
    const changes = this.#changes;
    for await (const said of this.#server(request, call)) {
      if ('result' in said && changes === this.#changes) {
        const result = said.result as Json;
        this.#keep(result.cacheScope === 'public' ? about : own, method, result, nowMs);
      }
      yield said;
    }
  }

  #at(key: string, nowMs: number): Kept | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined || kept.untilMs > nowMs) return kept;
    this.#drop(key, kept);
    return undefined;
  }

  #keep(key: string, method: string, result: Json, nowMs: number): void {
    const { ttlMs, resultType } = result;
    if (resultType !== 'complete' || typeof ttlMs !== 'number' || !Number.isSafeInteger(ttlMs) || ttlMs <= 0) return;
    const characters = JSON.stringify(result).length;
    if (characters > LIMITS.keptResultsCharactersMax / 4) return;
    const before = this.#kept.get(key);
    if (before !== undefined) this.#drop(key, before);
    this.#kept.set(key, { method, result, untilMs: nowMs + Math.min(ttlMs, LIMITS.keptResultMsMax), characters });
    this.#characters += characters;
    for (const [oldest, kept] of this.#kept) {
      if (this.#kept.size <= LIMITS.keptResultsMax && this.#characters <= LIMITS.keptResultsCharactersMax) break;
      this.#drop(oldest, kept);
    }
  }

  #drop(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#characters -= kept.characters;
  }

  async *#listening(request: ModernRequest, call: CallContext): ReturnType<StatelessServer> & AsyncGenerator {
    for await (const said of this.#server(request, call)) {
      if ('method' in said) this.#changed(said as RpcNotification);
      yield said;
    }
  }

  #changed({ method }: RpcNotification): void {
    const family = /^notifications\/(tools|prompts|resources)\//.exec(method)?.[1];
    if (family === undefined) return;
    this.#changes++;
    for (const [key, kept] of this.#kept) if (kept.method.startsWith(`${family}/`)) this.#drop(key, kept);
  }
}
