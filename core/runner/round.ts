/**
 * One round of a call that may ask: the journal is taken out of `requestState`, the client's answers go into it, the program
 * is run from the start, and what comes of it is a modern outcome — the result, an error, or `input_required` with the
 * journal sealed again.
 *
 * As long as a question of the last round lacks its answer the program does not run at all: what it would ask is known.
 * Specification: 2026-07-28, "Multi round-trip requests".
 */
import { setImmediate as turn } from 'node:timers/promises';
import { Fault, rpcErrorOf } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { Client } from '../bridge/from-modern.ts';
import { programRequest } from '../bridge/from-modern.ts';
import {
  askingBeforeTask,
  inputRequired,
  modernError,
  modernResult,
  notVisited,
  pagesToVisit,
} from '../bridge/from-program.ts';
import { lackFor } from '../bridge/from-question.ts';
import type { Offers } from '../journal/answering.ts';
import { answered, offersOf } from '../journal/answering.ts';
import type { Entry, Journal } from '../journal/journal.ts';
import { newJournal, openEntries } from '../journal/journal.ts';
import { freeKey, labelOf, questionOf } from '../journal/question.ts';
import type { RoundState } from '../journal/state.ts';
import { decodeState, encodeState } from '../journal/state.ts';
import type { CallContext } from '../ports/stateless-server.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import { META } from '../protocol/envelope.ts';
import type { Outcome, RpcNotification } from '../protocol/messages.ts';
import type { Binding } from './binding.ts';
import type { Attempt } from './once.ts';
import { once } from './once.ts';
import { callNameOf, openDesk } from './open-desk.ts';
import type { RunEnd } from './order.ts';
import type { SealedState } from './parked-runs.ts';
import { beginOnce, begunBefore, isOnceOnly, isRepeatable } from './repeatable.ts';
import type { Workshop } from './workshop.ts';

/** A request in the course of being served. */
export interface Served {
  readonly workshop: Workshop;
  readonly request: ModernRequest;
  readonly call: CallContext;
  readonly client: Client;
  readonly binding: Binding;
  readonly emit: (notification: RpcNotification) => void;
  readonly signal: AbortSignal;
}

/** Serves one round. */
export async function served(round: Served): Promise<Attempt> {
  const offers = offersOf(round.request.params.inputResponses);
  const state = stateOf(round);
  if (state === undefined) {
    if (isOnceOnly(round)) await beginOnce(round);
    return replayed(round, newJournal(callNameOf(round)), offers);
  }
  const journal = answered(state.journal, offers);
  if (openEntries(journal).length > 0) return asking(round, sealing(round, journal, state.nonce));
  const unvisited = journal.entries.find(isRefusedVisit);
  if (unvisited !== undefined) return notVisited(round.request.method, unvisited.label);
  const visited = { ...journal, entries: journal.entries.filter(entry => entry.aside !== true) };
  return guarded(round, state, () => resumed(round, state.nonce, visited));
}

/** The run that waits in this process goes on; if there is none, a replay comes to the same. */
async function resumed(round: Served, nonce: string, journal: Journal): Promise<Attempt> {
  const { workshop, client, signal, emit } = round;
  const request = programRequest(round.request, journal.call);
  // A process that died is known to be dead a turn of the event loop later: it must not be handed the answers.
  if (!workshop.options.program.attributes) await turn();
  const end = workshop.resumed(nonce, { request, client, signal, entries: journal.entries }, round.call, emit);
  if (end !== undefined) return ended(round, journal, await end);
  if (isOnceOnly(round)) throw begunBefore();
  return replayed(round, journal, {});
}

/** Runs the round once, unless the caller's lease already sees to that. */
function guarded(round: Served, state: RoundState, work: () => Promise<Attempt>): Promise<Attempt> {
  const { guard, owner, environment } = round.workshop.options;
  if (guard === undefined || round.call.lease !== undefined) return work();
  const { nonce, expiresAtMs } = state;
  const mayRepeat = (): Promise<boolean> => isRepeatable(round);
  return once({ guard, owner, environment, nonce, expiresAtMs, signal: round.signal, mayRepeat }, work);
}

/** A fresh instance goes through the journal and on from there. */
async function replayed(round: Served, journal: Journal, offers: Offers): Promise<Attempt> {
  const { workshop, client, request, signal, emit, call } = round;
  const desk = await openDesk(round, journal);
  const asks = { mayAsk: true, entries: journal.entries, offers, told: journal.told, desk, call };
  return ended(round, journal, await workshop.run(client, programRequest(request, journal.call), signal, emit, asks));
}

/** What came of a run, for the client. */
function ended(round: Served, journal: Journal, end: RunEnd): Attempt {
  switch (end.kind) {
    case 'aborted':
      return end.reached ? 'lost' : 'unreached';
    case 'suspended':
      return suspended(round, { ...journal, entries: end.entries, told: end.told, facts: end.facts }, end);
    case 'completed':
      return completed(round, end, journal);
  }
}

