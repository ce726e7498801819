/**
 * The folders of all sessions in this process. Each session has one, found by its name; folders that nobody uses are kept while
 * there is room, so that the next call finds its files there. A call without a session gets a folder that ends with it.
 */
import { chown, mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Workspace, WorkspaceOwner, Workspaces } from '../ports/workspaces.ts';
import { removeTree } from './removing.ts';
import type { Surroundings } from './working-copy.ts';
import { WorkingCopy } from './working-copy.ts';

export interface WorkspacesOptions extends Surroundings {
  /** How many folders that nobody uses are kept. */
  readonly idleMax: number;
  /** Users of the system that sessions are given, one each, for as long as their folder is there. */
  readonly users?: readonly number[];
}

/** Takes possession of the root: what an earlier process left in it goes. */
export async function openWorkspaces(options: WorkspacesOptions): Promise<Workspaces> {
  const { root, users, environment } = options;
  const old = `${root}.${environment.newId()}`;
  const isThere = await rename(root, old).then(
    () => true,
    () => false,
  );
  if (isThere) removeTree(old).catch(() => {});
  await mkdir(dirname(root), { recursive: true, mode: 0o700 });
  // Not one that somebody else has put there meanwhile.
  await mkdir(root, { mode: users === undefined ? 0o700 : 0o711 });
  return new SessionFolders(options);
}

class SessionFolders implements Workspaces {
  readonly #options: WorkspacesOptions;
  /** The one used longest ago first. */
  readonly #copies = new Map<string, { readonly copy: WorkingCopy; readonly user: number | undefined }>();
  readonly #users: Set<number>;

  constructor(options: WorkspacesOptions) {
    this.#options = options;
    this.#users = new Set(options.users);
  }

  async open(owner: WorkspaceOwner | undefined): Promise<Workspace> {
    if (owner === undefined) return this.#passing();
    await this.#makeRoom(owner.name);
    const known = this.#copies.get(owner.name);
    const { copy, user } = known ?? this.#copyFor(owner);
    this.#copies.delete(owner.name);
    this.#copies.set(owner.name, { copy, user });
    return copy.open(owner);
  }

  async release(name: string, phase: 'asleep' | 'ended'): Promise<void> {
    await this.#give(name, phase);
    if (phase === 'ended') await this.#options.store.remove(name);
  }

  async close(): Promise<void> {
    const over = new AbortController();
    const emptied = Promise.all([...this.#copies.values()].map(({ copy }) => copy.whenIdle()));
    // Whoever was in them is being ended, and saved.
    await Promise.race([emptied, pause(LIMITS.drainMs, undefined, { signal: over.signal }).catch(() => {})]);
    over.abort();
    for (const name of [...this.#copies.keys()]) await this.#give(name, 'asleep');
    await removeTree(this.#options.root).catch(() => {});
  }

  #copyFor(owner: WorkspaceOwner): { readonly copy: WorkingCopy; readonly user: number | undefined } {
    const user = this.#takeUser();
    return { copy: new WorkingCopy(this.#options, owner, user), user };
  }

  /** The folder of a session goes, unless somebody is in it: then it goes when they have left. */
  async #give(name: string, phase: 'asleep' | 'ended'): Promise<void> {
    const known = this.#copies.get(name);
    if (known === undefined) return;
    await known.copy.release(phase);
    if (known.copy.isUsed || this.#copies.get(name) !== known) return;
    this.#copies.delete(name);
    this.#giveUser(known.user);
  }

  /** Lets folders go that nobody uses, until one more may be kept and, where sessions have users, one is free. */
  async #makeRoom(name: string): Promise<void> {
    if (this.#copies.has(name)) return;
    const idle = [...this.#copies].filter(([, { copy }]) => !copy.isUsed).map(([key]) => key);
    const wanted = idle.length - this.#options.idleMax + 1;
    const forUser = this.#options.users !== undefined && this.#users.size === 0 ? 1 : 0;
    for (const key of idle.slice(0, Math.max(wanted, forUser, 0))) await this.#give(key, 'asleep');
  }

  async #passing(): Promise<Workspace> {
    const user = this.#takeUser();
    const around = join(this.#options.root, this.#options.environment.newId());
    const folder = join(around, 'files');
    const temporary = join(around, 'tmp');
    await mkdir(around, { recursive: true, mode: user === undefined ? 0o700 : 0o711 });
    for (const made of [folder, temporary]) {
      await mkdir(made, { mode: 0o700 });
      if (user !== undefined) await chown(made, user, user);
    }
    const close = async (): Promise<void> => {
      await removeTree(around).catch(() => {});
      this.#giveUser(user);
    };
    return { folder, temporary, user, save: async () => {}, spoil: () => {}, leaving: () => {}, close };
  }

  #takeUser(): number | undefined {
    if (this.#options.users === undefined) return undefined;
    const [user] = this.#users;
    if (user === undefined) {
      const message = `Each of the ${this.#options.users.length} users for sessions is taken. Try again later, or give more of them.`;
      throw new Fault('program_unstartable', message);
    }
    this.#users.delete(user);
    return user;
  }

  #giveUser(user: number | undefined): void {
    if (user !== undefined) this.#users.add(user);
  }
}
