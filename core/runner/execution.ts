/**
 * One execution of a program for one round: it feeds the run machine with what the program says and carries out its
 * effects, until the run is completed, suspended or failed.
 *
 * A suspended run is parked: its awaits never settle, so that no `catch` and no `finally` of the program runs. If it is still
 * there when the answers come, it goes on where it is; else the program is run again from the start, which must always come to
 * the same. Nothing here knows `requestState`, principals or the modern wire.
 */
import { Fault, faultOf, invariant } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Client } from '../bridge/from-modern.ts';
import { isAdvertised } from '../bridge/from-modern.ts';
import { destinationOf } from '../bridge/from-notification.ts';
import type { Introduction } from '../bridge/from-program.ts';
import type { Lack } from '../bridge/from-question.ts';
import { lackFor } from '../bridge/from-question.ts';
import { questionOf } from '../journal/question.ts';
import type { Run, RunEvent } from '../journal/run.ts';
import { begun, step } from '../journal/run.ts';
import type { Suppression } from '../journal/suppression.ts';
import { suppression } from '../journal/suppression.ts';
import type { Aids } from '../ports/aids.ts';
import { connectionEnd } from '../protocol/connection-end.ts';
import { metaOf } from '../protocol/envelope.ts';
import { canonicalJson } from '../protocol/json.ts';
import type { Outcome, RequestId, RpcNotification, RpcRequest } from '../protocol/messages.ts';
import { isRequest, isRequestId } from '../protocol/messages.ts';
import type { InputMethod } from '../protocol/methods.ts';
import { isInputMethod } from '../protocol/methods.ts';
import type { Connection } from './connection.ts';
import type { Order, ParkedRun, Resumption, RunEnd } from './order.ts';
import { outcomeOfTask } from './program-task.ts';
import type { Quiescence } from './quiescence.ts';
import { quiescence } from './quiescence.ts';
import type { Occupant } from './started-program.ts';

/** Runs the program. Rejects with a fault where it gives no answer. */
export const execute = (order: Order): Promise<RunEnd> =>
  new Promise((resolve, reject) => new Execution(order, resolve, reject).begin());

class Execution implements Occupant, ParkedRun {
  #order: Order;
  #resolve: (end: RunEnd) => void;
  #reject: (fault: Fault) => void;
  readonly #connection: Connection;
  readonly #quiet: Quiescence;
  /** Used while roots alone are asked for: see `#watch`. */
  readonly #longQuiet: Quiescence;
  readonly #news: Suppression;
  readonly #listening: { token: string | number | undefined; logLevel: Client['logLevel'] };
  #run: Run;
  /** What the program said about itself: known once the handshake is over. */
  #introduction: Introduction | undefined;
  #lacking: Lack['required'] | undefined;
  #clock: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;
  #isOver = false;
  /** What the program asked and told while the run was parked: heard when it goes on. */
  #late: (RpcRequest | RpcNotification)[] | undefined;
  /** What it answered meanwhile, waiting for nothing but roots: nothing of it depends on the answer, and it has done its work. */
  #earlier: Outcome | undefined;
  /** The program has been asked for a task and has not made it yet. */
  #isBeforeTask = false;
  /** Something happened while it was parked that a replay would not see: it must not go on. */
  #isSpoiled = false;

  constructor(order: Order, resolve: (end: RunEnd) => void, reject: (fault: Fault) => void) {
    this.#order = order;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#run = begun(order.entries, order.offers);
    this.#news = suppression(order.told);
    this.#listening = { token: tokenOf(order.request), logLevel: order.client.logLevel };
    const rested = (): void => this.#step({ type: 'rested' });
    this.#quiet = quiescence(order.program.settleMs, rested);
    this.#longQuiet = quiescence(LIMITS.rootsSettleMs, rested);
    this.#connection = order.started.connection;
  }

  get id(): RequestId | undefined {
    return this.#order.request?.id;
  }

