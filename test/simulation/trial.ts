/**
 * One seeded trial: a call with two questions and progress, through processes that die one after another at any step, seen by
 * a client that only knows how a good client behaves: it resumes where it was, and sends again what was not acknowledged.
 */
import { memoryStores } from '../../core/adapters/memory/stores.ts';
import type { RetryLost } from '../../core/ports/retry-lost.ts';
import type { StatefulServer, StreamEvent } from '../../core/ports/stateful-server.ts';
import type { StatelessServer } from '../../core/ports/stateless-server.ts';
import type { Stores } from '../../core/ports/stores.ts';
import { isRequest, isResponse } from '../../core/protocol/messages.ts';
import { proxy } from '../../core/proxy/proxy.ts';
import { LegacyClient, type Stream } from '../support/legacy-client.ts';
import { progress, question, scriptedUpstream, text } from '../support/upstreams/scripted.ts';
import type { Fate, Mortal } from './mortal-stores.ts';
import { mortalStores } from './mortal-stores.ts';

export interface Trial {
  readonly fates: readonly Fate[];
  readonly retryLost: RetryLost;
  /** Whether dead processes wake up again: at the end, or as soon as another has begun. */
  readonly zombies: 'never' | 'late' | 'soon';
}

export interface Outcome {
  /** Every event of the stream, over all connections. */
  readonly events: readonly StreamEvent[];
  readonly upstreamRounds: readonly string[];
}

const upstream = () =>
  scriptedUpstream({
    safe_order: async function* (request) {
      const state = request.params.requestState;
      if (state === undefined) {
        yield progress(request, 1);
        return { resultType: 'input_required', inputRequests: { what: question('What?') }, requestState: 'one' };
      }
      const value = JSON.stringify(request.params.inputResponses);
      if (state === 'one') {
        yield progress(request, 2);
        const next = { resultType: 'input_required', inputRequests: { sure: question('Sure?') } };
        return { ...next, requestState: `two ${value}` };
      }
      yield progress(request, 3);
      return text(`${state} ${value}`);
    },
  });

const SETTINGS = { idleTimeoutMs: 900_000, lifetimeMs: 28_800_000, idleAction: 'sleep', drainMs: 0 } as const;

/** `upstreamOf` makes what each process has for an upstream; without it all share a scripted one. */
export async function run(
  trial: Trial,
  upstreamOf?: (stores: Stores, owner: string) => StatelessServer,
): Promise<Outcome> {
  const truth = memoryStores();
  const scripted = upstream();
  const mortals: Mortal[] = [];
  let ids = 0;
  const start = (fate: Fate): { server: StatefulServer; mortal: Mortal } => {
    const owner = `process-${mortals.length}`;
    const mortal = mortalStores(truth, owner, fate);
    mortals.push(mortal);
    const environment = { now: Date.now, newId: () => `id-${++ids}` };
    const settings = { ...SETTINGS, retryLost: trial.retryLost };
    const server = proxy({
      upstream: upstreamOf?.(mortal.stores, owner) ?? scripted.server,
      stores: mortal.stores,
      environment,
      observer: () => {},
      owner,
      settings,
    });
    return { server, mortal };
  };

  const opening = await LegacyClient.open(start({ diesAt: undefined, lastOperation: 'lost' }).server);
  const client = new PatientClient(opening.sessionId ?? '');
  for (const fate of [...trial.fates, { diesAt: undefined, lastOperation: 'lost' } as const]) {
    const { server, mortal } = start(fate);
    if (trial.zombies === 'soon') setImmediate(() => wakeAll(mortals.slice(0, -1)));
    if (await client.work(server, mortal.death)) break;
  }
  if (trial.zombies !== 'never') {
    wakeAll(mortals);
    await new Promise(resolve => setTimeout(resolve, 5));
    const { server } = start({ diesAt: undefined, lastOperation: 'lost' });
    await client.rereads(server);
  }
  return { events: client.events, upstreamRounds: scripted.requests.map(request => String(request.id)) };
}

function wakeAll(mortals: readonly Mortal[]): void {
  for (const mortal of mortals) mortal.wake();
}

/** Follows one call through any number of processes. */
class PatientClient {
  readonly events: StreamEvent[] = [];
  readonly #sessionId: string;
  readonly #answered = new Set<unknown>();
  readonly #request = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'safe_order', _meta: { progressToken: 't' } },
  };

  constructor(sessionId: string) {
    this.#sessionId = sessionId;
  }

  /** Works with one process until the call is settled (`true`) or the process is dead. */
  async work(server: StatefulServer, death: Promise<'dead'>): Promise<boolean> {
    const session = Object.assign(new LegacyClient(server), { sessionId: this.#sessionId });
    const mortal = <T>(work: Promise<T>): Promise<T | 'dead'> => Promise.race([work, death]);
    const lastId = this.events.at(-1)?.id;
    const stream = await mortal(lastId === undefined ? session.stream(this.#request) : session.resume(lastId));
    if (stream === 'dead') return false;
    return this.#follow(session, stream, mortal);
  }

  async #follow(
    session: LegacyClient,
    stream: Stream,
    mortal: <T>(work: Promise<T>) => Promise<T | 'dead'>,
  ): Promise<boolean> {
    for (const { message } of this.events) {
      if (message && isRequest(message) && !this.#answered.has(message.id)) {
        if ((await mortal(this.#answer(session, message))) === 'dead') return false;
      }
    }
    for (;;) {
      const event = await mortal(stream.next());
      if (event === 'dead') return false;
      if (event === undefined) return true;
      if (event.message === undefined) continue;
      this.events.push(event);
      if (isRequest(event.message) && (await mortal(this.#answer(session, event.message))) === 'dead') return false;
    }
  }

  async #answer(session: LegacyClient, asked: { id: string | number }): Promise<void> {
    await session.post({
      jsonrpc: '2.0',
      id: asked.id,
      result: { action: 'accept', content: { value: `re ${asked.id}` } },
    });
    this.#answered.add(asked.id);
  }

  /** Reads the whole stream once more: what it holds for good. */
  async rereads(server: StatefulServer): Promise<void> {
    const session = Object.assign(new LegacyClient(server), { sessionId: this.#sessionId });
    const again = (await (await session.resume('n1.0')).rest()).filter(event => event.message !== undefined);
    if (JSON.stringify(again) !== JSON.stringify(this.events)) {
      throw new Error(`a zombie changed the stream:\n${JSON.stringify(again)}\nwas\n${JSON.stringify(this.events)}`);
    }
  }
}

export const responses = (events: readonly StreamEvent[]) =>
  events.flatMap(({ message }) => (message && isResponse(message) ? [message] : []));
export const questions = (events: readonly StreamEvent[]) =>
  events.flatMap(({ message }) => (message && isRequest(message) ? [message.id] : []));
export const progressOf = (events: readonly StreamEvent[]) =>
  events.flatMap(({ message }) =>
    message && 'method' in message && message.method === 'notifications/progress'
      ? [Number(message.params?.progress)]
      : [],
  );
