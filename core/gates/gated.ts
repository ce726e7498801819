/**
 * The engine: a row of gates in front of an upstream, as one `StatelessServer`. Gates judge in the order given. The first
 * that asks ends the round with `input_required`; the next round goes on there. Once all have passed the upstream is called,
 * and its own rounds travel inside our state, so its questions and ours are never in one round and their keys cannot clash.
 *
 * A state is good for one call, and once where a store can tell. What a gate throws refuses the call: nothing gets past a
 * gate that cannot judge. Specification: 2026-07-28, "Multi round-trip requests".
 */
import { setTimeout } from 'node:timers/promises';
import { Fault, faultOf } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { inputRequired } from '../bridge/from-program.ts';
import { lackFor } from '../bridge/from-question.ts';
import type { Seal } from '../ports/seal.ts';
import type { CallContext, StatelessServer } from '../ports/stateless-server.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import { META } from '../protocol/envelope.ts';
import type { Outcome } from '../protocol/messages.ts';
import { isObject, responseOf } from '../protocol/messages.ts';
import type { Decisions } from './decisions.ts';
import type { Answer, Gate, GatedCall, Json, Ticket, Verdict } from './gate.ts';
import type { RecordOptions } from './record.ts';
import { record, recordFailure } from './record.ts';
import type { GateState } from './state.ts';
import { GateStates, stateRejected } from './state.ts';
import { ToolList } from './tool-list.ts';

export interface GatedOptions extends RecordOptions {
  readonly upstream: StatelessServer;
  /** In the order in which they judge. */
  readonly gates: readonly Gate[];
  readonly seal: Seal;
  /** Makes every state single-use, and takes decisions from elsewhere. */
  readonly decisions?: Decisions;
  /** How long a question may wait. */
  readonly waitMs?: number;
  /** How long a modern client is held whose call is decided elsewhere, before it is told to come again. */
  readonly holdMs?: number;
}

/** The key of a gate's one question. */
const QUESTION = 'gate';

/** What came of judging: the call goes on, `concerned` if it must be remembered, or ends here for this round. */
type Judged =
  | { readonly kind: 'through'; readonly arguments: Json; readonly concerned: boolean; readonly upstreamState?: string }
  | { readonly kind: 'ended'; readonly outcome: Outcome };

interface Engine extends GatedOptions {
  readonly states: GateStates;
  readonly tools: ToolList;
}

export function gated(options: GatedOptions): StatelessServer {
  const { upstream, environment, seal } = options;
  const engine: Engine = {
    ...options,
    states: new GateStates(seal, environment),
    tools: new ToolList(upstream, environment),
  };
  return (request, call) => {
    const { name } = request.params;
    return request.method === 'tools/call' && typeof name === 'string'
      ? serve(engine, request, call, name)
      : upstream(request, call);
  };
}

async function* serve(
  engine: Engine,
  request: ModernRequest,
  call: CallContext,
  tool: string,
): ReturnType<StatelessServer> {
  const judged = await judge(engine, request, call, tool);
  if (judged.kind === 'ended') {
    yield responseOf(request.id, judged.outcome);
    return;
  }
  if (!judged.concerned) {
    yield* engine.upstream(request, call);
    return;
  }
  const { requestState: _, inputResponses, ...params } = request.params;
  const passed: ModernRequest = {
    ...request,
    params: {
      ...params,
      arguments: judged.arguments,
      ...(judged.upstreamState === undefined ? {} : { requestState: judged.upstreamState }),
      ...(engine.states.opened(request, call)?.asked === undefined && inputResponses !== undefined
        ? { inputResponses }
        : {}),
    },
  };
  for await (const message of engine.upstream(passed, call)) {
    if ('result' in message && message.result.resultType === 'input_required')
      yield responseOf(request.id, { result: wrapped(engine, request, call, judged.arguments, message.result) });
    else yield message;
  }
}