  onRequest(request: RpcRequest): void {
    if (this.#late === undefined) this.#answer(request);
    else this.#keep(request);
  }

  onNotification(notification: RpcNotification): void {
    if (this.#late === undefined) this.#notice(notification);
    else if (notification.method === 'notifications/cancelled') this.#isSpoiled ||= this.#hasOpen(notification);
    else if (destinationOf(notification, this.#listening) === 'feed') this.#order.onNotification(notification, 'feed');
    else this.#keep(notification);
  }

  onLost(fault: Fault): void {
    this.#fail(fault);
  }

  aids(): Aids | undefined {
    return this.#order.desk;
  }

  #hasOpen({ params }: RpcNotification): boolean {
    const late = (this.#late ?? []).filter(isRequest);
    return [...this.#run.open, ...late].some(({ id }) => id === params?.requestId);
  }

  #keep(message: RpcRequest | RpcNotification): void {
    this.#late?.push(message);
    if ((this.#late?.length ?? 0) > LIMITS.parkedMessagesMax) this.#isSpoiled = true;
  }

  begin(): void {
    const { signal, program } = this.#order;
    if (signal.aborted) {
      this.#order.started.leave(this, 'done');
      this.#resolve({ kind: 'aborted', reached: false });
      return;
    }
    signal.addEventListener('abort', this.#abort);
    const { desk, started, client } = this.#order;
    if (desk !== undefined) {
      desk.onIdle = () => this.#idled();
      desk.findFolder = () => started.folder();
      if (client.endsConnections) desk.endConnection = stream => this.onNotification(connectionEnd(stream));
    }
    this.#order.started.enter(this);
    this.#clock = setTimeout(() => {
      const seconds = LIMITS.programStartMsMax / 1000;
      this.#fail(
        new Fault('program_unstartable', `The program ${program.name} was not ready within ${seconds} seconds.`),
      );
    }, LIMITS.programStartMsMax);
    this.#start().catch((error: unknown) => this.#fail(faultOf(error)));
  }

  async #start(): Promise<void> {
    const { client, uris, request, started } = this.#order;
    const introduction = await started.ready(client, uris);
    if (this.#isOver) return;
    this.#introduction = introduction;
    const outcome = await this.#outcomeOf(request, introduction);
    if (this.#late === undefined) this.#step({ type: 'responded', outcome });
    else if (isForRoots(this.#run.open)) this.#earlier = outcome;
    // Any other parked run that ends by itself was not answered: a replay with the answers takes another course.
    else this.#isSpoiled = true;
  }

  resume({ request, ...news }: Resumption): Promise<RunEnd> | undefined {
    const { started, program } = this.#order;
    const isSame = tokenOf(request) === this.#listening.token && canDo(news.client) === canDo(this.#order.client);
    const isFit = !this.#isSpoiled && isSame;
    if (!isFit || !started.isHolding(this) || (started.isBusy && !program.attributes) || news.signal.aborted) {
      this.drop();
      return undefined;
    }
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#order = { ...this.#order, ...news };
      this.#listening.logLevel = news.client.logLevel;
      const late = this.#late ?? [];
      this.#late = undefined;
      started.enter(this);
      news.signal.addEventListener('abort', this.#abort);
      this.#limitRound();
      this.#order.desk?.resume();
      this.#step({ type: 'resumed', entries: news.entries });
      for (const message of late) isRequest(message) ? this.#answer(message) : this.#notice(message);
      if (this.#earlier !== undefined) this.#step({ type: 'responded', outcome: this.#earlier });
    });
  }

  drop(): void {
    if (this.#isOver) return;
    this.#end('dropped');
  }

  /** The program's answer; without a request, and for one behind a capability it does not advertise, it is not troubled. */
  async #outcomeOf(request: RpcRequest | undefined, introduction: Introduction): Promise<Outcome> {
    if (request === undefined) return { result: {} };
    if (!isAdvertised(request.method, introduction.capabilities))
      return { error: { code: -32601, message: `Method not found: ${request.method}` } };
    this.#limitRound();
    const asTask = await outcomeOfTask(this.#connection, request, introduction, this.#order.client, taskStep => {
      this.#isBeforeTask = taskStep === 'begun';
    });
    return asTask ?? this.#connection.request(request.id, request.method, request.params);
  }

  #limitRound(): void {
    clearTimeout(this.#clock);
    this.#clock = setTimeout(() => {
      const minutes = LIMITS.roundMsMax / 60_000;
      const message = `The program ${this.#order.program.name} neither answered nor asked within ${minutes} minutes.`;
      this.#fail(new Fault('program_unresponsive', message));
    }, LIMITS.roundMsMax);
  }

  #fail(fault: Fault): void {
    const isEarly = this.#introduction === undefined && fault.code === 'program_crashed';
    const { message, detail } = fault;
    const told = isEarly ? new Fault('program_unstartable', message, detail === undefined ? {} : { detail }) : fault;
    this.#step({ type: 'broke', fault: told });
  }

  readonly #abort = (): void => {
    const reached = this.#introduction !== undefined;
    const requestId = this.#order.request?.id;
    if (reached && requestId !== undefined) {
      const params = { requestId, reason: 'The client went away.' };
      this.#connection.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params });
    }
    this.#end('stopped');
    this.#resolve({ kind: 'aborted', reached });
  };

  /** A request of the program: a ping, a question, or something no client of ours can do. */
  #answer(request: RpcRequest): void {
    this.#stirred();
    const { method, id } = request;
    if (method === 'ping') this.#connection.reply(id, { result: {} });
    else if (isInputMethod(method)) this.#take(method, request);
    else this.#refuse(request, `Method not found: ${method}`);
  }

  /** A question: for the run machine if it can be put to the client, else answered here and now. */
  #take(method: InputMethod, request: RpcRequest): void {
    const { roots, capabilities } = this.#order.client;
    const known = method === 'roots/list' && roots !== undefined ? { result: { ...roots } } : undefined;
    if (this.#introduction === undefined || !this.#order.mayAsk) {
      if (known !== undefined) this.#connection.reply(request.id, known);
      else this.#refuse(request, `The client cannot be asked for ${method} now: no call that may ask is open.`);
      return;
    }
    const question = questionOf(method, request.params);
    const lack = known === undefined ? lackFor(method, question.params, capabilities) : undefined;
    const asked = { type: 'asked', id: request.id, question } as const;
    if (lack !== undefined) this.#step({ ...asked, known: { error: lack.error }, refused: true }, lack);
    else this.#step(known === undefined ? asked : { ...asked, known });
  }

