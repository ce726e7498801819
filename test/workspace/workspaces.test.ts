/** Folders of sessions: brought up, saved, merged, bounded, undone, released; and what programs leave there to trap whoever reads it. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { memoryWorkspaceStore } from '../../core/adapters/memory/workspace-store.ts';
import { nodeEnvironment } from '../../core/adapters/node/environment.ts';
import { LIMITS } from '../../core/base/limits.ts';
import type { Observation } from '../../core/ports/observer.ts';
import type { WorkspaceStore } from '../../core/ports/workspace-store.ts';
import type { Workspaces } from '../../core/ports/workspaces.ts';
import { openWorkspaces } from '../../core/workspace/workspaces.ts';

const OWNER = { name: 'ada', expiresAtMs: Number.MAX_SAFE_INTEGER };
const environment = nodeEnvironment();

interface Given {
  readonly store: WorkspaceStore;
  readonly observed: readonly Observation[];
  /** Packs put so far, with their sizes. */
  readonly puts: readonly number[];
  /** Another process on the same store. */
  another(): Promise<Workspaces>;
}

async function given(): Promise<Given> {
  const observed: Observation[] = [];
  const puts: number[] = [];
  const memory = memoryWorkspaceStore(environment.now);
  const store: WorkspaceStore = {
    ...memory,
    put: (workspace, pack, bytes) => {
      puts.push(bytes.length);
      return memory.put(workspace, pack, bytes);
    },
  };
  const another = async (): Promise<Workspaces> => {
    const parent = await mkdtemp(join(tmpdir(), 'fermata-work-'));
    onTestFinished(() => rm(parent, { recursive: true, force: true }));
    const observer = (observation: Observation): void => void observed.push(observation);
    return openWorkspaces({ store, environment, observer, root: join(parent, 'work'), idleMax: 2 });
  };
  return { store, observed, puts, another };
}

/** One call in a session: what it does in its folder is saved. */
async function call<T>(all: Workspaces, work: (folder: string) => T, owner = OWNER): Promise<T> {
  const workspace = await all.open(owner);
  try {
    const result = work(workspace.folder);
    await workspace.save();
    return result;
  } finally {
    await workspace.close();
  }
}

const text = (path: string) => (folder: string) => readFileSync(join(folder, path), 'utf8');
const writing = (path: string, content: string) => (folder: string) => writeFileSync(join(folder, path), content);

