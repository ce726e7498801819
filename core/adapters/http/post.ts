/**
 * One request to an upstream, a POST as a rule: connections kept for the next one, redirects within its origin, and what went wrong as a fault.
 *
 * The faults keep apart what the retry policy must know: `upstream_unreachable` without a status says that the request was
 * never taken, `upstream_lost` that it may have been. Addresses and reasons go into `detail`: clients are not told how a
 * deployment looks inside. The headers sent are the ones given here, and never those of a client. It is written on node:http
 * because `fetch` takes five times as long for a small call and gives up on an upstream that is silent for five minutes.
 */
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { Fault } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';

export interface UpstreamOptions {
  readonly url: string;
  /** Sent with every request: credentials of this deployment, for example. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface Upstream {
  readonly url: URL;
  /** Names in lower case, so that none of the deployment's can stand beside one of the protocol's. */
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: http.Agent;
}

export function upstreamOf({ url, headers = {} }: UpstreamOptions): Upstream {
  const parsed = new URL(url);
  const Agent = parsed.protocol === 'https:' ? https.Agent : http.Agent;
  return {
    url: parsed,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    agent: new Agent({ keepAlive: true, timeout: LIMITS.upstreamIdleMs }),
  };
}

interface Outgoing {
  readonly method: 'POST' | 'GET' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The response, its body unread. `signal` ends the request, and the body with it. */
export async function post(
  upstream: Upstream,
  { method, headers, body }: Outgoing,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  let { url } = upstream;
  const length = method === 'POST' ? { 'content-length': String(Buffer.byteLength(body)) } : {};
  const all = { method, headers: { ...upstream.headers, ...headers, ...length }, body };
  for (let redirects = 0; redirects <= LIMITS.upstreamRedirectsMax; redirects++) {
    const response = await send(url, upstream.agent, all, signal).catch(thrown => {
      throw connectionFault(thrown, url);
    });
    if (response.statusCode !== 307 && response.statusCode !== 308) return response;
    response.resume();
    url = redirected(url, response);
  }
  throw new Fault('upstream_unreachable', 'The upstream redirects in circles.', { detail: `at ${url.href}` });
}

function send(
  url: URL,
  agent: http.Agent,
  { method, headers, body }: Outgoing,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { request } = url.protocol === 'https:' ? https : http;
    const outgoing = request(url, { method, agent, headers });
    const giveUp = () => outgoing.destroy();
    signal.addEventListener('abort', giveUp, { once: true });
    outgoing.once('close', () => signal.removeEventListener('abort', giveUp));
    outgoing.on('error', reject);
    outgoing.once('response', resolve);
    outgoing.end(body);
  });
}

function redirected(from: URL, { statusCode, headers: { location = '' } }: IncomingMessage): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  if (to?.origin === from.origin) return to;
  throw new Fault(
    'upstream_unreachable',
    'The upstream redirects to another origin, where its credentials do not belong.',
    { data: { status: statusCode }, detail: `${from.href} redirects to ${location}` },
  );
}

const LOST = new Set(['ECONNRESET', 'EPIPE']);

/** The fault of a request that broke before there was a response. */
function connectionFault(thrown: unknown, url: URL): Fault {
  const options = { detail: `${url.href}: ${reasonOf(thrown)}`, cause: thrown };
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  if (code.startsWith('HPE_'))
    return new Fault('upstream_invalid', 'The upstream broke the protocol: its answer is no HTTP.', options);
  return LOST.has(code)
    ? new Fault('upstream_lost', 'The upstream closed the connection before it answered.', options)
    : new Fault('upstream_unreachable', 'The upstream cannot be reached.', options);
}

/** The fault of a response whose body broke. */
export const bodyFault = (thrown: unknown): Fault =>
  new Fault('upstream_lost', 'The connection to the upstream broke before its response.', {
    detail: reasonOf(thrown),
    cause: thrown,
  });

/** A host name may have several addresses, each of which failed in its own way. */
function reasonOf(thrown: unknown): string {
  if (thrown instanceof AggregateError) return thrown.errors.map(reasonOf).join('; ');
  return thrown instanceof Error ? thrown.message : String(thrown);
}