  #refuse(request: RpcRequest, message: string): void {
    this.#connection.reply(request.id, { error: { code: -32601, message } });
  }

  #notice(notification: RpcNotification): void {
    this.#stirred();
    if (notification.method === 'notifications/cancelled') {
      const id = notification.params?.requestId;
      if (isRequestId(id)) this.#step({ type: 'withdrawn', id });
      return;
    }
    if (this.#introduction === undefined) return;
    const destination = destinationOf(notification, this.#listening);
    if (destination !== 'nowhere' && this.#news.admits(notification))
      this.#order.onNotification(notification, destination);
  }

  #step(event: RunEvent, lack?: Lack): void {
    const stepped = step(this.#run, event);
    if (stepped === undefined) return;
    this.#run = stepped.value;
    for (const effect of stepped.effects) {
      if (effect.type === 'wait') this.#patience ??= setTimeout(() => this.#waited(), LIMITS.replayPatienceMs);
      else {
        if (effect.entry.refused && lack !== undefined) this.#lacking = { ...this.#lacking, ...lack.required };
        this.#stirred();
        this.#connection.reply(effect.id, effect.outcome);
      }
    }
    this.#settle();
  }

  /** Nothing is at work at the desk any more: from now on the program may be found quiet. */
  #idled(): void {
    this.#stirred();
    this.#settle();
  }

  #waited(): void {
    this.#patience = undefined;
    if (this.#order.desk?.isBusy) this.#patience = setTimeout(() => this.#waited(), LIMITS.replayPatienceMs);
    else this.#step({ type: 'waited' });
  }

  /** What the run's phase calls for. A reply may have brought the run to its end already, within the step that sent it. */
  #settle(): void {
    const { phase, open, outcome, fault, entries } = this.#run;
    if (this.#isOver || this.#late !== undefined) return;
    if (phase === 'replaying' || phase === 'live') {
      this.#watch(phase, open);
      return;
    }
    if (fault !== undefined) {
      this.#end(this.#introduction === undefined ? 'broken' : 'stopped');
      this.#reject(fault);
      return;
    }
    const introduction = this.#introduction;
    invariant(introduction !== undefined, 'A run ends well only after its handshake.');
    const known = { introduction, entries, told: this.#news.told(), facts: this.#order.desk?.facts ?? [] };
    if (outcome === undefined)
      this.#resolve({ kind: 'suspended', ...known, beforeTask: this.#isBeforeTask, parked: this.#park() });
    else this.#complete({ kind: 'completed', ...known, outcome, lacking: this.#lacking });
  }

  /** What the call wrote is safe before its outcome is told; if it cannot be kept, the call has failed and its program ends. */
  #complete(end: RunEnd): void {
    const finish = (): void => {
      this.#end('done');
      this.#resolve(end);
    };
    const saving = this.#order.started.save();
    if (saving === undefined) {
      finish();
      return;
    }
    this.#isOver = true;
    this.#rest();
    saving.then(finish, (thrown: unknown) => {
      this.#end('broken');
      this.#reject(faultOf(thrown));
    });
  }

  #park(): ParkedRun | undefined {
    if (!this.#order.mayPark) {
      this.#end('dropped');
      return undefined;
    }
    this.#late = [];
    this.#order.desk?.pause();
    this.#rest();
    this.#order.started.leave(this, 'parked');
    return this;
  }

  /**
   * Looks for rest while something is open. Programs ask for roots on their own account, in the middle of whatever they do: if
   * that is all that is open, a call that is still at work should not be cut short and begun again for it.
   */
  #watch(phase: 'replaying' | 'live', open: Run['open']): void {
    if (phase === 'live') this.#forgetPatience();
    const [watching, idle] = isForRoots(open) ? [this.#longQuiet, this.#quiet] : [this.#quiet, this.#longQuiet];
    idle.stop();
    if (open.length === 0 || this.#order.desk?.isBusy) watching.stop();
    else if (this.#patience === undefined) watching.watch();
  }

  #stirred(): void {
    this.#quiet.stirred();
    this.#longQuiet.stirred();
  }

  #forgetPatience(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
  }

  #end(how: 'done' | 'dropped' | 'stopped' | 'broken'): void {
    this.#isOver = true;
    this.#order.desk?.close();
    this.#rest();
    this.#order.started.leave(this, how);
  }

  /** Nothing is watched any more. */
  #rest(): void {
    clearTimeout(this.#clock);
    this.#forgetPatience();
    this.#quiet.stop();
    this.#longQuiet.stop();
    this.#order.signal.removeEventListener('abort', this.#abort);
  }
}

const isForRoots = (open: Run['open']): boolean => open.every(({ question }) => question.method === 'roots/list');

/** What its client can do, which the program was told once. */
const canDo = ({ capabilities }: Client): string => canonicalJson(capabilities);

function tokenOf(request: RpcRequest | undefined): RequestId | undefined {
  const { progressToken } = metaOf(request);
  return isRequestId(progressToken) ? progressToken : undefined;
}
