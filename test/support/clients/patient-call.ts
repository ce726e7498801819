/**
 * One call of a legacy client that never gives up: it resumes its stream with `Last-Event-ID`, sends its request again only
 * when it has seen no event id of it, and its answers until they are accepted. Everything it sees is recorded for an oracle.
 *
 * It bears a server that is gone for a while. What it does not bear is a server that lets it wait for ever.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Message, RpcRequest, RpcResponse } from '../../../core/protocol/messages.ts';
import { isObject, isRequest, isResponse } from '../../../core/protocol/messages.ts';
import type { WireClient, WireEvent } from './wire.ts';
import { eventsIn, isStream } from './wire.ts';

/** One HTTP response that carried events. */
export interface Attachment {
  /** The `Last-Event-ID` it was asked for; `undefined` for the request itself. */
  readonly after: string | undefined;
  readonly events: WireEvent[];
}

export interface Answered {
  readonly question: RpcRequest;
  readonly result: Record<string, unknown>;
  sent: number;
  accepted: boolean;
}

export interface CallRecord {
  readonly request: RpcRequest;
  readonly attachments: Attachment[];
  readonly answers: Answered[];
  /** HTTP exchanges that broke, or found nobody. */
  broken: number;
  response?: RpcResponse;
}

export interface CallScript {
  /** The answer to a question, when the time has come to give it. */
  answer(question: RpcRequest): Promise<Record<string, unknown>>;
  /** Told of everything as it is seen. */
  onMessage?(message: Message): void;
  /** Whether a refusal is to be borne like a connection that broke: that of a front whose server died. */
  bears?(status: number): boolean;
  /** An answer got its 202. */
  onAccepted?(answered: Answered): void;
}

const PAUSE_MS = 20;

/** Makes the call and stays with it to its end. Rejects when that does not come in time, and for any refusal. */
export async function patientCall(
  client: WireClient,
  request: RpcRequest,
  script: CallScript,
  patienceMs: number,
): Promise<CallRecord> {
  const record: CallRecord = { request, attachments: [], answers: [], broken: 0 };
  const patience = AbortSignal.timeout(patienceMs);
  try {
    await new PatientCall(client, record, script, patience).run();
  } catch (cause) {
    const why = patience.aborted ? `hung for ${patienceMs} ms` : String(cause);
    throw new Error(`The call ${JSON.stringify(request.params)} ${why}.\nSeen: ${JSON.stringify(record)}`, { cause });
  }
  return record;
}

/** The script of a call that asks nothing. */
export const UNASKED: CallScript = {
  answer: async () => {
    throw new Error('This call asks nothing.');
  },
};

class PatientCall {
  readonly #client: WireClient;
  readonly #record: CallRecord;
  readonly #script: CallScript;
  readonly #patience: AbortSignal;
  readonly #answering: Promise<void>[] = [];
  readonly #known = new Set<unknown>();
  #lastEventId: string | undefined;
  #fail: (reason: unknown) => void = () => {};

  constructor(client: WireClient, record: CallRecord, script: CallScript, patience: AbortSignal) {
    this.#client = client;
    this.#record = record;
    this.#script = script;
    this.#patience = patience;
  }

  /** Resolves when the response has come and every answer is accepted; rejects at the first thing that must not be. */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      this.#attend().then(resolve, reject);
    });
  }

  async #attend(): Promise<void> {
    while (this.#record.response === undefined) {
      this.#patience.throwIfAborted();
      await this.#attach();
    }
    await Promise.all(this.#answering);
  }

  async #attach(): Promise<void> {
    const response = await this.#tried(() =>
      this.#lastEventId === undefined
        ? this.#client.post(this.#record.request, this.#patience)
        : this.#client.resume(this.#lastEventId, this.#patience),
    );
    if (response === undefined || (await this.#borne(response))) return;
    if (response.status !== 200) throw new Error(`got ${response.status}: ${await response.text()}`);
    if (isStream(response)) return this.#follow(response);
    const body = await this.#tried(() => response.json());
    if (isResponse(body)) this.#take(body);
  }

  async #follow(response: Response): Promise<void> {
    const attachment: Attachment = { after: this.#lastEventId, events: [] };
    this.#record.attachments.push(attachment);
    await this.#tried(async () => {
      for await (const event of eventsIn(response)) {
        attachment.events.push(event);
        if (event.id !== undefined) this.#lastEventId = event.id;
        if (event.message !== undefined) this.#take(event.message);
      }
    });
    if (this.#record.response === undefined) await sleep(PAUSE_MS);
  }

  #take(message: Message): void {
    this.#script.onMessage?.(message);
    if (isResponse(message)) this.#record.response ??= message;
    if (!isRequest(message) || this.#known.has(message.id)) return;
    this.#known.add(message.id);
    const answering = this.#answer(message);
    answering.catch(this.#fail);
    this.#answering.push(answering);
  }

  async #answer(question: RpcRequest): Promise<void> {
    const result = await this.#script.answer(question);
    const answered: Answered = { question, result, sent: 0, accepted: false };
    this.#record.answers.push(answered);
    while (!answered.accepted) {
      this.#patience.throwIfAborted();
      answered.sent++;
      const response = await this.#tried(() => this.#client.answer(question.id, result, this.#patience));
      if (response === undefined || (await this.#borne(response))) continue;
      if (response.status !== 202) throw new Error(`an answer got ${response.status}: ${await response.text()}`);
      answered.accepted = true;
      this.#script.onAccepted?.(answered);
    }
  }

  async #borne(response: Response): Promise<boolean> {
    if (this.#script.bears?.(response.status) !== true) return false;
    await response.body?.cancel();
    this.#record.broken++;
    await sleep(PAUSE_MS * 5);
    return true;
  }

  /** What comes of an HTTP exchange; `undefined` if it broke, after a pause. */
  async #tried<T>(exchange: () => Promise<T>): Promise<T | undefined> {
    try {
      return await exchange();
    } catch (error) {
      this.#patience.throwIfAborted();
      if (!isBroken(error)) throw error;
      this.#record.broken++;
      await sleep(PAUSE_MS);
      return undefined;
    }
  }
}

/** Whether an error is that of a connection, and not one of ours. */
const isBroken = (error: unknown): boolean =>
  error instanceof TypeError || (isObject(error) && isObject(error.cause) && 'code' in error.cause);
