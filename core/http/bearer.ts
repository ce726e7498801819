/** A bearer credential, from the one place it may stand in: the `Authorization` header, and never the URL (RFC 6750 §2.1). */

const BEARER = /^Bearer +([^\s]+)$/i;

/** What follows `Bearer`; `undefined` without such a header, or with one that holds anything else. */
export const bearerOf = (request: Request): string | undefined =>
  BEARER.exec(request.headers.get('authorization') ?? '')?.[1];
