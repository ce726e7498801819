/**
 * The standalone stream of a session: what changed at the server, outside any call.
 *
 * A legacy client opens it with a plain GET. While it is open, one `subscriptions/listen` to the upstream feeds it, made anew
 * when the client's subscriptions change or the upstream ends it. Nothing is stored: whatever may have been missed in between is
 * made good by saying that everything has changed, which costs the client a list. Where connections are not held, or the
 * upstream has nothing to tell, there is no such stream (405), and no capability promises it. Source: 2025-11-25 "Listening for
 * Messages from the Server"; 2026-07-28 "Subscriptions".
 */
import { Fault, faultOf } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { modernRequestOf } from '../bridge/legacy-request.ts';
import { legacyNotificationOf } from '../bridge/legacy-result.ts';
import type { LegacyCall, Reply, StreamEvent } from '../ports/stateful-server.ts';
import type { RpcNotification, RpcResponse } from '../protocol/messages.ts';
import { isNotification, isObject, outcomeOf } from '../protocol/messages.ts';
import { LEGACY_TRAITS } from '../protocol/revisions.ts';
import type { Session } from '../session/session.ts';
import { phaseAt } from '../session/session.ts';
import type { Engine } from './engine.ts';
import { STANDALONE, standaloneKeyOf } from './engine.ts';
import { handleOf } from './handle.ts';
import { clientFactsOf, sessionOf } from './sessions.ts';
import { ask } from './upstream.ts';

export const isStandaloneId = (eventId: string): boolean => eventId.startsWith(STANDALONE);

/** Whether sessions have a standalone stream at all: holding one where time is paid for would cost more than the calls. */
export const hasStandaloneStream = (engine: Engine): boolean => engine.settings.holdMs === undefined;

/** `after` is the `Last-Event-ID` of an earlier standalone stream, if the client had one. */
export async function openStandalone(engine: Engine, call: LegacyCall, after?: string): Promise<Reply> {
  // A GET without a session is how clients probe for the transport of 2024-11-05: they read 405 as "not here".
  if (call.sessionId === undefined) throw nothingToTell();
  const session = await sessionOf(engine, call);
  if (!hasStandaloneStream(engine) || !(await mayTell(engine, session))) throw nothingToTell();
  const { ended, detach } = engine.attachments.attach(standaloneKeyOf(session.id), call.signal);
  const feed = new Feed(engine, session, AbortSignal.any([call.signal, ended]));
  const honoured = await feed.begin().catch(thrown => {
    detach();
    throw thrown;
  });
  const first = after === undefined ? [] : everythingOf(honoured);
  return { kind: 'stream', events: events(engine, session, feed, first, detach) };
}

const nothingToTell = (): Fault =>
  new Fault(
    'method_not_allowed',
    'This server has nothing to tell outside of calls: GET only resumes a stream, with Last-Event-ID.',
  );

/** Whether the upstream says that it tells of any change. */
async function mayTell(engine: Engine, session: Session): Promise<boolean> {
  const discover = { jsonrpc: '2.0', id: 'discover', method: 'server/discover' } as const;
  const asker = { principal: { id: session.principal }, session: handleOf(session) };
  const outcome = outcomeOf(await ask(engine, modernRequestOf(discover, discover.id, clientFactsOf(session)), asker));
  if ('error' in outcome || !isObject(outcome.result.capabilities)) return false;
  const { tools, prompts, resources } = outcome.result.capabilities;
  return (
    [tools, prompts, resources].some(family => isObject(family) && family.listChanged === true) ||
    (isObject(resources) && resources.subscribe === true)
  );
}

/** Every message goes out on one stream only: that of the newest connection while it lives. */
async function* events(
  engine: Engine,
  session: Session,
  feed: Feed,
  first: readonly RpcNotification[],
  detach: () => void,
): AsyncGenerator<StreamEvent> {
  const started = `${engine.environment.now().toString(36)}-${engine.environment.newId().slice(0, 8)}`;
  let count = 0;
  const id = (): string => `${STANDALONE}${started}-${++count}`;
  const { standalone } = engine;
  standalone.set(session.id, feed);
  try {
    if (LEGACY_TRAITS[session.revision].priming) yield { id: id(), retry: LIMITS.retryMs };
    for (const message of first) yield { id: id(), message };
    for await (const message of feed.changes()) {
      if (!standalone.has(session.id)) standalone.set(session.id, feed);
      if (standalone.get(session.id) === feed) yield { id: id(), message };
    }
  } finally {
    detach();
    feed.end();
    if (standalone.get(session.id) === feed) standalone.delete(session.id);
  }
}

/** What was acknowledged, as the upstream says it. */
type Honoured = Readonly<Record<string, unknown>>;

const LIST_CHANGED: Readonly<Record<string, string>> = {
  toolsListChanged: 'notifications/tools/list_changed',
  promptsListChanged: 'notifications/prompts/list_changed',
  resourcesListChanged: 'notifications/resources/list_changed',
};

/** Every change that might have been missed. */
function everythingOf(honoured: Honoured): RpcNotification[] {
  const { resourceSubscriptions: uris } = honoured;
  const lists = Object.entries(LIST_CHANGED).filter(([flag]) => honoured[flag] === true);
  return [
    ...lists.map(([, method]) => ({ jsonrpc: '2.0', method }) as const),
    ...(Array.isArray(uris) ? uris : []).map(
      uri => ({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri } }) as const,
    ),
  ];
}

