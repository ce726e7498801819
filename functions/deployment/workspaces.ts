/**
 * The files of sessions on Lambda: snapshots in a bucket, folders in `/tmp`. Nothing of S3 is loaded before a call needs its folder,
 * so a function without a bucket, or a program that keeps no files, starts as quickly as ever.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../../core/ports/environment.ts';
import type { Observer } from '../../core/ports/observer.ts';
import type { Workspaces } from '../../core/ports/workspaces.ts';

/** An environment serves one call at a time, and `/tmp` is small: the last session's folder may stay. */
const IDLE_MAX = 1;

export function bucketWorkspaces(bucket: string, environment: Environment, observer: Observer): Workspaces {
  let opening: Promise<Workspaces> | undefined;
  const opened = async (): Promise<Workspaces> => {
    const { s3WorkspaceStore } = await import('../../core/adapters/s3/workspace-store.ts');
    const { openWorkspaces } = await import('../../core/workspace/workspaces.ts');
    const root = join(tmpdir(), 'fermata', 'work');
    return openWorkspaces({ store: s3WorkspaceStore({ bucket }), environment, observer, root, idleMax: IDLE_MAX });
  };
  const all = (): Promise<Workspaces> => {
    opening ??= opened();
    return opening;
  };
  return {
    open: async owner => (await all()).open(owner),
    release: async (name, phase) => (await all()).release(name, phase),
    close: async () => (await opening)?.close(),
  };
}
