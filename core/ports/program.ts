/**
 * An await-style MCP server as the runner sees it: something that can be started afresh for every run and spoken to in
 * JSON-RPC. Contract: `test/contracts/program.contract.ts`.
 */
import type { Message, RequestId } from '../protocol/messages.ts';
import type { Aids } from './aids.ts';

/** One started instance. It speaks the legacy era: it expects `initialize` first. */
export interface ProgramInstance {
  /** It is known to be gone, although `onExit` is still to come: what it said last may be on its way. */
  readonly isDead?: boolean;
  /** Delivers a message to the program. Never throws: a program that is gone says so by `onExit`. */
  send(message: Message): void;
  /**
   * Lets go of a request that nobody will go on with, while others go on: from here on nothing is heard of it, its open awaits never
   * settle, and what it holds in memory goes. Absent where an instance can only be ended as a whole.
   */
  forget?(request: RequestId): void;
  /**
   * Ends the instance; nothing of it reaches the listener afterwards. `park` leaves it as it is: its open awaits never
   * settle, so that no `catch` and no `finally` of the program runs. `stop` tells it, so that it can clean up: a child's stdin
   * is closed; in process, the signals of open requests are aborted, and its awaits never settle either. Resolves when
   * nothing is left behind: no timer, no child process.
   */
  end(mode: 'park' | 'stop'): Promise<void>;
}

export interface ProgramListener {
  /** `about` is the request in whose course it was said, where the program's side can tell. */
  onMessage(message: Message, about?: RequestId): void;
  /** A line or message that is no JSON-RPC; reported, otherwise ignored. */
  onGarbage(text: string): void;
  /** The instance is gone by itself: crashed, exited, or closed its side. */
  onExit(reason: { readonly message: string; readonly detail?: string }): void;
  /** What the run of a request offers its handler, where the program runs in this process; asked for at each request to it. */
  aids?(request: RequestId): Aids | undefined;
}

/** The folder of the session that an instance is started for, where sessions have folders. */
export interface Place {
  /** Where its files are kept from call to call. */
  readonly folder: string;
  /** For what need not be kept. */
  readonly temporary: string;
  /** The user of the system that owns both, where sessions have users of their own. */
  readonly user: number | undefined;
}

export interface Program {
  /** For people: `expense-tracker`, `npx -y @modelcontextprotocol/server-everything stdio`. */
  readonly name: string;
  /**
   * How long a program with an open question must be quiet before it counts as waiting, in milliseconds; 0 where turns of
   * the event loop tell (in process).
   */
  readonly settleMs: number;
  /**
   * Whether an instance tells of everything it says in which request's course it says it, so that several requests can be
   * open at one instance without being mixed up.
   */
  readonly attributes: boolean;
  /** Whether an instance needs its session's folder from the start; otherwise it asks for it, by `Aids`. */
  readonly livesInFolder?: boolean;
  /** Starts a fresh instance. Throws `program_unstartable`. */
  start(listener: ProgramListener, place?: Place): Promise<ProgramInstance>;
}