/** The upstream's changes for one session, for as long as someone listens to them. */
class Feed {
  readonly #engine: Engine;
  readonly #gone: AbortSignal;
  #session: Session;
  #listening: Listening;
  #honoured: Honoured = {};
  #attempts = 0;
  /** Whether the upstream ended the last listening: then all may have changed meanwhile. */
  #gap = false;

  constructor(engine: Engine, session: Session, gone: AbortSignal) {
    this.#engine = engine;
    this.#session = session;
    this.#gone = AbortSignal.any([gone, engine.closing.signal]);
    this.#listening = listen(engine, session, this.#gone);
  }

  /** Resolves when the upstream listens, with what it will tell. */
  async begin(): Promise<Honoured> {
    const first = await this.#listening.next();
    this.#honoured = (typeof first === 'object' && honouredBy(first)) || {};
    return this.#honoured;
  }

  async *changes(): AsyncGenerator<RpcNotification, void, undefined> {
    while (!this.#gone.aborted) {
      const message = await this.#next();
      if (message === 'again') {
        if (!(await this.#follow())) return;
      } else if (message === undefined) {
        this.#gap = true;
        const ms = Math.min(LIMITS.relistenMsMin * 2 ** Math.min(this.#attempts++, 8), LIMITS.relistenMsMax);
        if (!(await this.#rested(ms))) return;
        this.#listenAnew();
      } else yield* this.#heard(message);
    }
  }

  end(): void {
    this.#listening.end();
  }

  /** Lets the upstream rest, and follows the session meanwhile; `false` once it has ended. */
  async #rested(ms: number): Promise<boolean> {
    const { sessionsChanged } = this.#engine;
    for (let leftMs = ms; leftMs > 0 && !this.#gone.aborted; leftMs -= LIMITS.sessionLookMs) {
      await sessionsChanged.wait(this.#session.id, this.#gone, Math.min(leftMs, LIMITS.sessionLookMs));
      if (!(await this.#follow())) return false;
    }
    return true;
  }

  #heard(message: RpcNotification): readonly RpcNotification[] {
    const honoured = honouredBy(message);
    if (honoured === undefined) {
      this.#attempts = 0;
      return [legacyNotificationOf(message)];
    }
    const news = onlyNew(this.#honoured, honoured, this.#gap);
    this.#honoured = honoured;
    this.#gap = false;
    return everythingOf(news);
  }

  async #next(): Promise<RpcNotification | 'again' | undefined> {
    try {
      return await this.#listening.next();
    } catch (thrown) {
      const { code, message } = faultOf(thrown);
      this.#engine.observer({ event: 'standalone.failed', level: 'warning', session: this.#session.id, code, message });
      return undefined;
    }
  }

  /** Follows what the session is now; `false` once it has ended. */
  async #follow(): Promise<boolean> {
    const { stores, environment } = this.#engine;
    const session = await stores.sessions.load(this.#session.id).catch(() => this.#session);
    if (session === undefined || phaseAt(session, environment.now()) === 'ended') return false;
    const changed = session.subscriptions.join('\n') !== this.#session.subscriptions.join('\n');
    this.#session = session;
    if (changed) this.#listenAnew();
    return true;
  }

  #listenAnew(): void {
    this.#listening.end();
    this.#listening = listen(this.#engine, this.#session, this.#gone);
  }
}

/** What must be told again after a new acknowledgement: all of it after a gap, else the subscriptions that are new. */
function onlyNew(before: Honoured, now: Honoured, gap: boolean): Honoured {
  if (gap) return now;
  const known = Array.isArray(before.resourceSubscriptions) ? before.resourceSubscriptions : [];
  const uris = Array.isArray(now.resourceSubscriptions) ? now.resourceSubscriptions : [];
  return { resourceSubscriptions: uris.filter(uri => !known.includes(uri)) };
}

function honouredBy(message: RpcNotification): Honoured | undefined {
  if (message.method !== 'notifications/subscriptions/acknowledged') return undefined;
  return isObject(message.params?.notifications) ? message.params.notifications : {};
}

interface Listening {
  /** The next notification; `undefined` at the end, `again` when it is time to look at the session. */
  next(): Promise<RpcNotification | 'again' | undefined>;
  end(): void;
}

/** One `subscriptions/listen` to the upstream. */
function listen(engine: Engine, session: Session, gone: AbortSignal): Listening {
  const controller = new AbortController();
  const signal = AbortSignal.any([gone, controller.signal]);
  const id = `listen-${engine.environment.newId()}`;
  const notifications = {
    ...Object.fromEntries(Object.keys(LIST_CHANGED).map(flag => [flag, true])),
    ...(session.subscriptions.length > 0 ? { resourceSubscriptions: session.subscriptions } : {}),
  };
  const message = { jsonrpc: '2.0', id, method: 'subscriptions/listen', params: { notifications } } as const;
  const request = modernRequestOf(message, id, clientFactsOf(session));
  const call = { principal: { id: session.principal }, session: handleOf(session), signal };
  const source = engine.upstream(request, call)[Symbol.asyncIterator]();
  let reading: Promise<IteratorResult<RpcNotification | RpcResponse>> | undefined;
  return {
    async next() {
      reading ??= source.next();
      const waiting = new AbortController();
      try {
        const told = engine.sessionsChanged.wait(session.id, waiting.signal, LIMITS.sessionLookMs);
        const result = await Promise.race([reading, told.then(() => 'again' as const)]);
        if (result === 'again') return result;
        reading = undefined;
        return result.done || !isNotification(result.value) ? undefined : result.value;
      } finally {
        waiting.abort();
      }
    },
    end() {
      controller.abort();
      reading?.catch(() => undefined);
      void source.return?.()?.catch(() => undefined);
    },
  };
}
