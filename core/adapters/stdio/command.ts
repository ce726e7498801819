/**
 * One command to its end: its output as it comes, within a time and a number of bytes, and nothing of it left behind. It is started
 * as stdio programs are, in a process group of its own that ends with it.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as pause } from 'node:timers/promises';
import { Fault } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { Place } from '../../ports/program.ts';
import type { CommandEnd, CommandEvent, CommandOrder } from '../../ports/session-commands.ts';
import { guarded, released, signalGroup } from './process-group.ts';
import type { Allowance } from './surroundings.ts';
import { environmentFor, placed } from './surroundings.ts';

export type PlacedOrder = Pick<CommandOrder, 'command' | 'timeoutMs' | 'signal'> & {
  readonly place: Place;
  readonly allowance: Allowance;
};

/** Throws `program_unstartable`. */
export async function startCommand(order: PlacedOrder): Promise<AsyncIterable<CommandEvent>> {
  const { command, place, allowance } = order;
  const [name = '', ...args] = command.map(text => placed(text, place));
  const { folder, user } = place;
  try {
    const child = spawn(name, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environmentFor(process.env, allowance, place),
      cwd: folder,
      detached: process.platform !== 'win32',
      windowsHide: true,
      ...(user === undefined ? {} : { uid: user, gid: user }),
    });
    if (child.pid === undefined) await once(child, 'spawn');
    return new RunningCommand(child, child.pid ?? 0, order).events();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new Fault('program_unstartable', `The command ${JSON.stringify(name)} cannot be started: ${text}.`, {
      cause: error,
    });
  }
}

class RunningCommand {
  readonly #child: ChildProcess;
  readonly #pid: number;
  readonly #order: PlacedOrder;
  readonly #events: CommandEvent[] = [];
  readonly #gone: Promise<void>;
  #bytes = 0;
  #end: CommandEnd | undefined;
  #isGone = false;
  #wake: () => void = () => {};

  constructor(child: ChildProcess, pid: number, order: PlacedOrder) {
    this.#child = child;
    this.#pid = pid;
    this.#order = order;
    guarded(pid);
    this.#listen('stdout');
    this.#listen('stderr');
    child.on('error', () => {});
    this.#gone = this.#untilGone();
  }

  async *events(): AsyncGenerator<CommandEvent, void, undefined> {
    const { signal, timeoutMs } = this.#order;
    const timer = setTimeout(() => this.#kill('timeout'), timeoutMs);
    const abandon = (): void => this.#kill('abandoned');
    signal.addEventListener('abort', abandon);
    if (signal.aborted) abandon();
    try {
      for (;;) {
        const event = this.#events.shift();
        if (event !== undefined) yield event;
        else if (this.#isGone) break;
        else await new Promise<void>(resolve => (this.#wake = resolve));
      }
      const { exitCode, signalCode } = this.#child;
      const reason = this.#end ?? (signalCode === null ? 'exited' : 'killed');
      const code = exitCode === null ? {} : { code: exitCode };
      yield { kind: 'ended', reason, ...code, ...(signalCode === null ? {} : { signal: signalCode }) };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abandon);
      this.#kill('abandoned');
      await this.#gone;
    }
  }

  #listen(stream: 'stdout' | 'stderr'): void {
    const decoder = new StringDecoder('utf8');
    this.#child[stream]?.on('data', (chunk: Buffer) => {
      if (this.#end !== undefined) return;
      const room = LIMITS.commandOutputBytesMax - this.#bytes;
      this.#bytes += chunk.length;
      const text = decoder.write(chunk.subarray(0, room));
      if (text !== '') this.#tell({ kind: 'output', stream, text });
      if (chunk.length > room) this.#kill('too_much_output');
    });
  }

  #tell(event: CommandEvent): void {
    this.#events.push(event);
    this.#wake();
  }

  #kill(why: CommandEnd): void {
    if (this.#isGone) return;
    this.#end ??= why;
    signalGroup(this.#pid, 'SIGKILL');
  }

  async #untilGone(): Promise<void> {
    const closed = once(this.#child, 'close').catch(() => {});
    await once(this.#child, 'exit');
    // Whatever it left in its group is killed here; who left the group may hold the pipes, and is cut off.
    released(this.#pid);
    const over = new AbortController();
    await Promise.race([closed, pause(LIMITS.programExitMsMax, undefined, { signal: over.signal }).catch(() => {})]);
    over.abort();
    for (const output of [this.#child.stdout, this.#child.stderr]) output?.destroy();
    this.#isGone = true;
    this.#wake();
  }
}
