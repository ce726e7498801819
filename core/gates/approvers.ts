/**
 * Who may decide on a call, besides or instead of whoever made it: `self`, names of principals or patterns with `*`, and `scope:`
 * with a scope that the credential of the one who decides must grant.
 */

import { anyOf } from '../base/pattern.ts';
import type { Principal } from '../ports/stateless-server.ts';

/** Whoever made the call, and nobody else, unless a policy says otherwise. */
export const SELF: readonly string[] = ['self'];
const SCOPE = 'scope:';

export function mayDecide(approvers: readonly string[], asker: string, { id, scopes = [] }: Principal): boolean {
  return approvers.some(approver => {
    if (approver === 'self') return id === asker;
    if (approver.startsWith(SCOPE)) return scopes.some(anyOf([approver.slice(SCOPE.length)]));
    return anyOf([approver])(id);
  });
}
