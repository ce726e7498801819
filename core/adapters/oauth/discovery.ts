/**
 * Where an issuer's keys are: said by its metadata (RFC 8414, and OpenID Connect Discovery for servers that have only that).
 *
 * The places are tried in the order of MCP's "Authorization server metadata discovery". A document that names another issuer
 * is not believed (RFC 8414 §3.3).
 */
import { isObject } from '../../protocol/messages.ts';
import { issuerDocument, issuerUnavailable } from './issuer-document.ts';

/** The URL of the key set. Throws `issuer_unavailable` if no metadata tells it. */
export async function discoveredKeysUrl(issuer: string): Promise<string> {
  for (const place of placesOf(issuer)) {
    const metadata = await issuerDocument(place);
    if (metadata === undefined) continue;
    if (!isObject(metadata) || metadata.issuer !== issuer) throw issuerUnavailable(`${place} is not of ${issuer}.`);
    if (typeof metadata.jwks_uri !== 'string') throw issuerUnavailable(`${place} names no jwks_uri.`);
    return metadata.jwks_uri;
  }
  throw issuerUnavailable(`There is no metadata at ${placesOf(issuer).join(', ')}.`);
}

export function placesOf(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
    ...(path === '' ? [] : [`${origin}${path}/.well-known/openid-configuration`]),
  ];
}
