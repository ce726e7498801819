/**
 * What a waiting call costs while it waits: memory of the process, with its clients gone and with their streams held, and
 * bytes in the store. Fermata parks so many runs and lets the oldest go for each that comes after, so what is measured are those
 * that are parked, and those for which others had to go. The process that is started again on the same store has none of it in memory.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LIMITS } from '../../core/base/limits.ts';
import type { Bench } from '../bench.ts';
import { plainCall, questionCall, waitingCall } from '../load/calls.ts';
import { Lane } from '../load/lane.ts';
import type { MemoryUse } from '../servers/child.ts';
import type { Started } from '../started.ts';

const LANES = 32;
/** Of the waiting calls: how many settled ones come before them, and how many more have their streams held by clients. */
const WARM_UP_SHARE = 0.2;
const HELD_SHARE = 0.1;

export interface MemoryScore {
  readonly name: string;
  readonly calls: number;
  /** Growth per waiting call. */
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly residentTotalBytes: number;
}

/** Calls whose clients hang up. */
interface Gone {
  readonly what: string;
  readonly count: number;
}

export interface MemoryScores {
  readonly rows: readonly MemoryScore[];
  readonly storeBytesPerCall: number;
}

export async function waitingMemory(bench: Bench, calls: number): Promise<MemoryScores> {
  const rows: MemoryScore[] = [];
  const streams = calls * HELD_SHARE;
  const measure = async (name: string, server: Started, gone: readonly Gone[]): Promise<void> => {
    // Everything that grows once must have grown: compiled code, buffers, the heap's spare pages.
    await spread(calls * WARM_UP_SHARE, server, questionCall);
    let before = await server.memory();
    const lap = async (what: string, count: number): Promise<void> => {
      const after = await server.memory();
      rows.push(rowOf(`${name}, ${what}`, count, before, after));
      before = after;
    };
    for (const { what, count } of gone) {
      bench.say(`${name}: ${count} waiting calls, ${what}`);
      await leaveWaiting(server, count);
      await lap(what, count);
    }
    bench.say(`${name}: ${streams} waiting calls with their streams held`);
    const held = await holdWaiting(server, streams);
    await lap('streams held', streams);
    for (const lane of held) lane.close();
  };

  const data = bench.folder();
  const empty = bench.folder();
  const fermata = await bench.fermata('program', data);
  const parked = Math.min(calls / 2, LIMITS.parkedRunsMax);
  await measure('Fermata', fermata, [
    { what: 'clients gone, runs parked', count: parked },
    { what: 'clients gone, each for a parked run that had to go', count: calls - parked },
  ]);
  await fermata.kill();
  const storeBytesPerCall = bytesIn(data) / (calls + streams);

  bench.say('Fermata started again on that store, and on an empty one');
  const [fresh, reopened] = [await bench.fermata('program', empty), await bench.fermata('program', data)];
  for (const server of [fresh, reopened]) await plainCall(await Lane.open(server.url));
  rows.push(rowOf('Fermata, process started again', calls + streams, await fresh.memory(), await reopened.memory()));
  await measure('SDK v1 stateful', await bench.start('sdk-v1'), [
    { what: 'clients gone', count: Math.min(calls, 2_000) },
  ]);
  await bench.endAll();
  return { rows, storeBytesPerCall };
}

const rowOf = (name: string, calls: number, before: MemoryUse, after: MemoryUse): MemoryScore => ({
  name,
  calls,
  residentBytes: (after.residentBytes - before.residentBytes) / calls,
  heapBytes: (after.heapBytes - before.heapBytes) / calls,
  residentTotalBytes: after.residentBytes,
});

/** Makes calls that wait, and hangs up on each. */
async function leaveWaiting(server: Started, calls: number): Promise<void> {
  await spread(calls, server, async lane => {
    const { response } = await waitingCall(lane);
    response.destroy();
  });
}

/** Makes calls that wait, and keeps their connections; a client for every hundred. */
async function holdWaiting(server: Started, calls: number): Promise<readonly Lane[]> {
  const lanes = await Promise.all(Array.from({ length: Math.ceil(calls / 100) }, () => Lane.open(server.url)));
  for (let call = 0; call < calls; call += lanes.length) await Promise.all(lanes.map(lane => waitingCall(lane)));
  return lanes;
}

async function spread(calls: number, server: Started, call: (lane: Lane) => Promise<void>): Promise<void> {
  let left = calls;
  const lanes = await Promise.all(Array.from({ length: LANES }, () => Lane.open(server.url)));
  await Promise.all(
    lanes.map(async lane => {
      while (left-- > 0) await call(lane);
    }),
  );
  for (const lane of lanes) lane.close();
}

const bytesIn = (folder: string): number =>
  readdirSync(folder)
    .filter(file => file.startsWith('store.sqlite'))
    .reduce((bytes, file) => bytes + statSync(join(folder, file)).size, 0);
