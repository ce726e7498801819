/**
 * One started stdio program: a child process that is spoken to in newline-delimited JSON (MCP 2025-11-25, "stdio").
 *
 * Owns the process from its start to the moment nothing of it is left: its pipes, the end of its stderr for error messages, and
 * its exit. It does not know what the messages mean. After `end`, or after the one `onExit`, nothing reaches the listener.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../../base/limits.ts';
import type { ProgramInstance, ProgramListener } from '../../ports/program.ts';
import { parsedJson } from '../../protocol/json.ts';
import type { Message } from '../../protocol/messages.ts';
import { isMessage } from '../../protocol/messages.ts';
import { LineSplitter } from './lines.ts';
import { guarded, released, signalGroup } from './process-group.ts';

export class ChildInstance implements ProgramInstance {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #pid: number;
  readonly #listener: ProgramListener;
  readonly #lines = new LineSplitter(LIMITS.programLineBytesMax);
  /** Resolves when the process and its group are gone and its pipes are closed. */
  readonly #gone: Promise<void>;
  #stderr = Buffer.alloc(0);
  /** Nothing may reach the listener any more. */
  #silent = false;

  /** `child` has just been spawned and `pid` is its id. */
  constructor(child: ChildProcessWithoutNullStreams, pid: number, listener: ProgramListener) {
    this.#child = child;
    this.#pid = pid;
    this.#listener = listener;
    guarded(pid);
    child.stdout.on('data', (chunk: Buffer) => this.#read(chunk));
    child.stdout.once('end', () => this.#fallenSilent());
    child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = Buffer.concat([this.#stderr, chunk]).subarray(-LIMITS.programStderrBytesMax);
    });
    // A broken pipe is told by the exit that follows it.
    for (const source of [child, child.stdin, child.stdout, child.stderr]) source.on('error', () => {});
    this.#gone = this.#untilGone();
  }

  send(message: Message): void {
    const { stdin } = this.#child;
    if (this.#silent || !stdin.writable) return;
    stdin.write(`${JSON.stringify(message)}\n`);
    if (stdin.writableLength > LIMITS.programInputBytesMax) {
      this.#giveUp(`The program does not read its input: ${LIMITS.programInputBytesMax} bytes are waiting for it.`);
    }
  }

  async end(mode: 'park' | 'stop'): Promise<void> {
    this.#silent = true;
    if (mode === 'stop') await this.#ask();
    this.#signal('SIGKILL');
    await this.#gone;
  }

  /** The end of what the program wrote to stderr. */
  get stderr(): string {
    return this.#stderr.toString('utf8').trim();
  }

  /** Closing its stdin is how MCP tells a stdio server to end; half of its time later SIGTERM says it once more. */
  async #ask(): Promise<void> {
    this.#child.stdin.end();
    const timer = new AbortController();
    const half = LIMITS.programExitMsMax / 2;
    await Promise.race([this.#gone, patience(half, timer.signal)]);
    if (this.#signal('SIGTERM')) await Promise.race([this.#gone, patience(half, timer.signal)]);
    timer.abort();
  }

  get isDead(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Signals the group while its leader runs; later the number may be somebody else's. */
  #signal(signal: 'SIGTERM' | 'SIGKILL'): boolean {
    const runs = !this.isDead;
    if (runs) signalGroup(this.#pid, signal);
    return runs;
  }

  #read(chunk: Buffer): void {
    for (const line of this.#lines.feed(chunk)) this.#line(line);
    if (!this.#lines.overflown) return;
    this.#giveUp(`The program wrote a line of more than ${LIMITS.programLineBytesMax} bytes.`);
  }

  #line(line: string): void {
    if (this.#silent || line.trim() === '') return;
    const value = parsedJson(line);
    // Programs of revision 2025-03-26 may write several messages as one array.
    const messages = Array.isArray(value) && value.length > 0 ? value : [value];
    if (!messages.every(isMessage)) this.#listener.onGarbage(line.slice(0, LIMITS.garbageCharactersMax));
    else for (const message of messages) if (!this.#silent) this.#listener.onMessage(message);
  }

  /** Its output has ended. Mostly its exit follows and says more; a program that goes on running will never answer. */
  async #fallenSilent(): Promise<void> {
    const timer = new AbortController();
    await Promise.race([this.#gone, patience(LIMITS.programExitMsMax, timer.signal)]);
    timer.abort();
    this.#giveUp('The program closed its output, and goes on running.');
  }

  #giveUp(message: string): void {
    this.#exited(message);
    this.#signal('SIGKILL');
  }

  #exited(message: string): void {
    if (this.#silent) return;
    this.#silent = true;
    this.#listener.onExit(this.stderr === '' ? { message } : { message, detail: this.stderr });
  }

  async #untilGone(): Promise<void> {
    const child = this.#child;
    const closed = new Promise<void>(resolve => child.once('close', () => resolve()));
    const how = await new Promise<string>(resolve => {
      child.once('exit', (code, signal) => resolve(signal === null ? `with code ${code}` : `by signal ${signal}`));
    });
    released(this.#pid);
    // The pipes close once everybody who inherited them is dead; who left the group keeps them open, and is cut off.
    const timer = new AbortController();
    await Promise.race([closed, patience(LIMITS.programExitMsMax, timer.signal)]);
    timer.abort();
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
    this.#line(this.#lines.rest());
    this.#exited(`The program exited ${how}.`);
  }
}

/** Resolves after a while, or when it is not needed any more. */
const patience = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal }).catch(() => {});
