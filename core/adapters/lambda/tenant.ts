/**
 * The tenant of an invocation, for functions with tenant isolation: an execution environment never serves two.
 *
 * Lambda allows few characters in the name of a tenant; an identity with others is named by its digest.
 */
import { createHash } from 'node:crypto';
import type { Post } from '../../upstream/carrier.ts';

/** Who shares environments: everybody, the calls of a principal, or those of a session (a principal's, where there is none). */
export type Tenancy = 'none' | 'principal' | 'session';

const ALLOWED = /^[A-Za-z0-9._:/=+\-@ ]{1,256}$/;

export function tenantOf(
  { principal, session }: Pick<Post, 'principal' | 'session'>,
  tenancy: Tenancy,
): string | undefined {
  if (tenancy === 'none') return undefined;
  const name = tenancy === 'session' && session !== undefined ? session : principal.id;
  return ALLOWED.test(name) ? name : `sha256:${createHash('sha256').update(name).digest('hex')}`;
}
