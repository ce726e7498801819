/**
 * A client's response to a question.
 *
 * Its id says where it belongs, so nothing is looked up. The first answer counts; duplicates, answers to unknown or settled
 * questions are accepted and ignored, and those that come after the client gave up are kept for the same call made again. An
 * answer of the wrong shape is refused and changes nothing: the right one may still come.
 */
import { Fault } from '../base/errors.ts';
import type { QuestionAddress } from '../base/ids.ts';
import { parseQuestionId } from '../base/ids.ts';
import { LIMITS } from '../base/limits.ts';
import { answerOf, isAnswerShaped, refusedOutcome } from '../bridge/legacy-questions.ts';
import type { Outcome, RpcResponse } from '../protocol/messages.ts';
import { outcomeOf } from '../protocol/messages.ts';
import type { Exchange, ExchangeEvent } from '../session/exchange.ts';
import { lastSequence } from '../session/exchange.ts';
import type { Session } from '../session/session.ts';
import { changeSession } from './changes.ts';
import { claimHere, dispatch, leaveUnclaimed, newRunning, startClaimed } from './dispatcher.ts';
import type { Engine } from './engine.ts';
import { taskIn } from './task-address.ts';
import { transition } from './transitions.ts';

export async function accept(engine: Engine, session: Session, response: RpcResponse): Promise<void> {
  const address = parseQuestionId(response.id);
  if (address === undefined) return ignored(engine, session, 'its id is none of ours');
  const outcome = outcomeOf(response);
  const eventFor = (exchange: Exchange) => answerEvent(engine, exchange, address, outcome);
  const asking = await askingIn(engine, session, address);
  if (asking === undefined) return ignored(engine, session, 'its call is unknown');
  // Whoever drives the call on must know the roots already, or would ask for them again.
  const isOwn = asking.session === session.id;
  const current =
    isOwn && eventFor(asking) !== undefined
      ? await rememberRoots(engine, session, asking.pending[address.key]?.method, outcome)
      : session;
  const isTaken = isOwn
    ? await taken(engine, current, asking, eventFor)
    : (await transition(engine, asking.session, address.exchange, eventFor, asking)) !== undefined;
  if (isTaken) return;
  ignored(engine, session, 'it was answered before, or its call is over');
  // The process that took the last answer may have died before it could drive on.
  const exchange = await engine.stores.exchanges.load(asking.session, address.exchange);
  if (exchange?.phase === 'ready') dispatch(engine, asking.session, exchange.id, exchange);
}

/** The call that asked: one of the session, or a task of another session of the same principal. */
async function askingIn(engine: Engine, session: Session, { exchange, session: home }: QuestionAddress) {
  return home === undefined
    ? engine.stores.exchanges.load(session.id, exchange)
    : taskIn(engine, session, exchange, home);
}

/** Commits the answer, and goes on with the call if it was the last and this is the place to do so. `false` if it is late. */
async function taken(
  engine: Engine,
  session: Session,
  asking: Exchange,
  eventFor: (exchange: Exchange) => ExchangeEvent | undefined,
): Promise<boolean> {
  const running = newRunning();
  const next = (between: Exchange) => claimHere(engine, between, running);
  const taking = transition(engine, session.id, asking.id, eventFor, asking, next).then(
    value => {
      if (value?.phase === 'calling') startClaimed(engine, session, value, running);
      else leaveUnclaimed(engine, session.id, asking.id, running);
      return value !== undefined;
    },
    (thrown: unknown) => {
      leaveUnclaimed(engine, session.id, asking.id, running);
      throw thrown;
    },
  );
  // What is claimed here is begun here, also while the process closes.
  const begun = taking.then(noted, noted).finally(() => engine.drivers.delete(begun));
  engine.drivers.add(begun);
  return taking;
}

const noted = (): void => {};

/** The transition that an answer stands for; `undefined` if it is late. */
export function answerEvent(
  engine: Engine,
  exchange: Exchange,
  address: QuestionAddress,
  outcome: Outcome,
): ExchangeEvent | undefined {
  const question = exchange.pending[address.key];
  if (question === undefined || address.round !== exchange.round) return undefined;
  if (!isAnswerShaped(question.method, outcome)) {
    throw new Fault(
      'answer_invalid',
      `This is no result of ${question.method}. The question is still open: answer it again.`,
    );
  }
  const translated = answerOf(question.method, outcome);
  if ('answer' in translated)
    return { type: 'answered', round: address.round, key: address.key, outcome: translated.answer };
  return {
    type: 'failed',
    by: 'fault',
    outcome: refusedOutcome(exchange.request.method, question.method, translated.refusal),
    sequence: lastSequence(exchange),
    expiresAtMs: engine.environment.now() + LIMITS.settledKeepMs,
  };
}

function ignored(engine: Engine, session: Session, why: string): void {
  engine.observer({ event: 'answer.ignored', level: 'info', session: session.id, message: why });
}

/** The session with what was told: roots stay until the client says they changed, where it promised to say so. */
async function rememberRoots(
  engine: Engine,
  session: Session,
  method: string | undefined,
  outcome: Outcome,
): Promise<Session> {
  if (method !== 'roots/list' || !session.clientCapabilities.roots?.listChanged || !('result' in outcome))
    return session;
  const roots = outcome.result as Session['roots'];
  return roots === undefined ? session : changeSession(engine, session, current => ({ ...current, roots }));
}
