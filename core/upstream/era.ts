/**
 * Which era an upstream is of, found out by asking, and a `StatelessServer` that speaks to it accordingly (2026-07-28,
 * "Versioning": clients of both eras).
 *
 * A modern server answers `server/discover`; one that does not, but shakes hands, is of 2025. Credentials that are missing,
 * a server in trouble and a time-out are no evidence of either. A verdict has a date: it is looked at again after a while, and
 * as soon as the upstream answers as a server of the other era would; a wrong one would stay silent for ever.
 */
import { Fault, faultOf } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { clientOf } from '../bridge/from-modern.ts';
import type { Observer } from '../ports/observer.ts';
import type { CallContext, StatelessServer } from '../ports/stateless-server.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import { META } from '../protocol/envelope.ts';
import { standardHeaders } from '../protocol/headers.ts';
import { isObject } from '../protocol/messages.ts';
import { isModernRevision, LATEST_MODERN_REVISION } from '../protocol/revisions.ts';
import { messagesOf } from './answer.ts';
import type { Answer, Carrier } from './carrier.ts';
import { KeptResults } from './kept-results.ts';
import type { LegacyParts } from './legacy-server.ts';
import { legacyServer } from './legacy-server.ts';
import { endLegacySession, openLegacySession } from './legacy-session.ts';
import { isRevisionSupported, upstreamServer } from './upstream.ts';
import type { Keeping, UpstreamServer } from './upstream-server.ts';
import { keepingNothing } from './upstream-server.ts';

export type Era = 'modern' | 'legacy';

export interface EraParts extends LegacyParts {
  readonly observer: Observer;
  /** An era that somebody knows already; nothing is asked then. */
  readonly era?: Era | undefined;
}

/** What is evidence of either era, or of none: `undefined` leaves it to the handshake. */
const DISCOVER: ModernRequest = {
  jsonrpc: '2.0',
  id: 'fermata-era',
  method: 'server/discover',
  params: {
    _meta: {
      [META.protocolVersion]: LATEST_MODERN_REVISION,
      [META.clientCapabilities]: {},
      [META.clientInfo]: { name: 'fermata', version: '0' },
    },
  },
};

export interface Verdict {
  readonly era: Era;
  /** What the server said of itself: the result of `server/discover` or of `initialize`. */
  readonly said: Readonly<Record<string, unknown>>;
}

/** Asks. Throws what kept it from finding out, and `upstream_invalid` for a server of no era. */
export async function askEra(carrier: Carrier, call: CallContext): Promise<Verdict> {
  const signal = AbortSignal.any([call.signal, AbortSignal.timeout(LIMITS.upstreamProbeMs)]);
  try {
    const post = { headers: standardHeaders(DISCOVER), body: JSON.stringify(DISCOVER), ...call, session: undefined };
    let said = await discoveryIn(await carrier(post, signal));
    if (said === 'again') said = await discoveryIn(await carrier(post, signal));
    if (said === 'again') throw another('it refuses this revision, and names it among those it supports.');
    if (said !== undefined) return { era: 'modern', said };
    const session = await openLegacySession(carrier, clientOf(DISCOVER), { ...call, signal });
    void endLegacySession(carrier, session);
    return { era: 'legacy', said: { ...session.introduction } };
  } catch (thrown) {
    if (call.signal.aborted || !signal.aborted) throw thrown;
    throw new Fault('upstream_timeout', `The upstream did not answer within ${LIMITS.upstreamProbeMs} ms.`);
  }
}

/** Errors that only a modern server knows (-32020 to -32022): whoever says them is one. */
const isModernCode = (code: number): boolean => code <= -32020 && code >= -32022;

/** What a modern server says of itself; `again` if it wants to be asked again, `undefined` for what no modern server would answer. */
async function discoveryIn(answer: Answer): Promise<Readonly<Record<string, unknown>> | 'again' | undefined> {
  const { status } = answer;
  if (status === 401 || status === 403 || status === 408 || status === 429 || status >= 500) {
    throw new Fault('upstream_unreachable', `The upstream refused the request with HTTP status ${status}.`, {
      data: { status },
    });
  }
  try {
    for await (const message of messagesOf(answer, DISCOVER)) {
      if ('result' in message) return speaksModern(message.result) ? message.result : undefined;
      if ('error' in message && isRevisionSupported(message.error)) return 'again';
      if ('error' in message && isModernCode(message.error.code)) throw another(message.error.message);
    }
  } catch (thrown) {
    const fault = faultOf(thrown);
    if (fault.cause === SPOKE_MODERN || fault.code === 'upstream_lost' || fault.code === 'internal') throw thrown;
  }
  return undefined;
}

const speaksModern = ({ supportedVersions }: Record<string, unknown>): boolean =>
  Array.isArray(supportedVersions) && supportedVersions.some(isModernRevision);

const SPOKE_MODERN = Symbol('modern');

const another = (said: string): Fault =>
  new Fault('upstream_invalid', `The upstream is modern, but does not speak MCP ${LATEST_MODERN_REVISION}: ${said}`, {
    cause: SPOKE_MODERN,
  });

/** A server of any era. */
export function anyEraServer(carrier: Carrier, parts: EraParts): UpstreamServer {
  const servers = {
    modern: keepingNothing(
      new KeptResults(upstreamServer(carrier, parts.observer), () => parts.environment.now()).serve,
    ),
    legacy: legacyServer(carrier, parts),
  };
  if (parts.era !== undefined) return servers[parts.era];
  const { environment, observer } = parts;
  let verdict: { readonly era: Promise<Era>; readonly atMs: number } | undefined;
  const current = (call: CallContext): Promise<Era> => {
    const nowMs = environment.now();
    if (verdict !== undefined && nowMs - verdict.atMs < LIMITS.upstreamEraKeepMs) return verdict.era;
    // Others wait for the verdict too, so it is not given up with the call that needed it first.
    const asking = askEra(carrier, { ...call, signal: new AbortController().signal }).then(({ era }) => era);
    const latest = { era: asking, atMs: nowMs };
    verdict = latest;
    asking.then(
      era => observer({ event: 'upstream.era', level: 'info', era }),
      () => {
        if (verdict === latest) verdict = undefined;
      },
    );
    return asking;
  };
  const serve: StatelessServer = async function* (request, call) {
    const era = await current(call);
    try {
      yield* servers[era](request, call);
    } catch (thrown) {
      if (isDoubtful(faultOf(thrown))) verdict = undefined;
      throw thrown;
    }
  };
  const { release, close } = servers.legacy;
  return Object.assign<StatelessServer, Keeping>(serve, { release, close });
}

/** Whether a server of the other era might have answered so. */
const isDoubtful = ({ code, data }: Fault): boolean =>
  code === 'upstream_invalid' ||
  (isObject(data) && typeof data.status === 'number' && [400, 404, 405, 406, 415].includes(data.status));
