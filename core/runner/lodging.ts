/**
 * The folder of a session as one started program has it: opened when it is first needed, saved when a call was completed, and left
 * when nothing is left of the program. What the folder holds is not known here.
 */
import { Fault } from '../base/errors.ts';
import type { Workspace, WorkspaceOwner, Workspaces } from '../ports/workspaces.ts';

/** Who is named only where a folder is opened: hardly any call needs to know. */
export type FindOwner = () => WorkspaceOwner | undefined;

export class Lodging {
  readonly #workspaces: Workspaces | undefined;
  readonly #findOwner: FindOwner;
  #opening: Promise<Workspace> | undefined;
  #isLeft = false;

  constructor(workspaces: Workspaces | undefined, findOwner: FindOwner) {
    this.#workspaces = workspaces;
    this.#findOwner = findOwner;
  }

  /** Whether sessions have folders at all. */
  get isThere(): boolean {
    return this.#workspaces !== undefined;
  }

  workspace(): Promise<Workspace> {
    if (this.#workspaces === undefined || this.#isLeft) return Promise.reject(none());
    this.#opening ??= this.#workspaces.open(this.#findOwner());
    return this.#opening;
  }

  save(): Promise<void> | undefined {
    return this.#opening?.then(workspace => workspace.save());
  }

  /** What was written since it was saved must not stay. */
  spoil(): void {
    this.#opening?.then(workspace => workspace.spoil(), ignored);
  }

  /** The program is being ended, and `gone` resolves when nothing is left of it. */
  leave(gone: Promise<void>): void {
    if (this.#isLeft) return;
    this.#isLeft = true;
    this.#opening?.then(async workspace => {
      workspace.leaving();
      await gone;
      await workspace.close();
    }, ignored);
  }
}

/** What keeps a folder from being opened is told to whoever waits for it. */
const ignored = (): void => {};

const none = (): Fault =>
  new Fault(
    'state_unavailable',
    'Sessions have no folders here. Start the server with --workspace, or give the runner `workspaces`.',
  );
