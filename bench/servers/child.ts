/**
 * What every measured process has: it tells the bench where it listens, says how much memory and processor time it took, and
 * ends when the bench does.
 */
import { setTimeout } from 'node:timers/promises';

/** Resident memory and live objects, after the garbage collector ran. */
export interface MemoryUse {
  readonly residentBytes: number;
  readonly heapBytes: number;
}

export type Question = 'memory' | 'processor';

export function listensAt(url: string): void {
  process.on('message', question => void answer(question as Question));
  process.on('disconnect', () => process.exit(0));
  process.send?.({ url });
}

async function answer(question: Question): Promise<void> {
  if (question === 'memory') process.send?.({ memory: await memoryUse() });
  else process.send?.({ processorMicros: processorMicros() });
}

/** Twice, with a pause: finalizers of the first collection free what the second one then finds. */
async function memoryUse(): Promise<MemoryUse> {
  for (let pass = 0; pass < 2; pass++) {
    globalThis.gc?.();
    await setTimeout(200);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { residentBytes: rss, heapBytes: heapUsed + external };
}

function processorMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
