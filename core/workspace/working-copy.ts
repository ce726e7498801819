/**
 * The folder of one session in this process: who is in it, and what is known of it.
 *
 * It is brought to the newest snapshot only while nobody is in it, so nothing changes under a running program, and what happens to
 * it happens one after the other.
 */
import { chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault, faultOf } from '../base/errors.ts';
import type { Environment } from '../ports/environment.ts';
import type { Observer } from '../ports/observer.ts';
import type { WorkspaceStore } from '../ports/workspace-store.ts';
import type { Workspace, WorkspaceOwner } from '../ports/workspaces.ts';
import type { Manifest } from './manifest.ts';
import { decodeManifest, EMPTY, encodeManifest, isSameTree } from './manifest.ts';
import type { Index } from './packing.ts';
import { Packs } from './packing.ts';
import { removeTree } from './removing.ts';
import { restored } from './restoring.ts';
import type { Base, Saving } from './saving.ts';
import { lookedAt, saved } from './saving.ts';
import type { Survey } from './survey.ts';

export interface Surroundings {
  readonly store: WorkspaceStore;
  readonly environment: Environment;
  readonly observer: Observer;
  /** The folder that holds every session's. */
  readonly root: string;
}

const NOTHING: Base = { version: 0, manifest: EMPTY, own: EMPTY.entries };

export class WorkingCopy {
  readonly #parts: Surroundings;
  readonly #around: string;
  readonly #folder: string;
  readonly #temporary: string;
  readonly #user: number | undefined;
  #owner: WorkspaceOwner;
  /** `undefined`: the folder is not there. */
  #base: Base | undefined;
  #index: Index = new Map();
  #uses = 0;
  /** Of the uses, those whose programs are being ended. */
  #leaving = 0;
  #isSpoiled = false;
  #phase: 'awake' | 'asleep' | 'ended' = 'awake';
  #leftOut = '';
  #last: Promise<unknown> = Promise.resolve();
  #waiting: (() => void)[] = [];

  constructor(parts: Surroundings, owner: WorkspaceOwner, user: number | undefined) {
    this.#parts = parts;
    this.#owner = owner;
    this.#user = user;
    this.#around = join(parts.root, owner.name);
    this.#folder = join(this.#around, 'files');
    this.#temporary = join(this.#around, 'tmp');
  }

  get isUsed(): boolean {
    return this.#uses > 0;
  }

  /** Resolves when nobody is in it. */
  whenIdle(): Promise<void> {
    return this.#uses === 0 ? this.#next(async () => {}) : new Promise(resolve => this.#waiting.push(resolve));
  }

