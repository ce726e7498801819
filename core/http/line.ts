/**
 * A line: the one connection of a client of 2024-11-05, on which everything comes that is said to it ("HTTP with SSE").
 *
 * What was sent is kept for a while, so that a client that lost its connection and comes back to this process misses nothing.
 * Every event id names the session and how far each running call's stream was told, so that a client that comes back to another
 * process finds its session and those streams there. Knows no HTTP.
 */
import { LIMITS } from '../base/limits.ts';
import type { StreamEvent } from '../ports/stateful-server.ts';
import { isResponse } from '../protocol/messages.ts';

interface Said {
  readonly number: number;
  readonly event: StreamEvent;
}

/** What the id of an event on a line says. */
export interface LinePosition {
  readonly sessionId: string;
  readonly number: number;
  /** Ids of the last events of streams that had not ended. */
  readonly streams: readonly string[];
}

export function linePositionOf(lastEventId: string): LinePosition | undefined {
  const [, sessionId, number, streams] = /^([\x21-\x2e\x30-\x7e]+)\/(\d{1,12})\/(.*)$/.exec(lastEventId) ?? [];
  if (sessionId === undefined || streams === undefined) return undefined;
  return { sessionId, number: Number(number), streams: streams.split(',').filter(id => id !== '') };
}

export class Line {
  readonly id: string;
  readonly principal: string;
  sessionId: string | undefined;
  readonly #over = new AbortController();
  /** By stream, its last event that was said. */
  readonly #positions = new Map<string, string>();
  readonly #said: Said[] = [];
  #number: number;
  #taken: number;
  #connection = 0;
  #changed: () => void = () => {};
  #change = this.#nextChange();

  /** `number` is that of the last event that its client has seen. */
  constructor(id: string, principal: string, number = 0) {
    this.id = id;
    this.principal = principal;
    this.#number = number;
    this.#taken = number;
  }

  /** Aborted when the line is over. Losing the connection is not that. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Says something; resolves when there is room for more. */
  async say({ id, message }: StreamEvent): Promise<void> {
    if (id !== undefined) this.#positions.set(streamOf(id), id);
    if (message === undefined) return;
    if (id !== undefined && isResponse(message)) this.#positions.delete(streamOf(id));
    this.#said.push({ number: ++this.#number, event: { ...this.#named(), message } });
    if (this.#said.length > LIMITS.lineEventsMax && this.#taken > (this.#said[0]?.number ?? 0)) this.#said.shift();
    this.#tell();
    while (this.#number - this.#taken > LIMITS.lineBacklogMax && !this.signal.aborted) await this.#change;
  }

  /** The stream of an event has ended, with or without a response. */
  ended(id: string): void {
    this.#positions.delete(streamOf(id));
  }

  /** Whether everything after an event is still here. */
  reaches(number: number): boolean {
    return number <= this.#number && number + 1 >= (this.#said[0]?.number ?? this.#number + 1);
  }

  /** A connection that is told everything after an event. It takes the place of the one before. */
  connect(after: number): { readonly events: AsyncGenerator<StreamEvent>; readonly leave: () => boolean } {
    const mine = ++this.#connection;
    this.#tell();
    const leave = (): boolean => {
      const wasLast = mine === this.#connection;
      if (wasLast) this.#connection++;
      this.#tell();
      return wasLast;
    };
    return { events: this.#events(mine, after), leave };
  }

  /** Nothing more is said, and the connection ends. */
  end(): void {
    this.#over.abort();
    this.#tell();
  }

  async *#events(mine: number, after: number): AsyncGenerator<StreamEvent> {
    let at = after;
    while (mine === this.#connection && !this.signal.aborted) {
      const next = this.#said.find(({ number }) => number > at);
      if (next === undefined) {
        await this.#change;
        continue;
      }
      at = next.number;
      this.#taken = Math.max(this.#taken, at);
      this.#tell();
      yield next.event;
    }
  }

  #named(): { id?: string } {
    if (this.sessionId === undefined) return {};
    let streams = '';
    for (const position of [...this.#positions.values()].reverse())
      if (streams.length + position.length < LIMITS.linePositionsCharactersMax) streams += `,${position}`;
    return { id: `${this.sessionId}/${this.#number}/${streams.slice(1)}` };
  }

  #tell(): void {
    const changed = this.#changed;
    this.#change = this.#nextChange();
    changed();
  }

  #nextChange(): Promise<void> {
    return new Promise(resolve => {
      this.#changed = resolve;
    });
  }
}

const streamOf = (eventId: string): string => eventId.slice(0, eventId.lastIndexOf('.'));
