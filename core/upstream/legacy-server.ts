/**
 * A server of 2025 somewhere else as a `StatelessServer`: with sessions or without, whatever carries its requests.
 *
 * Stateless ones get each request as it is; in one with sessions there is one for each Fermata session where there is one. What is
 * asked of the server itself is answered here, and what it tells between calls comes from its standalone stream; how calls begin,
 * wait and go on is `legacy-calls.ts`.
 */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { clientOf, isAdvertised } from '../bridge/from-modern.ts';
import { discovery } from '../bridge/from-program.ts';
import type { Environment } from '../ports/environment.ts';
import type { Seal } from '../ports/seal.ts';
import type { CallContext, StatelessServer } from '../ports/stateless-server.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import { responseOf } from '../protocol/messages.ts';
import { traitsOf } from '../protocol/methods.ts';
import type { Carrier } from './carrier.ts';
import type { Said, Served } from './legacy-calls.ts';
import { LegacyCalls } from './legacy-calls.ts';
import { deliverable, legacyListening, telling } from './legacy-listening.ts';
import type { LegacySession } from './legacy-session.ts';
import { endLegacySession, openLegacySession, ownerOf } from './legacy-session.ts';
import { LegacySessions } from './legacy-sessions.ts';
import type { Keeping, UpstreamServer } from './upstream-server.ts';
import { withVisits } from './visits.ts';

export interface LegacyParts {
  readonly seal: Seal;
  readonly environment: Environment;
  /** Whether standalone streams may be held to hear of changes: not where each would be paid for by its time. */
  readonly follows?: boolean;
}

export function legacyServer(carrier: Carrier, parts: LegacyParts): UpstreamServer {
  const place = new Place(carrier, parts);
  const serve = withVisits((request, call) => place.serve(request, call), parts);
  return Object.assign<StatelessServer, Keeping>((request, call) => serve(request, call), {
    release: session => place.sessions.release(session),
    close: () => place.sessions.close(),
  });
}

class Place {
  readonly #carrier: Carrier;
  readonly #parts: LegacyParts;
  readonly sessions: LegacySessions;
  readonly #calls: LegacyCalls;

  constructor(carrier: Carrier, parts: LegacyParts) {
    this.#carrier = carrier;
    this.#parts = parts;
    this.sessions = new LegacySessions(
      () => parts.environment.now(),
      session => endLegacySession(carrier, session),
    );
    this.#calls = new LegacyCalls(carrier, parts, this.sessions, (served, whole) => this.#sessionFor(served, whole));
  }

  /** Serves a request within the time a round may take, from its first byte on: a server may be silent before the head of its answer. */
  async *serve(request: ModernRequest, call: CallContext): AsyncGenerator<Said, void, undefined> {
    const client = clientOf(request);
    if (traitsOf(request.method).endless) return yield* this.#serve({ request, call, client });
    const stop = new AbortController();
    const leave = () => stop.abort(call.signal.reason);
    if (call.signal.aborted) return;
    call.signal.addEventListener('abort', leave, { once: true });
    const timer = setTimeout(() => stop.abort(), LIMITS.roundMsMax);
    let answered = false;
    try {
      for await (const said of this.#serve({ request, call: { ...call, signal: stop.signal }, client })) {
        answered = !('method' in said);
        yield said;
      }
      if (!answered && stop.signal.aborted && !call.signal.aborted)
        throw new Fault('upstream_timeout', `The upstream did not answer within ${LIMITS.roundMsMax} ms.`);
    } finally {
      clearTimeout(timer);
      call.signal.removeEventListener('abort', leave);
    }
  }

  async *#serve(served: Served): AsyncGenerator<Said, void, undefined> {
    const { request } = served;
    if (request.params.requestState !== undefined) return yield* this.#calls.goOn(served, request.params.requestState);
    const { method } = request;
    if (method === 'server/discover') {
      const { session, tells } = await this.#telling(served);
      return yield responseOf(request.id, { result: discovery(deliverable(session, tells)) });
    }
    if (method === 'subscriptions/listen') return yield* this.#listening(served);
    const session = await this.#sessionFor(served);
    const { introduction } = session;
    if (traitsOf(method).legacyOnly || !isAdvertised(method, introduction.capabilities)) {
      const message = `The upstream does not offer ${method}.`;
      return yield responseOf(request.id, { error: { code: -32601, message } });
    }
    yield* this.#calls.begin(served, session);
  }

  /** The session of a listener, and whether the server tells of changes in it. One that the server forgot is opened again. */
  async #telling(served: Served): Promise<{ readonly session: LegacySession; readonly tells: boolean }> {
    for (let attempt = 1; ; attempt++) {
      const session = await this.#sessionFor(served);
      const opened = this.#parts.follows === false ? 'refused' : await telling(session);
      if (opened !== 'lost' || attempt > 1) return { session, tells: opened === 'open' };
      this.sessions.forget(ownerOf(served.client, served.call));
    }
  }

  async *#listening(served: Served): AsyncGenerator<Said, void, undefined> {
    const { session, tells } = await this.#telling(served);
    const onLost = () => this.sessions.forget(ownerOf(served.client, served.call));
    yield* legacyListening(this.#carrier, session, { ...served, tells, onLost });
  }

  #sessionFor({ client, call }: Served, whole = false): Promise<LegacySession> {
    // Others wait for this session too, so it is not given up with the call that needed it first.
    const open = () =>
      openLegacySession(this.#carrier, client, { ...call, signal: new AbortController().signal }, whole);
    return this.sessions.of(ownerOf(client, call), { session: call.session, isOurs: true, open });
  }
}
