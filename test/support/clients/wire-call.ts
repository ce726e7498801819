/**
 * One call of the client of the wire, read message by message: for tests that answer, leave and come back at a certain point.
 * It does nothing by itself.
 */
import type { RequestId, RpcNotification, RpcRequest, RpcResponse } from '../../../core/protocol/messages.ts';
import { isNotification, isRequest, isResponse } from '../../../core/protocol/messages.ts';
import type { WireClient, WireEvent } from './wire.ts';
import { eventsIn, isStream } from './wire.ts';

export class WireCall {
  readonly seen: WireEvent[] = [];
  readonly http: Response;
  readonly #leaving: AbortController;
  readonly #events: AsyncGenerator<WireEvent, void, undefined>;

  private constructor(http: Response, leaving: AbortController) {
    this.http = http;
    this.#leaving = leaving;
    this.#events = isStream(http) ? eventsIn(http) : one(http);
  }

  /** Sends a body; resolves with the head of its response. */
  static async of(client: WireClient, body: unknown): Promise<WireCall> {
    const leaving = new AbortController();
    return new WireCall(await client.post(body, leaving.signal), leaving);
  }

  /** Of a response that has come already. */
  static over(response: Response): WireCall {
    return new WireCall(response, new AbortController());
  }

  static async resumed(client: WireClient, lastEventId: string): Promise<WireCall> {
    const leaving = new AbortController();
    return new WireCall(await client.resume(lastEventId, leaving.signal), leaving);
  }

  /** The standalone stream. */
  static async listening(client: WireClient): Promise<WireCall> {
    const leaving = new AbortController();
    return new WireCall(await client.listen(leaving.signal), leaving);
  }

  async next(): Promise<WireEvent | undefined> {
    const { value, done } = await this.#events.next();
    if (done) return undefined;
    this.seen.push(value);
    return value;
  }

  question = (): Promise<RpcRequest> => this.#until(isRequest);
  notification = (): Promise<RpcNotification> => this.#until(isNotification);
  response = (): Promise<RpcResponse> => this.#until(isResponse);

  /** Everything that is said, to the end of the connection. */
  async rest(): Promise<readonly WireEvent[]> {
    while ((await this.next()) !== undefined);
    return this.seen;
  }

  get messages() {
    return this.seen.flatMap(({ message }) => (message === undefined ? [] : [message]));
  }

  get lastEventId(): string {
    const id = this.seen.findLast(event => event.id !== undefined)?.id;
    if (id === undefined) throw new Error('No event with an id was seen.');
    return id;
  }

  leave(): void {
    this.#leaving.abort();
  }

  async #until<T>(wanted: (message: unknown) => message is T): Promise<T> {
    for (let event = await this.next(); event !== undefined; event = await this.next())
      if (wanted(event.message)) return event.message;
    throw new Error(`It ended before that: ${JSON.stringify(this.seen)}`);
  }
}

async function* one(http: Response): AsyncGenerator<WireEvent, void, undefined> {
  const text = await http.text();
  if (text !== '') yield { message: JSON.parse(text) };
}

/** The id under which a call's progress was asked for, in the order the values came. */
export const progressIn = ({ messages }: WireCall): readonly (readonly [token: RequestId, value: number])[] =>
  messages.flatMap(message =>
    isNotification(message) && message.method === 'notifications/progress'
      ? [[message.params?.progressToken as RequestId, Number(message.params?.progress)] as const]
      : [],
  );
