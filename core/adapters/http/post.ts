/**
 * One POST to an upstream: headers, redirects within its origin, a time-out, and what went wrong as a fault.
 *
 * The faults keep apart what the retry policy must know: `upstream_unreachable` without a status says that the request was
 * never taken, `upstream_lost` that it may have been. Addresses and reasons go into `detail`: clients are not told how a deployment looks
 * inside. The headers sent are the ones given here, and never those of a client.
 */
import { Fault } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';

export interface Upstream {
  readonly url: URL;
  /** Sent with every request: credentials of this deployment, for example. */
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: typeof fetch;
}

/** The response, its body unread. `signal` ends the request and the body with it. */
export async function post(
  upstream: Upstream,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
): Promise<Response> {
  let url = upstream.url;
  for (let redirects = 0; redirects <= LIMITS.upstreamRedirectsMax; redirects++) {
    const init: RequestInit = {
      method: 'POST',
      headers: { ...upstream.headers, ...headers },
      body,
      signal,
      redirect: 'manual',
    };
    const response = await upstream.fetch(url, init).catch(thrown => {
      throw connectionFault(thrown, url);
    });
    if (response.status !== 307 && response.status !== 308) return response;
    await response.body?.cancel();
    url = redirected(url, response);
  }
  throw new Fault('upstream_unreachable', 'The upstream redirects in circles.', { detail: `at ${url.href}` });
}

function redirected(from: URL, response: Response): URL {
  const location = response.headers.get('location') ?? '';
  const to = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  if (to?.origin === from.origin) return to;
  throw new Fault(
    'upstream_unreachable',
    'The upstream redirects to another origin, where its credentials do not belong.',
    {
      data: { status: response.status },
      detail: `${from.href} redirects to ${location}`,
    },
  );
}

const LOST = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);
const TIMED_OUT = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

/** The fault of a request that broke before there was a response. */
function connectionFault(thrown: unknown, url: URL): Fault {
  const code = codeOf(thrown);
  const options = { detail: `${url.href}: ${reasonOf(thrown)}`, cause: thrown };
  if (TIMED_OUT.has(code)) return new Fault('upstream_timeout', 'The upstream did not answer in time.', options);
  if (LOST.has(code))
    return new Fault('upstream_lost', 'The upstream closed the connection before it answered.', options);
  return new Fault('upstream_unreachable', 'The upstream cannot be reached.', options);
}

/** The fault of a response whose body broke. */
export function bodyFault(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  const options = { detail: reasonOf(thrown), cause: thrown };
  if (TIMED_OUT.has(codeOf(thrown))) return new Fault('upstream_timeout', 'The upstream fell silent.', options);
  return new Fault('upstream_lost', 'The connection to the upstream broke before its response.', options);
}

const causeOf = (thrown: unknown): unknown =>
  thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;

function codeOf(thrown: unknown): string {
  const cause = causeOf(thrown);
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}

export function reasonOf(thrown: unknown): string {
  const cause = causeOf(thrown);
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
