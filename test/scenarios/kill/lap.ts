/**
 * One lap: the calls of a plan are brought into their windows, the product is killed and started again on the same store and
 * port, the clients come back, and the oracle looks at everything.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Message, RpcRequest } from '../../../core/protocol/messages.ts';
import { isNotification, isRequest } from '../../../core/protocol/messages.ts';
import type { Answered, CallRecord } from '../../support/clients/patient-call.ts';
import { patientCall } from '../../support/clients/patient-call.ts';
import type { WireEvent } from '../../support/clients/wire.ts';
import { eventsIn, insisting, WireClient } from '../../support/clients/wire.ts';
import type { Product } from '../../support/product.ts';
import { Gate } from './gate.ts';
import { answerFor, endingOf, fieldOf, outcomeComplaints, redeliveryComplaints, streamComplaints } from './oracle.ts';
import type { Field, Lap, Trial, Trigger } from './plan.ts';

/** A call that takes longer hangs. It includes the time the product needs to be back, on a machine with much to do. */
const CALL_MS_MAX = 120_000;

/** What the client had seen when the product was killed. */
export const SEEN = ['nothing', 'a question', 'an answer on its way', 'an answer accepted', 'the result'] as const;
export type Seen = (typeof SEEN)[number];

export interface TrialOutcome {
  readonly trial: Trial;
  readonly seen: Seen;
  readonly calls: number;
  readonly complaints: readonly string[];
}

export interface Arena {
  readonly product: Product;
  /** The folder for the notes of the program. */
  readonly folder: string;
  restart(): Promise<Product>;
}

/** Runs a lap; gives the product that runs afterwards. */
export async function runLap(lap: Lap, arena: Arena): Promise<{ product: Product; outcomes: TrialOutcome[] }> {
  const { product, folder, restart } = arena;
  const notes = join(folder, `notes-${lap.seed}`);
  appendFileSync(notes, '');
  const leadMs = 20 + Math.max(...lap.trials.map(({ ageMs }) => ageMs));
  const gate = new Gate(lap.trials.length, leadMs, lap.trigger !== undefined);
  const shared = await WireClient.open(product.url);
  const killed = new AbortController();
  const plays = lap.trials.map(async trial => {
    const client = trial.ownSession ? await WireClient.open(product.url) : shared;
    return new Play(trial, lap.trigger, client, gate, notes, killed.signal).run();
  });
  const all = Promise.allSettled(plays);
  await gate.moment();
  await product.kill();
  killed.abort();
  const next = await restart();
  const settled = await all;
  const outcomes = settled.map((play, index): TrialOutcome => {
    if (play.status === 'fulfilled') return play.value;
    const trial = lap.trials[index] as Trial;
    return { trial, seen: 'nothing', calls: 0, complaints: [String(play.reason)] };
  });
  return { product: next, outcomes };
}

/** One trial: its client, what it does when, and what came of it. */
class Play {
  readonly #trial: Trial;
  readonly #trigger: Trigger | undefined;
  readonly #client: WireClient;
  readonly #gate: Gate;
  readonly #notes: string;
  readonly #killed: AbortSignal;
  #seen: Seen = 'nothing';
  #calls = 0;

  constructor(
    trial: Trial,
    trigger: Trigger | undefined,
    client: WireClient,
    gate: Gate,
    notes: string,
    killed: AbortSignal,
  ) {
    this.#trial = trial;
    this.#trigger = trigger?.trial === trial.name ? trigger : undefined;
    this.#client = client;
    this.#gate = gate;
    this.#notes = notes;
    this.#killed = killed;
  }