describe('the folder of a session', () => {
  it('is found by the next call as it was left, in any process, and by no other session', async () => {
    const { another } = await given();
    const one = await another();
    await call(one, folder => {
      mkdirSync(join(folder, 'empty'));
      mkdirSync(join(folder, 'sub'));
      writeFileSync(join(folder, 'sub/Zoë 🧾\n.txt'), 'kept');
      writeFileSync(join(folder, 'run.sh'), '#!/bin/sh\necho ran', { mode: 0o755 });
      symlinkSync('../run.sh', join(folder, 'sub/link'));
    });
    await call(await another(), folder => {
      expect(existsSync(join(folder, 'empty'))).toBe(true);
      expect(text('sub/Zoë 🧾\n.txt')(folder)).toBe('kept');
      expect(readlinkSync(join(folder, 'sub/link'))).toBe('../run.sh');
      expect(execFileSync(join(folder, 'sub/link')).toString()).toBe('ran\n');
    });
    await call(one, folder => expect(execFileSync('ls', ['-A', folder]).toString()).toBe(''), {
      ...OWNER,
      name: 'bob',
    });
  });

  it('writes what changed, and nothing else', async () => {
    const { another, puts } = await given();
    const all = await another();
    await call(all, folder => {
      for (let i = 0; i < 50; i++) writeFileSync(join(folder, `${i}`), `${i}`.padEnd(1_000));
    });
    expect(puts).toEqual([50_000]);
    await call(all, writing('7', 'seven'));
    expect(puts).toEqual([50_000, 5]);
    await call(all, () => {});
    await call(await another(), writing('copy', '3'.padEnd(1_000)));
    expect(puts).toEqual([50_000, 5]);
  });

  it('lets go of bytes that no snapshot needs', async () => {
    const { another, store } = await given();
    const all = await another();
    const packs = new Set<string>();
    const put = store.put;
    store.put = (workspace, pack, bytes) => {
      packs.add(pack);
      return put(workspace, pack, bytes);
    };
    for (let i = 0; i < 6; i++) await call(all, writing('a', `${i}`));
    const left = await Promise.all([...packs].map(pack => store.get(OWNER.name, pack)));
    expect([packs.size, left.filter(bytes => bytes !== undefined).length]).toEqual([6, 2]);
  });

  it('packs again what a pack of garbage still holds', async () => {
    const { another, puts } = await given();
    const all = await another();
    await call(all, folder => {
      writeFileSync(join(folder, 'large'), 'x'.repeat(9_000));
      writeFileSync(join(folder, 'small'), 'y'.repeat(1_000));
    });
    await call(all, folder => rmSync(join(folder, 'large')));
    expect(puts).toEqual([10_000, 1_000]);
    expect(await call(await another(), text('small'))).toBe('y'.repeat(1_000));
  });

  it('undoes what a call wrote that came to no end', async () => {
    const { another } = await given();
    const all = await another();
    await call(all, writing('a', 'kept'));
    const cut = await all.open(OWNER);
    writing('a', 'half')(cut.folder);
    writing('b', 'half')(cut.folder);
    cut.spoil();
    await cut.close();
    expect(await call(all, folder => [text('a')(folder), existsSync(join(folder, 'b'))])).toEqual(['kept', false]);
  });

  it('keeps what a program writes when it is told to end', async () => {
    const { another } = await given();
    const workspace = await (await another()).open(OWNER);
    await workspace.save();
    writing('last', 'words')(workspace.folder);
    await workspace.close();
    expect(await call(await another(), text('last'))).toBe('words');
  });

  it('is not touched while somebody is in it', async () => {
    const { another } = await given();
    const [one, two] = [await another(), await another()];
    const inside = await one.open(OWNER);
    writing('mine', '1')(inside.folder);
    await call(two, writing('theirs', '2'));
    const second = await one.open(OWNER);
    expect([second.folder, existsSync(join(second.folder, 'theirs'))]).toEqual([inside.folder, false]);
    await inside.save();
    await inside.close();
    await second.close();
    expect(await call(one, folder => text('mine')(folder) + text('theirs')(folder))).toBe('12');
  });

  it('brings together what two processes saved at the same time, path by path', async () => {
    const { another } = await given();
    const [one, two] = [await another(), await another()];
    await call(one, folder => {
      mkdirSync(join(folder, 'sub'));
      for (const name of ['a', 'b', 'c', 'sub/d']) writeFileSync(join(folder, name), 'old');
    });
    const [first, second] = [await one.open(OWNER), await two.open(OWNER)];
    writing('a', 'first')(first.folder);
    rmSync(join(first.folder, 'c'));
    rmSync(join(first.folder, 'sub'), { recursive: true });
    writing('a', 'second')(second.folder);
    writing('b', 'second')(second.folder);
    writing('sub/d', 'changed')(second.folder);
    await first.save();
    await second.save();
    // What was not brought up is not taken for deleted either.
    writing('e', 'later')(second.folder);
    await second.save();
    await Promise.all([first.close(), second.close()]);
    const found = await call(one, folder => ['a', 'b', 'sub/d', 'e'].map(path => text(path)(folder)));
    expect(found).toEqual(['second', 'second', 'changed', 'later']);
    expect(await call(two, folder => existsSync(join(folder, 'c')))).toBe(false);
  });

  it('without a session begins empty and leaves nothing', async () => {
    const { another } = await given();
    const workspace = await (await another()).open(undefined);
    writing('a', '1')(workspace.folder);
    await workspace.save();
    await workspace.close();
    expect(existsSync(workspace.folder)).toBe(false);
  });
});

