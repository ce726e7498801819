/** Processes under measure: started from what `bench/servers` compiles to, asked about themselves, ended with the bench. */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { compiled } from './compiled.ts';
import type { MemoryUse, Question } from './servers/child.ts';

export interface Started {
  readonly url: string;
  memory(): Promise<MemoryUse>;
  /** Processor time since the start, in microseconds. */
  processorMicros(): Promise<number>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

const living = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** Starts a server of `bench/servers`; resolves when it listens. */
export async function started(name: string, args: readonly string[] = []): Promise<Started> {
  const child = fork(await compiled(name), args, { execArgv: ['--expose-gc'] });
  living.add(child);
  child.once('exit', () => living.delete(child));
  const { url } = (await heard(child)) as { url: string };
  const asked = async (question: Question): Promise<unknown> => {
    const answer = heard(child);
    child.send(question);
    return answer;
  };
  return {
    url,
    memory: async () => ((await asked('memory')) as { memory: MemoryUse }).memory,
    processorMicros: async () => ((await asked('processor')) as { processorMicros: number }).processorMicros,
    async kill() {
      if (!living.has(child)) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** The next message of a child; an error if it ends instead. */
async function heard(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  const ended = once(child, 'exit', { signal: over.signal }).then(() => {
    throw new Error('A server under measure ended. Its last words are above.');
  });
  const message = once(child, 'message', { signal: over.signal }).then(([first]: unknown[]) => first);
  try {
    return await Promise.race([message, ended]);
  } finally {
    over.abort();
    ended.catch(() => {});
    message.catch(() => {});
  }
}