  async run(): Promise<TrialOutcome> {
    const calls: CallRecord[] = [];
    const finals: number[] = [];
    do {
      calls.push(await this.#call());
      finals.push(this.#finals());
    } while (calls.length < 2 && calls.map(endingOf).at(-1) === 'lost');
    await this.#untilKilled();
    const complaints = [...outcomeComplaints({ trial: this.#trial, calls, finals })];
    for (const call of calls) {
      complaints.push(...streamComplaints(call), ...redeliveryComplaints(call, await this.#redelivered(call)));
    }
    if (complaints.length > 0) complaints.push(`record: ${JSON.stringify(calls)}`);
    return { trial: this.#trial, seen: this.#seen, calls: calls.length, complaints };
  }

  async #call(): Promise<CallRecord> {
    this.#calls++;
    const { name, tool, workMs, quiet, window, ageMs } = this.#trial;
    const args = { trial: name, workMs, quiet, notes: this.#notes };
    const request = this.#client.tool(tool, args, { progressToken: `${name}-${this.#calls}` });
    if (window === 'before the question is delivered' && this.#calls === 1) await this.#gate.pass(name, ageMs);
    const record = await patientCall(
      this.#client,
      request,
      {
        answer: question => this.#answer(question),
        onAccepted: answered => this.#accepted(answered),
        onMessage: message => this.#see(message),
      },
      CALL_MS_MAX,
    );
    this.#note('the result');
    return record;
  }

  async #answer(question: RpcRequest): Promise<Record<string, unknown>> {
    const field = fieldOf(question);
    if (this.#calls === 1) await this.#window(field);
    this.#note('an answer on its way');
    return { action: 'accept', content: { [field]: answerFor(this.#trial, field, this.#calls) } };
  }

  /** Waits before an answer until it is time for the window of this trial. */
  async #window(field: Field): Promise<void> {
    const { window, name, ageMs } = this.#trial;
    switch (window) {
      case 'before the question is delivered':
        return;
      case 'while the question waits':
        if (field !== this.#trial.field) return;
        await this.#gate.pass(name, ageMs);
        return this.#untilKilled();
      case 'while the answer is accepted':
        return field === this.#trial.field ? this.#gate.pass(name, ageMs) : undefined;
      case 'while the second round runs':
        return field === 'seat' ? this.#gate.pass(name, ageMs) : undefined;
      case 'while the result is delivered':
        return field === 'meal' ? this.#gate.pass(name, ageMs) : undefined;
    }
  }

  #untilKilled(): Promise<void> {
    return new Promise(resolve => {
      if (this.#killed.aborted) resolve();
      this.#killed.addEventListener('abort', () => resolve());
    });
  }

  #see(message: Message): void {
    if (isRequest(message)) this.#note('a question');
    if (isNotification(message)) this.#sign(message.params?.message);
  }

  #accepted(answered: Answered): void {
    this.#note('an answer accepted');
    if (fieldOf(answered.question) === this.#trial.field) this.#sign('accepted');
  }

  #sign(sign: unknown): void {
    const { delayMs } = this.#trigger ?? {};
    if (sign !== this.#trigger?.sign || delayMs === undefined) return;
    if (delayMs === 0) this.#gate.trigger();
    else setTimeout(() => this.#gate.trigger(), delayMs);
  }

  #note(seen: Seen): void {
    if (!this.#killed.aborted) this.#seen = seen;
  }

  #finals(): number {
    const lines = readFileSync(this.#notes, 'utf8').split('\n');
    return lines.filter(line => line === `${this.#trial.name} final`).length;
  }

  /** The whole stream of a call once more; a call that was answered at once had none. */
  async #redelivered(call: CallRecord): Promise<readonly WireEvent[]> {
    const id = call.attachments.flatMap(({ events }) => events).find(event => event.id !== undefined)?.id;
    if (id === undefined) return [];
    const signal = AbortSignal.timeout(CALL_MS_MAX);
    const start = `${id.slice(0, id.lastIndexOf('.'))}.0`;
    const response = await insisting(() => this.#client.resume(start, signal));
    const events: WireEvent[] = [];
    for await (const event of eventsIn(response)) events.push(event);
    return events;
  }
}