describe('the end of a session', () => {
  it('takes its folder and everything that was saved, at once or when the last has left', async () => {
    const { another, store } = await given();
    const all = await another();
    await call(all, writing('a', '1'));
    const inside = await all.open(OWNER);
    await all.release(OWNER.name, 'ended');
    expect(await store.versions(OWNER.name)).toEqual([]);
    expect(existsSync(inside.folder)).toBe(true);
    writing('a', '2')(inside.folder);
    await inside.save();
    await inside.close();
    expect(existsSync(inside.folder)).toBe(false);
    expect(await store.versions(OWNER.name)).toEqual([]);
  });

  it('only gives the folder back when it falls asleep', async () => {
    const { another } = await given();
    const all = await another();
    const folder = await call(all, at => {
      writing('a', '1')(at);
      return at;
    });
    await all.release(OWNER.name, 'asleep');
    expect(existsSync(folder)).toBe(false);
    expect(await call(all, text('a'))).toBe('1');
  });

  it('keeps no more folders that nobody uses than there is room for', async () => {
    const { another } = await given();
    const all = await another();
    const folders: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) folders.push(await call(all, at => at, { ...OWNER, name }));
    expect(folders.map(existsSync)).toEqual([false, false, true, true]);
  });
});

describe('too much', () => {
  const state = async (all: Workspaces): Promise<unknown> =>
    call(all, folder => [text('a')(folder), existsSync(join(folder, 'large'))]);

  it('fails the call with its reason, and the state before it stands', async () => {
    const { another } = await given();
    const all = await another();
    await call(all, writing('a', 'kept'));
    const large = call(all, folder => {
      writing('a', 'lost')(folder);
      execFileSync('truncate', ['-s', String(LIMITS.workspaceFileBytesMax + 1), join(folder, 'large')]);
    });
    await expect(large).rejects.toMatchObject({
      code: 'workspace_too_large',
      message: expect.stringContaining('"large" of 67108865 bytes, and a file may take 67108864'),
    });
    expect(await state(all)).toEqual(['kept', false]);
    const all4 = call(all, folder => {
      for (let i = 0; i < 5; i++) execFileSync('truncate', ['-s', '60M', join(folder, `${i}`)]);
    });
    await expect(all4).rejects.toThrow('more than 268435456 bytes');
    expect(await state(all)).toEqual(['kept', false]);
  });

  it('is a matter of number as well', async () => {
    const { another } = await given();
    const all = await another();
    await call(all, writing('a', 'kept'));
    const many = call(all, folder => {
      for (let i = 0; i <= LIMITS.workspaceEntriesMax; i++) mkdirSync(join(folder, `${i}`));
    });
    await expect(many).rejects.toThrow('more than 10000 files and folders');
    expect(await state(all)).toEqual(['kept', false]);
  });
});

