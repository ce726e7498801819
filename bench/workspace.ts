/**
 * What the files of a session cost: 1 000 small ones and 50 MB, saved to a local folder, saved again unchanged and with one file
 * changed, and restored by another process. Beside the times stands what was written, since what has not changed must not be.
 * A part of `npm run bench:resume`; how to read it: `docs/speed.md`.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folderWorkspaceStore } from '../core/adapters/folder/workspace-store.ts';
import { nodeEnvironment } from '../core/adapters/node/environment.ts';
import type { WorkspaceStore } from '../core/ports/workspace-store.ts';
import type { Workspace } from '../core/ports/workspaces.ts';
import { openWorkspaces } from '../core/workspace/workspaces.ts';
import { cell, table } from './report.ts';
import type { Spread } from './statistics.ts';
import { spreadOf } from './statistics.ts';

interface Load {
  readonly name: string;
  readonly files: number;
  readonly bytesEach: number;
}

const LOADS: readonly Load[] = [
  { name: '1 000 files of 1 KB', files: 1_000, bytesEach: 1_000 },
  { name: '50 files of 1 MB', files: 50, bytesEach: 1_000_000 },
];

const STEPS = ['first save', 'nothing changed', 'one file changed', 'restore elsewhere'] as const;

interface WorkspaceScore {
  readonly load: string;
  readonly step: (typeof STEPS)[number];
  readonly ms: Spread;
  /** Bytes of files that were written to the store. */
  readonly writtenBytes: number;
}

const OWNER = { name: 'bench', expiresAtMs: Number.MAX_SAFE_INTEGER };

async function measured(repetitions: number): Promise<readonly WorkspaceScore[]> {
  const scores: WorkspaceScore[] = [];
  for (const load of LOADS) {
    const laps: Lap[] = [];
    for (let i = 0; i < repetitions; i++) laps.push(await lapWith(load));
    for (const [at, step] of STEPS.entries()) {
      const ms = spreadOf(laps.map(lap => lap[at]?.ms ?? Number.NaN));
      scores.push({ load: load.name, step, ms, writtenBytes: laps[0]?.[at]?.writtenBytes ?? Number.NaN });
    }
  }
  return scores;
}

type Lap = readonly { readonly ms: number; readonly writtenBytes: number }[];

async function lapWith(load: Load): Promise<Lap> {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-bench-'));
  const environment = nodeEnvironment();
  let writtenBytes = 0;
  const kept = folderWorkspaceStore({ folder: join(folder, 'store'), now: environment.now });
  const store: WorkspaceStore = {
    ...kept,
    put: (workspace, pack, bytes) => {
      writtenBytes += bytes.length;
      return kept.put(workspace, pack, bytes);
    },
  };
  const processNamed = (name: string) =>
    openWorkspaces({ store, environment, observer: () => {}, root: join(folder, name), idleMax: 1 });
  const timed = async (work: () => Promise<unknown>): Promise<Lap[number]> => {
    const [before, beganMs] = [writtenBytes, performance.now()];
    await work();
    return { ms: performance.now() - beganMs, writtenBytes: writtenBytes - before };
  };
  try {
    const workspace = await (await processNamed('one')).open(OWNER);
    fill(workspace, load);
    const lap = [await timed(() => workspace.save())];
    // Files that were changed within a tick of the clock before they were read are read again; later calls have that behind them.
    await workspace.save();
    lap.push(await timed(() => workspace.save()));
    writeFileSync(join(workspace.folder, 'folder-0', 'file-0'), bytesOf(load, 'changed'));
    lap.push(await timed(() => workspace.save()));
    const other = await processNamed('two');
    lap.push(await timed(() => other.open(OWNER)));
    return lap;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function fill({ folder }: Workspace, load: Load): void {
  for (let i = 0; i < load.files; i++) {
    const at = join(folder, `folder-${i % 10}`);
    if (i < 10) mkdirSync(at);
    writeFileSync(join(at, `file-${i}`), bytesOf(load, String(i)));
  }
}

const bytesOf = ({ bytesEach }: Load, mark: string): Buffer => Buffer.alloc(bytesEach, `${mark} of the bench `);

/** The table for `docs/speed.md`. */
export async function workspaceTable(repetitions: number): Promise<string> {
  const rows = (await measured(repetitions)).map(({ load, step, ms, writtenBytes }) => [
    load,
    step,
    cell(ms, 1),
    String(writtenBytes),
  ]);
  return table(['files', 'what', 'ms', 'bytes of files written'], rows);
}
