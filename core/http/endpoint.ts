/**
 * What every MCP endpoint has, whatever it serves: its path, guards before, JSON-RPC errors after, answers to browsers, and
 * `GET /healthz` beside it. Other paths may stand beside it, behind the same guards.
 *
 * Everything thrown on the way of a request becomes a response here, and only here. Which methods and eras there are is the
 * business of the app that is built on it.
 */
import { Hono } from 'hono';
import { Fault, faultOf } from '../base/errors.ts';
import type { Observer } from '../ports/observer.ts';
import type { Principal } from '../ports/stateless-server.ts';
import type { PostedHeaders } from '../protocol/era.ts';
import { HEADER } from '../protocol/headers.ts';
import type { RequestId } from '../protocol/messages.ts';
import { preflightResponse, withOrigin } from './cross-origin.ts';
import type { GuardOptions } from './guards.ts';
import { checkHost, checkOrigin, checkPrincipal, EntryRefused } from './guards.ts';
import { serveMetadata } from './protected-resource.ts';
import type { Headers } from './responses.ts';
import { faultResponse, reportFault } from './responses.ts';
import type { Era } from './status.ts';

export interface EndpointOptions extends GuardOptions {
  readonly observer: Observer;
  /** `/mcp` by default. */
  readonly path?: string | undefined;
  /** What `GET /healthz` says besides `status` and `uptimeSeconds`: the version, for example. */
  readonly health?: (() => Readonly<Record<string, unknown>>) | undefined;
}

/** A request on its way, and what is known of it so far: errors are told in its era and to its id. */
export interface Arrival {
  readonly http: Request;
  readonly principal: Principal;
  era: Era;
  id: RequestId | undefined;
}

export interface Endpoint {
  /** The HTTP methods there are, for `Allow`. */
  readonly allow: string;
  /** Answers a request that passed the guards, or throws a fault. */
  readonly serve: (arrival: Arrival) => Promise<Response>;
}

export const methodNotAllowed = (message: string): Fault => new Fault('method_not_allowed', message);

export function endpoint(
  options: EndpointOptions,
  main: Endpoint,
  beside: Readonly<Record<string, Endpoint>> = {},
): Hono {
  const path = options.path ?? '/mcp';
  const startedAt = performance.now();
  const app = new Hono();
  app.get('/healthz', c => {
    const uptimeSeconds = Math.round((performance.now() - startedAt) / 1000);
    return c.json({ status: 'ok', uptimeSeconds, ...options.health?.() });
  });
  const { resource } = options.authenticate;
  if (resource !== undefined) serveMetadata(app, resource, path);
  for (const [at, served] of Object.entries({ [path]: main, ...beside }))
    app.all(at, c => answer(c.req.raw, options, served));
  app.notFound(c => {
    const fault = new Fault('path_unknown', `There is nothing at ${c.req.path}. The MCP endpoint is ${path}.`);
    return faultResponse(fault, 'modern');
  });
  app.onError(thrown => refuse(thrown, options.observer, undefined, main.allow));
  return app;
}

async function answer(http: Request, options: EndpointOptions, { allow, serve }: Endpoint): Promise<Response> {
  let arrival: Arrival | undefined;
  let origin: string | undefined;
  try {
    checkHost(http, options);
    origin = checkOrigin(http, options);
    if (http.method === 'OPTIONS' && origin !== undefined) return preflightResponse(http, origin, allow);
    arrival = { http, principal: await checkPrincipal(http, options), era: 'modern', id: undefined };
    const response = await serve(arrival);
    return origin === undefined ? response : withOrigin(response, origin);
  } catch (thrown) {
    const response = refuse(thrown, options.observer, arrival, allow);
    return origin === undefined ? response : withOrigin(response, origin);
  }
}

function refuse(thrown: unknown, observer: Observer, arrival: Arrival | undefined, allow: string): Response {
  const fault = faultOf(thrown);
  reportFault(observer, fault, arrival && { principal: arrival.principal.id });
  return faultResponse(fault, arrival?.era ?? 'modern', arrival?.id, headersOf(fault, allow));
}

function headersOf(fault: Fault, allow: string): Headers {
  if (fault instanceof EntryRefused) return { 'www-authenticate': fault.challenge };
  return fault.code === 'method_not_allowed' ? { allow } : {};
}

export const postedHeadersOf = ({ headers }: Request): PostedHeaders => ({
  protocolVersion: headers.get(HEADER.protocolVersion) ?? undefined,
  method: headers.get(HEADER.method) ?? undefined,
  name: headers.get(HEADER.name) ?? undefined,
});
