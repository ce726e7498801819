/**
 * What a running program may ask of its runner besides its questions: steps that are done once, time and chance that stay the
 * same under replay, and what its session keeps. Offered to one run of one program; authors reach it by `step`, `now`,
 * `session` and so on of the public surface, which are documented in `docs/programs.md`.
 *
 * A program may bring its own copy of the package, so this shape is a contract between releases: add to it, never change it.
 */
export interface SessionAids {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<boolean>;
  update(key: string, change: (current: unknown) => unknown): Promise<unknown>;
}

export interface Aids {
  step(name: string, work: () => unknown): Promise<unknown>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** From 0 up to but not including 1. */
  random(): number;
  uuid(): string;
  /** The folder of the session. */
  workspace?(): Promise<string>;
  /** Ends a connection of the client, who comes back for the rest of the stream; absent where no client would. */
  endConnection?(stream: 'call' | 'standalone'): void;
  readonly session: SessionAids;
}