/** The run is parked under the nonce of the round that its answers will begin. */
function suspended(round: Served, journal: Journal, { parked, beforeTask }: RunEnd & { kind: 'suspended' }): Outcome {
  try {
    const given = sealing(round, journal);
    if (parked !== undefined) round.workshop.parked.park(parked, given, round.workshop.holderOf(round.call));
    const outcome = asking(round, given);
    return beforeTask ? askingBeforeTask(outcome) : outcome;
  } catch (thrown) {
    parked?.drop();
    throw thrown;
  }
}

function completed(round: Served, end: RunEnd & { readonly kind: 'completed' }, journal: Journal): Outcome {
  const pages = pagesToVisit(end.outcome);
  if (pages === undefined) return modernOutcome(round.request, end);
  const urlLack = lackFor('elicitation/create', { mode: 'url' }, round.client.capabilities);
  if (urlLack !== undefined) return capabilityMissing(urlLack.required);
  const entries = pages.slice(0, LIMITS.questionsPerRoundMax).reduce(visiting, end.entries);
  return asking(round, sealing(round, { ...journal, entries, told: end.told, facts: end.facts }));
}

/** What the program answered, as a modern client may see it. */
export function modernOutcome(request: ModernRequest, end: RunEnd & { readonly kind: 'completed' }): Outcome {
  const { outcome, lacking, introduction } = end;
  if (lacking !== undefined && ('error' in outcome || outcome.result.isError === true))
    return capabilityMissing(lacking);
  return 'error' in outcome
    ? { error: modernError(request.method, request.params, outcome.error) }
    : { result: modernResult(request.method, outcome.result, introduction.serverInfo) };
}

function capabilityMissing(requiredCapabilities: Record<string, unknown>): Outcome {
  const names = Object.keys(requiredCapabilities).join(', ');
  const message = `This needs a capability that the client did not declare: ${names}.`;
  return { error: rpcErrorOf(new Fault('capability_missing', message, { data: { requiredCapabilities } })) };
}

/** One more page to visit. Its answer is waited for, and not told to the program, which looks for itself. */
function visiting(entries: readonly Entry[], page: Record<string, unknown>): readonly Entry[] {
  const question = questionOf('elicitation/create', { ...page, mode: 'url' });
  const { method, params, print, shape, stem } = question;
  const key = freeKey(stem, entries);
  return [...entries, { key, method, print, shape, nth: 0, label: labelOf(question), params, aside: true }];
}

const isRefusedVisit = (entry: Entry): boolean =>
  entry.aside === true &&
  entry.answer !== undefined &&
  'result' in entry.answer &&
  entry.answer.result.action !== 'accept';

/** The journal, sealed. A round asked again keeps its nonce: it is the same place in the program. */
function sealing({ workshop, binding }: Served, journal: Journal, nonce?: string): SealedState {
  const { seal, environment } = workshop.options;
  const expiresAtMs = environment.now() + LIMITS.requestStateMsMax;
  const state = { nonce: nonce ?? environment.newId(), expiresAtMs, journal };
  const sealed = seal.seal(encodeState(state), binding.text);
  if (sealed.length > LIMITS.requestStateBytesMax) throw tooLarge(sealed.length);
  return { state, sealed, binding };
}

/** The open questions, with the sealed journal. */
function asking({ workshop }: Served, given: SealedState): { readonly result: Record<string, unknown> } {
  const open = openEntries(given.state.journal);
  const inputRequests = Object.fromEntries(open.map(entry => [entry.key, requestIn(entry)]));
  const _meta = open.every(entry => entry.aside === true) ? { [META.visitFirst]: true } : undefined;
  return {
    result: inputRequired({ inputRequests, requestState: given.sealed, _meta }, workshop.lastIntroduction?.serverInfo),
  };
}

const requestIn = ({ method, params }: Entry): Record<string, unknown> =>
  method === 'roots/list' ? { method } : { method, params };

const tooLarge = (bytes: number): Fault =>
  new Fault(
    'journal_too_large',
    `What this call has to remember takes ${bytes} bytes, more than the ${LIMITS.requestStateBytesMax} allowed. ` +
      'Let the program ask for less at a time, or take large answers by reference.',
  );

/** The state that came with the request; throws `state_rejected` for one that is not good for this call. */
function stateOf({ request, workshop, binding }: Served): RoundState | undefined {
  const sealed: unknown = request.params.requestState;
  if (sealed === undefined) return undefined;
  const { seal, environment } = workshop.options;
  const isPossible = typeof sealed === 'string' && sealed.length <= LIMITS.requestStateBytesMax;
  const state = isPossible
    ? (workshop.parked.stateIn(sealed, binding) ?? decoded(seal.open(sealed, binding.text)))
    : undefined;
  if (state !== undefined && state.expiresAtMs > environment.now()) return state;
  throw new Fault(
    'state_rejected',
    'This requestState is not valid here: it was altered, has expired, or belongs to another call or user. ' +
      'Make the call again without it.',
  );
}

const decoded = (text: string | undefined): RoundState | undefined =>
  text === undefined ? undefined : decodeState(text);
