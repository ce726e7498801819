/**
 * What every request must pass before anyone looks at its body: `Host`, `Origin`, principal, media types, in this order
 * (2025-11-25 and 2026-07-28, "Streamable HTTP": security warning, sending messages).
 *
 * A guard throws the fault that says what was wrong; what it lets through it does not change.
 */
import { Fault } from '../base/errors.ts';
import { LOOPBACK_NAMES } from '../base/loopback.ts';
import type { Principal } from '../ports/stateless-server.ts';
import type { Authenticator, Rejection } from './authenticator.ts';
import { hostnameOf } from './loopback.ts';

export interface GuardOptions {
  readonly authenticate: Authenticator;
  /** Names a `Host` header may have, without port; the names of this machine by default. `any` where callers authenticate. */
  readonly hosts?: readonly string[] | 'any' | undefined;
  /** Origins (`https://app.example`) of browser pages that may call, besides pages of this machine. */
  readonly origins?: readonly string[] | undefined;
}

/** Thrown for a caller that may not come in; carries the challenge for `WWW-Authenticate`. */
export class EntryRefused extends Fault {
  readonly challenge: string;

  constructor({ code = 'principal_required', rejected, challenge }: Rejection) {
    super(code, rejected);
    this.challenge = challenge;
  }
}

export function checkHost(request: Request, { hosts = LOOPBACK_NAMES }: GuardOptions): void {
  if (hosts === 'any') return;
  const host = request.headers.get('host') ?? new URL(request.url).host;
  const name = hostnameOf(host);
  if (name !== undefined && hosts.includes(name)) return;
  throw new Fault('host_rejected', `This server does not answer to the Host "${host.slice(0, 100)}".`);
}

/** The origin of a browser's request, if it may call; `undefined` for callers that are no browser. */
export function checkOrigin(request: Request, { origins = [] }: GuardOptions): string | undefined {
  const origin = request.headers.get('origin');
  if (origin === null || origins.includes(origin) || isLoopbackOrigin(origin)) return origin ?? undefined;
  throw new Fault('origin_rejected', `Pages of the origin "${origin.slice(0, 100)}" may not call this server.`);
}

function isLoopbackOrigin(origin: string): boolean {
  const name = /^https?:\/\/(.+)$/i.exec(origin)?.[1];
  const host = name === undefined ? undefined : hostnameOf(name);
  return host !== undefined && LOOPBACK_NAMES.includes(host);
}

export async function checkPrincipal(request: Request, { authenticate }: GuardOptions): Promise<Principal> {
  const outcome = await authenticate(request);
  if ('principal' in outcome) return outcome.principal;
  throw new EntryRefused(outcome);
}

const JSON_TYPE = /^application\/json *(?:;|$)/i;

export function checkBodyMedia(request: Request): void {
  if (!JSON_TYPE.test(request.headers.get('content-type') ?? '')) {
    throw new Fault('media_type_unsupported', 'Content-Type must be application/json.');
  }
}

/** A POST brings JSON and takes both JSON and an event stream. */
export function checkPostMedia(request: Request): void {
  checkBodyMedia(request);
  const accept = request.headers.get('accept');
  if (!accepts(accept, 'application', 'json') || !accepts(accept, 'text', 'event-stream')) {
    throw new Fault('not_acceptable', 'Accept must list application/json and text/event-stream.');
  }
}

export function checkGetMedia(request: Request): void {
  if (accepts(request.headers.get('accept'), 'text', 'event-stream')) return;
  throw new Fault('not_acceptable', 'Accept must list text/event-stream.');
}

/** Whether an `Accept` header admits a type; an absent one admits everything (RFC 9110 §12.5.1). */
function accepts(header: string | null, type: string, subtype: string): boolean {
  if (header === null || header.includes(`${type}/${subtype}`)) return true;
  return header.split(',').some(range => {
    const [name, ...parameters] = range.split(';').map(part => part.trim().toLowerCase());
    const refused = parameters.some(parameter => /^q=0(?:\.0*)?$/.test(parameter));
    return !refused && (name === '*/*' || name === `${type}/*` || name === `${type}/${subtype}`);
  });
}
