/**
 * The files of sessions on one machine: snapshots beside the embedded store, and the folders in which programs run beside those.
 * With `--memory` both are gone with the process.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folderWorkspaceStore } from '../core/adapters/folder/workspace-store.ts';
import { memoryWorkspaceStore } from '../core/adapters/memory/workspace-store.ts';
import { LIMITS } from '../core/base/limits.ts';
import type { Environment } from '../core/ports/environment.ts';
import type { Observer } from '../core/ports/observer.ts';
import type { OnSessionEnd } from '../core/ports/session-end.ts';
import type { Workspaces } from '../core/ports/workspaces.ts';
import { digest } from '../core/protocol/json.ts';
import { sessionNameOf, workspaceNameOf } from '../core/protocol/state-scope.ts';
import { openWorkspaces } from '../core/workspace/workspaces.ts';
import { Misuse } from './misuse.ts';
import type { ServeSettings } from './settings.ts';

interface Parts {
  readonly environment: Environment;
  readonly observer: Observer;
}

/** `undefined` where sessions have no folders. */
export async function workspacesFor(
  { workspace, data, users }: Pick<ServeSettings, 'workspace' | 'data' | 'users'>,
  { environment, observer }: Parts,
): Promise<Workspaces | undefined> {
  if (!workspace) return undefined;
  if (users !== undefined && process.getuid?.() !== 0)
    throw new Misuse(
      '--users is for a server that runs as root, on Linux or macOS: nobody else may start programs as other users.',
    );
  const now = environment.now;
  const store =
    data === undefined ? memoryWorkspaceStore(now) : folderWorkspaceStore({ folder: join(data, 'workspaces'), now });
  const root = await rootFor(data, users !== undefined);
  const idleMax = LIMITS.idleWorkspacesMax;
  return openWorkspaces({ store, environment, observer, root, idleMax, ...(users === undefined ? {} : { users }) });
}

/** The same after a restart. Users of sessions may not enter the folder of the store. */
async function rootFor(data: string | undefined, hasUsers: boolean): Promise<string> {
  if (data === undefined) return join(await mkdtemp(join(tmpdir(), 'fermata-')), 'work');
  return hasUsers ? join(tmpdir(), `fermata-${digest(data)}`) : join(data, 'work');
}

/** What a session's end means for its files. */
export const releasing =
  (workspaces: Workspaces | undefined): OnSessionEnd =>
  ({ principal, session, phase }) =>
    workspaces?.release(workspaceNameOf(principal, sessionNameOf(session)), phase);