/** The upstream's question with its state inside ours, so that what was decided stays decided. */
function wrapped(
  engine: Engine,
  request: ModernRequest,
  call: CallContext,
  args: Json,
  result: Json,
): Record<string, unknown> {
  const { requestState } = result;
  const state: GateState = {
    nonce: engine.environment.newId(),
    expiresAtMs: engine.environment.now() + LIMITS.requestStateMsMax,
    arguments: args,
    ...(typeof requestState === 'string' ? { upstreamState: requestState } : {}),
  };
  return { ...result, requestState: engine.states.sealed(state, request, call) };
}

async function judge(engine: Engine, request: ModernRequest, call: CallContext, tool: string): Promise<Judged> {
  const state = engine.states.opened(request, call);
  if (state !== undefined && state.asked === undefined) {
    await used(engine, call, state);
    const { upstreamState } = state;
    return {
      kind: 'through',
      arguments: state.arguments,
      concerned: true,
      ...(upstreamState === undefined ? {} : { upstreamState }),
    };
  }
  const start = state === undefined ? 0 : engine.gates.findIndex(({ name }) => name === state.asked?.gate);
  if (start === -1) throw stateRejected('the gate that asked is no longer there');
  let args = state?.arguments ?? (isObject(request.params.arguments) ? request.params.arguments : {});
  let concerned = state !== undefined;
  for (const [i, gate] of engine.gates.entries()) {
    if (i < start) continue;
    const seen: GatedCall = {
      request,
      call,
      tool,
      arguments: args,
      listed: () => engine.tools.find(tool, request, call),
      ticket: ticketOf(engine),
    };
    const waiting = i === start ? state : undefined;
    const verdict = await verdictOf(engine, gate, seen, waiting);
    if (verdict === 'unanswered' && waiting !== undefined) return askedAgain(engine, gate, seen, waiting);
    if (verdict === 'unanswered' || verdict.kind === 'unconcerned') continue;
    if (!concerned && request.params.requestState !== undefined)
      throw stateRejected('a gate stands before this call, and has not seen it');
    await record(engine, gate, seen, verdict);
    if (verdict.kind === 'refuse') return refused(verdict.text);
    if (verdict.kind === 'ask') return asking(engine, gate, seen, verdict, waiting);
    concerned = true;
    args = verdict.arguments ?? args;
  }
  return { kind: 'through', arguments: args, concerned };
}

function ticketOf({ environment, waitMs = LIMITS.requestStateMsMax }: Engine): () => Ticket {
  let ticket: Ticket | undefined;
  return () => {
    ticket ??= { nonce: environment.newId(), expiresAtMs: environment.now() + waitMs };
    return ticket;
  };
}

/** A gate's verdict; whatever it throws is a refusal that says so. */
async function verdictOf(
  engine: Engine,
  gate: Gate,
  seen: GatedCall,
  waiting: GateState | undefined,
): Promise<Verdict | 'unanswered'> {
  try {
    if (waiting?.asked === undefined) return await gate.enter(seen);
    const answer = await answerFor(engine, seen, waiting);
    if (answer === undefined) return 'unanswered';
    await used(engine, seen.call, waiting);
    return await gate.answered(seen, waiting.asked.memo, answer);
  } catch (thrown) {
    const fault = faultOf(thrown);
    if (fault.code === 'state_rejected') throw fault;
    await recordFailure(engine, gate, seen, fault);
    if (fault.code !== 'internal') throw fault;
    const message = `The gate "${gate.name}" failed, so the call was refused and not let through. Its operator finds why in the server log.`;
    throw new Fault('gate_failed', message, { cause: thrown });
  }
}

/** The answer to a gate's question: given elsewhere, or come with the request. The first counts, and there is only one. */
async function answerFor(engine: Engine, seen: GatedCall, state: GateState): Promise<Answer | undefined> {
  const { decisions } = engine;
  const elsewhere = await decisions?.decided(state.nonce);
  if (elsewhere !== undefined) return elsewhere;
  const given = givenIn(seen);
  const isElsewhere = state.asked?.elsewhere !== undefined;
  // Of a question that is decided elsewhere, a yes only says that somebody went there.
  if (given === undefined || (isElsewhere && given.action === 'accept'))
    return isElsewhere && seen.call.lease === undefined ? heldFor(engine, seen, state) : undefined;
  if (decisions === undefined || (await decisions.decide(state.nonce, given, state.expiresAtMs))) return given;
  return decisions.decided(state.nonce);
}

