/**
 * What a browser needs to let a page of an allowed origin talk to the endpoint (WHATWG Fetch, "CORS protocol"). Whether the
 * origin is allowed was decided before, by the guard.
 */
import { HEADER } from '../protocol/headers.ts';

const originHeaders = (origin: string): Record<string, string> => ({
  'access-control-allow-origin': origin,
  vary: 'origin',
});

/** The answer to a preflight: what the page announces is allowed. */
export const preflightResponse = (request: Request, origin: string, methods: string): Response =>
  new Response(null, {
    status: 204,
    headers: {
      ...originHeaders(origin),
      'access-control-allow-methods': methods,
      'access-control-allow-headers': request.headers.get('access-control-request-headers') ?? '*',
      'access-control-max-age': '600',
    },
  });

/** Lets the page read the response, its session id included. */
export function withOrigin(response: Response, origin: string): Response {
  for (const [name, value] of Object.entries(originHeaders(origin))) response.headers.set(name, value);
  response.headers.set('access-control-expose-headers', `${HEADER.sessionId}, www-authenticate, retry-after`);
  return response;
}
