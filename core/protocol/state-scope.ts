/**
 * Under which name a session's state lies. The principal is part of it, so a call that names a session of somebody else, or
 * invents one, finds nothing of theirs. The session's own id is a secret of its client and stands in no scope.
 */
import { digest } from './json.ts';

/** The name by which those behind the proxy may tell sessions apart, wherever they run. */
export const sessionNameOf = (id: string): string => digest(`fermata session ${id}`);

export const stateScopeOf = (principalId: string, sessionName: string): string =>
  `session#${digest(JSON.stringify([principalId, sessionName]))}`;

/** The name of a session's workspace: in paths and keys, so without any other character than those of a digest. */
export const workspaceNameOf = (principalId: string, sessionName: string): string =>
  digest(JSON.stringify(['workspace', principalId, sessionName]));

/** Where changes that a principal's programs report are kept for other processes. */
export const changeScopeOf = (principalId: string): string => `changes#${digest(JSON.stringify([principalId]))}`;
