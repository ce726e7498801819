/**
 * The files of sessions as those who run programs see them: a folder that is brought to its last saved state when it is opened and
 * nobody is in it, and saved when a call has been completed. What a call wrote that came to no end is undone.
 */

import type { Place } from './program.ts';

/** Whose folder it is; without one it is empty at first, and gone when it is closed. */
export interface WorkspaceOwner {
  /** `workspaceNameOf`: the same in every process. */
  readonly name: string;
  /** From then on nothing needs to be kept. */
  readonly expiresAtMs: number;
}

/** A folder in use: absolute, and the same each time within a process. Several may use one session's folder at the same time. */
export interface Workspace extends Place {
  /** Resolves when what changed is durable. Throws `workspace_too_large`; then the last saved state will be restored. */
  save(): Promise<void>;
  /** What was written since it was saved must not stay. */
  spoil(): void;
  /** Whoever uses it is being ended, and will do nothing more in it that counts. */
  leaving(): void;
  /** Nobody uses it here any more; call it when the processes in it are gone. Never throws. */
  close(): Promise<void>;
}

export interface Workspaces {
  /** Throws `workspace_damaged`, once, where the last snapshot cannot be read and the one before it takes its place. */
  open(owner: WorkspaceOwner | undefined): Promise<Workspace>;
  /** The session sleeps (its folder can be made again) or has ended (nothing of it stays). */
  release(name: string, phase: 'asleep' | 'ended'): Promise<void>;
  /** Gives back every folder that nobody uses. */
  close(): Promise<void>;
}
