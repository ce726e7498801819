/** Processes of this machine by a mark in their command line, to see that none is left behind. Linux only: elsewhere, none. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** The ids of the processes whose command line holds a mark. */
export function processesMarked(mark: string): readonly string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').filter(name => /^\d+$/.test(name) && commandLineOf(name).includes(mark));
}

/** The processes still there after they had some time to end. */
export async function leftBehind(mark: string, patienceMs = 60_000): Promise<readonly string[]> {
  const untilMs = performance.now() + patienceMs;
  while (processesMarked(mark).length > 0 && performance.now() < untilMs) await sleep(20);
  return processesMarked(mark);
}

function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
