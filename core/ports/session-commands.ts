/**
 * Commands that an administrator runs in the folder of a session: an addition to `SessionAdmin` that is dangerous, and there only where
 * the operator has allowed it.
 */
export interface CommandOrder {
  /** The program and its arguments; no shell reads them. */
  readonly command: readonly string[];
  readonly timeoutMs: number;
  /** Who asked for it. */
  readonly administrator: string;
  /** Aborted when nobody wants the output any more: the command is ended. */
  readonly signal: AbortSignal;
}

export type CommandEvent =
  | { readonly kind: 'output'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  /** Last. What it wrote is saved if it `exited`, with whatever code; otherwise the files are as they were. */
  | { readonly kind: 'ended'; readonly reason: CommandEnd; readonly code?: number; readonly signal?: string };

export type CommandEnd = 'exited' | 'killed' | 'timeout' | 'too_much_output' | 'abandoned';

export interface SessionCommands {
  /**
   * Starts it; `undefined` if there is no such session, or it has ended. Throws `program_unstartable`. The iteration throws
   * `workspace_too_large`.
   */
  run(session: string, order: CommandOrder): Promise<AsyncIterable<CommandEvent> | undefined>;
}