function givenIn({ request, call }: GatedCall): Answer | undefined {
  const { inputResponses } = request.params;
  const given: unknown = isObject(inputResponses) ? inputResponses[QUESTION] : undefined;
  if (!isObject(given) || typeof given.action !== 'string') return undefined;
  return { by: call.principal.id, action: given.action, content: isObject(given.content) ? given.content : {} };
}

/** A decision that comes while the client is held: a modern client cannot be told of it in any other way. */
async function heldFor(engine: Engine, { call }: GatedCall, { nonce }: GateState): Promise<Answer | undefined> {
  const { decisions, holdMs = LIMITS.approvalHoldMs } = engine;
  let pauseMs: number = LIMITS.tailPollMsMin;
  for (let heldMs = 0; heldMs < holdMs && !call.signal.aborted; heldMs += pauseMs) {
    pauseMs = Math.min(pauseMs * 2, LIMITS.tailPollMsMax);
    await setTimeout(pauseMs, undefined, { signal: call.signal }).catch(() => undefined);
    const answer = await decisions?.decided(nonce);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

/** A state counts once. The lease of a proxy sees to that by itself, and its client never has the state. */
async function used(engine: Engine, call: CallContext, { nonce, expiresAtMs }: GateState): Promise<void> {
  if (call.lease !== undefined || engine.decisions === undefined) return;
  if (!(await engine.decisions.use(nonce, expiresAtMs))) throw stateRejected('it was used already, and counts once');
}

function asking(
  engine: Engine,
  gate: Gate,
  seen: GatedCall,
  { question, memo, elsewhere }: Verdict & { readonly kind: 'ask' },
  before: GateState | undefined,
): Judged {
  const times = before?.asked?.gate === gate.name ? before.asked.times + 1 : 1;
  if (times > LIMITS.answerAttemptsMax)
    return refused('The question before this call was answered wrongly too often, so it was not made.');
  const capabilities = seen.request.params._meta[META.clientCapabilities];
  const isQuiet = elsewhere?.shown === false;
  const lack = isQuiet ? undefined : lackFor('elicitation/create', question.params, { ...capabilities });
  if (lack !== undefined)
    throw new Fault('capability_missing', lack.error.message, { data: { requiredCapabilities: lack.required } });
  const state: GateState = {
    ...seen.ticket(),
    arguments: seen.arguments,
    asked: { gate: gate.name, memo: { ...memo, question }, times, ...(elsewhere === undefined ? {} : { elsewhere }) },
  };
  return ended(engine, seen, state, question, isQuiet);
}

/** The same question under the same nonce: nothing has happened since. Whoever was sent elsewhere is not sent again. */
function askedAgain(engine: Engine, gate: Gate, seen: GatedCall, state: GateState): Judged {
  const question = state.asked?.memo.question;
  if (!isObject(question)) throw stateRejected(`the gate "${gate.name}" asked nothing`);
  const isQuiet = state.asked?.elsewhere !== undefined && (!state.asked.elsewhere.shown || givenIn(seen) !== undefined);
  return ended(engine, seen, state, question, isQuiet);
}

/** Quietly: a proxy keeps the question to itself until it is decided; a modern client gets only the state, and comes again. */
function ended(
  engine: Engine,
  { request, call }: GatedCall,
  state: GateState,
  question: unknown,
  isQuiet: boolean,
): Judged {
  const requestState = engine.states.sealed(state, request, call);
  const asks = isQuiet && call.lease === undefined ? {} : { inputRequests: { [QUESTION]: question } };
  const marks = isQuiet && call.lease !== undefined ? { _meta: { [META.elsewhere]: true } } : {};
  return { kind: 'ended', outcome: { result: inputRequired({ ...asks, requestState, ...marks }, undefined) } };
}

const refused = (text: string): Judged => ({
  kind: 'ended',
  outcome: { result: { content: [{ type: 'text', text }], isError: true, resultType: 'complete' } },
});
