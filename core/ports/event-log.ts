/** The append-only streams that connections are attached to. Contract: `test/contracts/event-log.contract.ts`. */
import type { ExchangeId } from '../base/ids.ts';
import type { LoggedEvent } from '../session/outbox.ts';

export interface StreamAddress {
  readonly session: string;
  readonly stream: ExchangeId;
}

export interface SequencedEvent extends LoggedEvent {
  /** Counts from 1 within the stream, without gaps. */
  readonly sequence: number;
}

export interface EventLog {
  /**
   * Puts `events` at `first`, `first + 1`, …: all of them or none, and only where those places are free. `conflict` means
   * that someone else wrote there, or that we did before: read to tell. Durable when it resolves. Each event is absent from
   * `expiresAtMs` on, and its place is free again; give a stream's events moments that do not decrease. A store may delete a
   * stream earlier, with its exchange.
   */
  append(
    stream: StreamAddress,
    first: number,
    events: readonly LoggedEvent[],
    options: { readonly expiresAtMs: number },
  ): Promise<'appended' | 'conflict'>;
  /** Up to `limit` events after a sequence, in order. Strongly consistent. */
  read(stream: StreamAddress, after: number, limit: number): Promise<readonly SequencedEvent[]>;
  /**
   * Resolves when there may be events after `after`, when `signal` is aborted, when the store is closed; at the latest after
   * `patienceMs`. Leaves nothing behind.
   * A store that shares a process with the writer resolves at once; others poll.
   */
  changed(stream: StreamAddress, after: number, signal: AbortSignal, patienceMs: number): Promise<void>;
}