describe('what does not belong there', () => {
  it('is left out and told: links that lead out, pipes, names that are no text', async () => {
    const { another, observed } = await given();
    const all = await another();
    await call(all, folder => {
      mkdirSync(join(folder, 'sub'));
      symlinkSync('/etc/passwd', join(folder, 'absolute'));
      symlinkSync('../../outside', join(folder, 'sub/up'));
      symlinkSync('sub/../../outside', join(folder, 'around'));
      execFileSync('mkfifo', [join(folder, 'pipe')]);
      writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x66, 0xff])]), 'no text');
      writing('good', 'kept')(folder);
    });
    const names = (folder: string): string => execFileSync('ls', ['-A', '-R', folder], { encoding: 'latin1' });
    const found = await call(await another(), names);
    expect(found.replaceAll(/^\/.*\//gm, '')).toBe('files:\ngood\nsub\n\nsub:\n');
    const told = observed.filter(({ event }) => event === 'workspace.left_out');
    expect(told).toMatchObject([
      { level: 'warning', workspace: 'ada', message: expect.stringMatching(/and 4 others\.$/) },
    ]);
  });

  it('does not lead a save or a restore astray: links in the place of folders, hard links', async () => {
    const { another } = await given();
    const all = await another();
    const outside = await mkdtemp(join(tmpdir(), 'fermata-outside-'));
    onTestFinished(() => rm(outside, { recursive: true }));
    writing('secret', 'not theirs')(outside);
    await call(all, folder => {
      mkdirSync(join(folder, 'sub'));
      writing('sub/secret', 'theirs')(folder);
      writing('hard', 'before')(folder);
    });
    const trap = await all.open(OWNER);
    rmSync(join(trap.folder, 'sub'), { recursive: true });
    symlinkSync(outside, join(trap.folder, 'sub'));
    rmSync(join(trap.folder, 'hard'));
    linkSync(join(outside, 'secret'), join(trap.folder, 'hard'));
    trap.spoil();
    await trap.close();
    // Bringing it up again writes both files, into the session's own folder.
    expect(await call(all, folder => [text('sub/secret')(folder), text('hard')(folder)])).toEqual(['theirs', 'before']);
    expect(text('secret')(outside)).toBe('not theirs');
  });

  it('can be a folder that its owner may not enter', async () => {
    const { another } = await given();
    const all = await another();
    const locked = await all.open(OWNER);
    mkdirSync(join(locked.folder, 'sub/sub'), { recursive: true });
    execFileSync('chmod', ['000', join(locked.folder, 'sub')]);
    locked.spoil();
    await locked.close();
    expect(await call(all, folder => execFileSync('ls', ['-A', folder]).toString())).toBe('');
  });
});

describe('a damaged snapshot', () => {
  const damaged = async (harm: (store: WorkspaceStore, given: Given) => Promise<void>) => {
    const all = await given();
    const one = await all.another();
    await call(one, writing('a', 'first'));
    await call(one, writing('a', 'second'));
    await harm(all.store, all);
    return all;
  };

  it('is told to the call that finds it, once, and the snapshot before it takes its place', async () => {
    const { another, observed } = await damaged(async store => {
      const manifest = store.manifest;
      store.manifest = async (name, version) =>
        version === 2 ? (await manifest(name, version))?.replace('"files"', '"fires"') : manifest(name, version);
    });
    const two = await another();
    await expect(call(two, text('a'))).rejects.toMatchObject({
      code: 'workspace_damaged',
      message: expect.stringMatching(
        /^The last saved files of this session cannot be read, so they are again as .* 20\d\d-/,
      ),
    });
    expect(await call(two, text('a'))).toBe('first');
    await call(two, writing('b', 'goes on'));
    expect(await call(await another(), folder => text('a')(folder) + text('b')(folder))).toBe('firstgoes on');
    expect(observed).toMatchObject([{ event: 'workspace.damaged', level: 'error', code: 'workspace_damaged' }]);
  });

  it('is one whose bytes are not what it says, too', async () => {
    const { another } = await damaged(async store => {
      const get = store.get;
      const bad = Buffer.from('secund');
      store.get = async (name, pack) => ((await get(name, pack))?.length === bad.length ? bad : get(name, pack));
    });
    const two = await another();
    await expect(call(two, text('a'))).rejects.toMatchObject({ code: 'workspace_damaged' });
    expect(await call(two, text('a'))).toBe('first');
  });

  it('is an error that stays when the one before it cannot be read either', async () => {
    const { another } = await damaged(async store => {
      store.get = async () => undefined;
    });
    const two = await another();
    for (const _ of [1, 2]) await expect(call(two, text('a'))).rejects.toMatchObject({ code: 'store_corrupt' });
  });
});