  /** One more is in it. Where nothing but an end to be undone goes on, that is waited for. */
  async open(owner: WorkspaceOwner): Promise<Workspace> {
    while (this.#isSpoiled && this.#uses > 0 && this.#uses === this.#leaving) await this.whenIdle();
    this.#uses++;
    try {
      await this.#next(async () => {
        this.#owner = owner;
        if (this.#phase !== 'ended') this.#phase = 'awake';
        if (this.#base === undefined || this.#uses === 1) await this.#bringUp();
      });
    } catch (thrown) {
      this.#uses--;
      throw thrown;
    }
    let isLeaving = false;
    const leaving = (): void => {
      if (!isLeaving) this.#leaving++;
      isLeaving = true;
    };
    return {
      folder: this.#folder,
      temporary: this.#temporary,
      user: this.#user,
      save: () => this.#next(() => this.#save()),
      spoil: () => {
        this.#isSpoiled = true;
      },
      leaving,
      close: () => {
        leaving();
        return this.#close();
      },
    };
  }

  /** Gives the folder back as soon as nobody is in it. */
  async release(phase: 'asleep' | 'ended'): Promise<void> {
    if (this.#phase !== 'ended') this.#phase = phase;
    await this.#next(async () => {
      if (this.#uses === 0) await this.#clear();
    });
  }

  /** One fewer is in it. What a program wrote at its end is saved as well, unless a call came to no end. */
  async #close(): Promise<void> {
    await this.#next(async () => {
      if (this.#uses === 1 && !this.#isSpoiled)
        await this.#save().catch(thrown => this.#tell('workspace.unsaved', thrown));
      this.#uses--;
      this.#leaving--;
      if (this.#uses > 0) return;
      if (this.#phase !== 'awake') await this.#clear();
      for (const told of this.#waiting.splice(0)) told();
    });
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  async #clear(): Promise<void> {
    this.#base = undefined;
    this.#index = new Map();
    await removeTree(this.#around).catch(thrown => this.#tell('workspace.left', thrown));
  }

  async #save(): Promise<void> {
    if (this.#phase === 'ended') return;
    try {
      this.#base = await saved(this.#saving(this.#base ?? NOTHING));
      this.#isSpoiled = false;
    } catch (thrown) {
      this.#isSpoiled = true;
      throw thrown;
    }
  }

  #saving(base: Base): Saving {
    const { store, environment } = this.#parts;
    const leftOut = (found: Survey['leftOut']): void => this.#tellLeftOut(found);
    const [owner, folder, user, index] = [this.#owner, this.#folder, this.#user, this.#index];
    return { store, environment, owner, folder, user, index, base, leftOut };
  }

  /** Brings the folder to the newest snapshot, unless it is there already. */
  async #bringUp(): Promise<void> {
    const { store } = this.#parts;
    const [newest = 0, before] = await store.versions(this.#owner.name);
    if (this.#base?.version === newest && (await this.#isUnchanged(this.#base))) return;
    this.#base = undefined;
    await this.#makeRoom();
    const manifest = await this.#manifestAt(newest);
    if (manifest !== undefined && (await this.#restore(newest, manifest))) return;
    const older = before === undefined ? undefined : await this.#manifestAt(before);
    if (older === undefined) throw lost();
    await this.#fallBack(newest, older, manifest);
  }

  /** Whether the folder still is what was saved; only one that was spoiled is looked at. */
  async #isUnchanged(base: Base): Promise<boolean> {
    if (base.own !== base.manifest.entries) return false;
    if (!this.#isSpoiled) return true;
    const look = lookedAt(this.#saving(base), base.manifest, new Packs('', async () => {}));
    const isUnchanged = await look.then(own => isSameTree(own, base.own)).catch(() => false);
    if (isUnchanged) this.#isSpoiled = false;
    return isUnchanged;
  }

  async #makeRoom(): Promise<void> {
    await mkdir(this.#around, { recursive: true, mode: this.#user === undefined ? 0o700 : 0o711 });
    await mkdir(this.#temporary, { recursive: true, mode: 0o700 });
    if (this.#user !== undefined) await chown(this.#temporary, this.#user, this.#user);
  }

  async #manifestAt(version: number): Promise<Manifest | undefined> {
    if (version === 0) return EMPTY;
    const text = await this.#parts.store.manifest(this.#owner.name, version);
    return text === undefined ? undefined : decodeManifest(text);
  }

  async #restore(version: number, manifest: Manifest): Promise<boolean> {
    const { store, environment } = this.#parts;
    const index = await restored({
      manifest,
      around: this.#around,
      folder: this.#folder,
      get: pack => store.get(this.#owner.name, pack),
      user: this.#user,
      nowMs: environment.now(),
    });
    if (index === undefined) return false;
    this.#index = index;
    this.#base = { version, manifest, own: manifest.entries };
    this.#isSpoiled = false;
    return true;
  }

  /** The snapshot before the newest becomes the newest, and the call that finds out says so. */
  async #fallBack(newest: number, older: Manifest, damaged: Manifest | undefined): Promise<void> {
    const { store, environment } = this.#parts;
    const { name: workspace, expiresAtMs } = this.#owner;
    const stale = [...(damaged?.packs.keys() ?? [])].filter(pack => !older.packs.has(pack));
    const manifest = { ...older, id: environment.newId(), stale };
    if (!(await this.#restore(newest + 1, manifest))) throw lost();
    await store.commit({ workspace, version: newest + 1, manifest: encodeManifest(manifest), expiresAtMs });
    const fault = damage(new Date(older.savedAtMs).toISOString());
    this.#tell('workspace.damaged', fault);
    throw fault;
  }

  #tell(event: string, thrown: unknown): void {
    const { code, message, detail } = faultOf(thrown);
    const more = detail === undefined ? {} : { detail };
    this.#parts.observer({ event, level: 'error', workspace: this.#owner.name, code, message, ...more });
  }

  /** Once for each thing. */
  #tellLeftOut(found: Survey['leftOut']): void {
    const [first] = found;
    const now = JSON.stringify(found);
    if (now === this.#leftOut || first === undefined) return;
    this.#leftOut = now;
    const others = found.length === 1 ? '' : `, and ${found.length - 1} others`;
    const message = `${JSON.stringify(first.path)} is not kept, because ${first.why}${others}.`;
    this.#parts.observer({ event: 'workspace.left_out', level: 'warning', workspace: this.#owner.name, message });
  }
}

const damage = (savedAt: string): Fault =>
  new Fault(
    'workspace_damaged',
    `The last saved files of this session cannot be read, so they are again as they were saved before, at ${savedAt}. ` +
      'Nothing was run. Make the call again to go on with them.',
    { data: { savedAt } },
  );

const lost = (): Fault =>
  new Fault(
    'store_corrupt',
    'The saved files of this session cannot be read, and neither can those before them. End the session and open a new one; ' +
      'whoever runs the server should look at the store.',
  );
