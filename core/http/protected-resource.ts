/**
 * What an endpoint says about itself to clients that have no token yet: RFC 9728, "OAuth 2.0 Protected Resource Metadata".
 *
 * The document stands under `/.well-known/oauth-protected-resource`, with the path of the resource behind it, and also without
 * it, where clients look next. It is public: any page may read it.
 */
import type { Hono } from 'hono';

export interface ProtectedResource {
  /** The public URL of the endpoint, to the letter: what an access token must be made for. */
  readonly url: string;
  /** The authorization server whose tokens are taken. */
  readonly issuer: string;
  /** All that a token must grant; none by default. */
  readonly scopes?: readonly string[] | undefined;
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

const OPEN_TO_PAGES = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET',
  'access-control-allow-headers': '*',
};

/** Where clients find the document: said in every challenge. */
export function metadataUrlOf({ url }: ProtectedResource): string {
  const { origin, search, pathname } = new URL(url);
  return `${origin}${WELL_KNOWN}${suffixOf(pathname)}${search}`;
}

const suffixOf = (path: string): string => (path === '/' ? '' : path);

/** Serves the document, for the resource's public path and for the path the endpoint has here. */
export function serveMetadata(app: Hono, resource: ProtectedResource, path: string): void {
  const suffixes = ['', suffixOf(path), suffixOf(new URL(resource.url).pathname)];
  const places = new Set(suffixes.map(suffix => `${WELL_KNOWN}${suffix}`));
  const document = documentOf(resource);
  app.on(['GET', 'OPTIONS'], [WELL_KNOWN, `${WELL_KNOWN}/*`], c => {
    if (!places.has(new URL(c.req.url).pathname)) return c.notFound();
    return c.req.method === 'OPTIONS' ? c.body(null, 204, OPEN_TO_PAGES) : c.json(document, 200, OPEN_TO_PAGES);
  });
}

const documentOf = ({ url, issuer, scopes = [] }: ProtectedResource) => ({
  resource: url,
  authorization_servers: [issuer],
  ...(scopes.length === 0 ? {} : { scopes_supported: scopes }),
  bearer_methods_supported: ['header'],
});
