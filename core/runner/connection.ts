/**
 * A started program and the messages between it and a run: correlation of the runner's own requests, bounds on what the
 * program sends, and the cut after which nothing of it is heard any more.
 *
 * It knows JSON-RPC and nothing of what the messages mean.
 */
import { Fault } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Aids } from '../ports/aids.ts';
import type { Observer } from '../ports/observer.ts';
import type { Place, Program, ProgramInstance, ProgramListener } from '../ports/program.ts';
import type { Message, Outcome, RequestId, RpcNotification, RpcRequest } from '../protocol/messages.ts';
import { isNotification, isRequest, outcomeOf, responseOf } from '../protocol/messages.ts';

/** Who hears the program. */
export interface Hearer {
  onRequest(request: RpcRequest, about: RequestId | undefined): void;
  onNotification(notification: RpcNotification, about: RequestId | undefined): void;
  /** The program is of no more use: it is gone, or does what it must not. */
  onLost(fault: Fault): void;
  /** What the run of that request offers its handler. */
  aids(request: RequestId): Aids | undefined;
}

export class Connection {
  readonly #program: Program;
  readonly #hearer: Hearer;
  readonly #observer: Observer;
  readonly #awaited = new Map<RequestId, (outcome: Outcome) => void>();
  #instance: ProgramInstance | undefined;
  #messages = 0;
  /** Resolves when nothing is left of the program, some time after the cut. */
  readonly gone: Promise<void>;
  #resolveGone: () => void = () => {};
  #isStarting = false;
  #isCut = false;
  #cutMode: 'park' | 'stop' = 'stop';

  constructor(program: Program, hearer: Hearer, observer: Observer) {
    this.#program = program;
    this.#hearer = hearer;
    this.#observer = observer;
    this.gone = new Promise(resolve => {
      this.#resolveGone = resolve;
    });
  }

  /** Starts the program. If the connection was cut meanwhile, the late instance is ended at once. */
  async start(place?: Place): Promise<void> {
    const listener: ProgramListener = {
      onMessage: (message, about) => this.#hear(message, about),
      onGarbage: text => this.#garbage(text),
      onExit: reason => this.#exited(reason),
      aids: request => (this.#isCut ? undefined : this.#hearer.aids(request)),
    };
    this.#isStarting = true;
    try {
      this.#instance = await this.#program.start(listener, place);
    } finally {
      this.#isStarting = false;
      if (this.#isCut) this.#finish();
    }
  }

  /** A run begins or goes on: what the program may send is counted from here. */
  recount(): void {
    this.#messages = 0;
  }

  /** Nothing new may begin here: it was cut, or its program is dead. */
  get isOver(): boolean {
    return this.#isCut || this.#instance?.isDead === true;
  }

  /** Whether the program has not answered that request yet. */
  isAwaiting(id: RequestId): boolean {
    return this.#awaited.has(id);
  }

  /** Sends a request of the runner's own. Never settles if the program does not answer: the run has a clock. */
  request(id: RequestId, method: string, params?: Record<string, unknown>): Promise<Outcome> {
    return new Promise(resolve => {
      this.#awaited.set(id, resolve);
      this.send({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) });
    });
  }

  /** Whether single requests can be let go of. */
  get forgets(): boolean {
    return this.#instance?.forget !== undefined;
  }

  /**
   * Nobody waits for that request any more. Its id stays taken, since its handler may still be there; where it waits for answers
   * (`forgotten`) it is let go of, if that can be done.
   */
  abandon(id: RequestId, how: 'forgotten' | 'cancelled'): void {
    if (this.#isCut || !this.#awaited.has(id)) return;
    this.#awaited.set(id, () => {});
    if (how === 'forgotten') this.#instance?.forget?.(id);
  }

  send(message: Message): void {
    if (!this.#isCut) this.#instance?.send(message);
  }

  reply(id: RequestId, outcome: Outcome): void {
    this.send(responseOf(id, outcome));
  }

  /** From here on nothing of the program is heard. It is ended in the background, so that no answer waits for its exit. */
  cut(mode: 'park' | 'stop'): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#cutMode = mode;
    this.#awaited.clear();
    if (!this.#isStarting) this.#finish();
  }

  #finish(): void {
    const ended = this.#instance?.end(this.#cutMode) ?? Promise.resolve();
    const told = ended.catch((error: unknown) => {
      this.#observer({
        event: 'program.end-failed',
        level: 'warning',
        message: `The program ${this.#program.name} could not be ended cleanly.`,
        detail: String(error),
      });
    });
    told.then(this.#resolveGone);
  }

  #hear(message: Message, about: RequestId | undefined): void {
    if (this.#isCut || this.#isFlooding()) return;
    if (isRequest(message)) this.#hearer.onRequest(message, about);
    else if (isNotification(message)) this.#hearer.onNotification(message, about);
    else if (message.id !== undefined) {
      const awaited = this.#awaited.get(message.id);
      this.#awaited.delete(message.id);
      awaited?.(outcomeOf(message));
    }
  }

  #garbage(text: string): void {
    if (this.#isCut || this.#isFlooding()) return;
    this.#observer({
      event: 'program.garbage',
      level: 'warning',
      message: `The program ${this.#program.name} wrote something that is no JSON-RPC message.`,
      detail: text.slice(0, LIMITS.labelCharactersMax),
    });
  }

  #isFlooding(): boolean {
    if (++this.#messages <= LIMITS.programMessagesPerRunMax) return false;
    const most = LIMITS.programMessagesPerRunMax;
    this.#hearer.onLost(new Fault('program_flooding', `The program sent more than ${most} messages within one run.`));
    return true;
  }

  #exited(reason: { readonly message: string; readonly detail?: string }): void {
    if (this.#isCut) return;
    const { message, detail } = reason;
    this.#hearer.onLost(
      new Fault(
        'program_crashed',
        `The program ended before it answered: ${message}`,
        detail === undefined ? {} : { detail },
      ),
    );
  }
}
