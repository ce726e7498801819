/**
 * `fermata` as a person runs it: a process of its own, its output, its exit code. No terminal, no colours, none of the settings
 * of whoever runs the tests.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { built } from './built.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  /** Resolves when stdout has said this. Rejects if the process ends before it. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<Ran>;
}

/** Starts it, with variables of its own; with `channel`, as a process that ends when we do. */
export function starting(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  channel = false,
): Running {
  const child = spawn(process.execPath, [built('fermata'), ...args], {
    cwd: ROOT,
    stdio: channel ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'],
    env: { ...plainEnvironment(), ...env },
  });
  let stdout = '';
  let stderr = '';
  const { stdout: output, stderr: complaints } = child;
  if (output === null || complaints === null) throw new Error('A process without output.');
  output.on('data', chunk => {
    stdout += String(chunk);
  });
  complaints.on('data', chunk => {
    stderr += String(chunk);
  });
  // Not its `close` event, which never comes once the channel was let go of from here.
  const ends = [once(child, 'exit'), once(output, 'close'), once(complaints, 'close')] as const;
  const ended = Promise.all(ends).then(([[code]]) => ({ code, stdout, stderr }));
  return {
    child,
    ended,
    async says(pattern) {
      for (;;) {
        const match = pattern.exec(stdout);
        if (match !== null) return match;
        const came = await Promise.race([once(output, 'data').then(() => true), ended.then(() => false)]);
        if (!came && !pattern.test(stdout))
          throw new Error(`It ended without saying ${pattern}:\n${stdout}\n${stderr}`);
      }
    },
  };
}

/** Runs it to its end. */
export const fermata = (...args: string[]): Promise<Ran> => starting(args).ended;

const plainEnvironment = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(FERMATA_.*|PORT|HOST|EXPENSES_FILE)$/.test(name)),
  ),
  NO_COLOR: '1',
  FORCE_COLOR: '0',
});

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
