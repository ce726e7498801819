/**
 * A request as the event that a Function URL would make of it (payload version 2.0), so that any function that serves HTTP takes
 * it, without a URL of its own.
 */
import type { Post } from '../../upstream/carrier.ts';

export interface Place {
  /** Of the MCP endpoint within the function. */
  readonly path: string;
  /** Sent with every request; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A name that servers which check their `Host` know as this machine's own. */
const HOST = 'localhost';

export function eventOf(
  { method = 'POST', headers, body, principal }: Post,
  place: Place,
  requestId: string,
  nowMs: number,
) {
  const host = place.headers.host ?? HOST;
  const all = { host, 'x-forwarded-proto': 'https', 'x-forwarded-port': '443', ...place.headers, ...headers };
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: place.path,
    rawQueryString: '',
    headers: { ...all, 'content-length': String(Buffer.byteLength(body)) },
    requestContext: {
      accountId: 'anonymous',
      apiId: 'fermata',
      domainName: host,
      domainPrefix: 'fermata',
      http: { method, path: place.path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'fermata' },
      requestId,
      // As an authorizer of API Gateway tells it: no client can write here, only who may invoke the function.
      authorizer: { lambda: { principal: principal.id } },
      routeKey: '$default',
      stage: '$default',
      time: new Date(nowMs).toISOString(),
      timeEpoch: nowMs,
    },
    body,
    isBase64Encoded: false,
  };
}
