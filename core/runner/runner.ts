/**
 * The runner: a program of the legacy era, served as MCP 2026-07-28.
 *
 * Every request gets a fresh instance of the program, so nothing is kept between requests but what travels in
 * `requestState`. Here is decided what kind of request it is; `round.ts` serves those that may ask, `listening` those that
 * listen, and any other is one run and its response. The proxy is unknown here.
 */
import { type Fault, faultOf } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { clientOf, programRequest } from '../bridge/from-modern.ts';
import type { Introduction } from '../bridge/from-program.ts';
import { discovery, withoutChanges } from '../bridge/from-program.ts';
import type { Tells } from '../ports/feed.ts';
import { listening } from '../ports/listening.ts';
import type { CallContext, StatelessServer } from '../ports/stateless-server.ts';
import type { ModernRequest } from '../protocol/envelope.ts';
import type { Outcome, RpcNotification, RpcResponse } from '../protocol/messages.ts';
import { responseOf } from '../protocol/messages.ts';
import { traitsOf } from '../protocol/methods.ts';
import { Binding } from './binding.ts';
import type { Attempt } from './once.ts';
import { pumped } from './pump.ts';
import type { Served } from './round.ts';
import { modernOutcome, served } from './round.ts';
import type { RunnerOptions } from './workshop.ts';
import { ASKS_NOTHING, Workshop } from './workshop.ts';

export type { RunnerOptions, Warmth } from './workshop.ts';

type Output = AsyncGenerator<RpcNotification | RpcResponse, void, void>;

/** A stateless server, with what it keeps in memory to make it faster. */
export interface Runner extends Tells {
  (...call: Parameters<StatelessServer>): ReturnType<StatelessServer>;
  /** A session of a principal has ended or sleeps: what is kept in memory for it goes. Resolves when its program is gone. */
  release(session: string, principal: string): Promise<void>;
  /** Ends every program that is kept. Calls that wait go on elsewhere, or when the runner is made anew. */
  close(): void;
}

export function runner(options: RunnerOptions): Runner {
  const workshop = new Workshop(options);
  const serve: StatelessServer = (request, call) =>
    request.method === 'subscriptions/listen' ? listen(workshop, request, call) : respond(workshop, request, call);
  return Object.assign(serve, {
    release: (session: string, principal: string) => workshop.release(session, principal),
    async tell(principal: string, change: RpcNotification) {
      workshop.feeds.publish(principal, change);
      await workshop.feeds.kept(principal);
    },
    close: () => {
      workshop.parked.clear();
      workshop.programs.close();
      workshop.feeds.close();
    },
  });
}

async function* respond(workshop: Workshop, request: ModernRequest, call: CallContext): Output {
  const beganAtMs = workshop.options.environment.now();
  const attempt = yield* pumped<RpcNotification, Attempt>(call.signal, (emit, signal) =>
    attempted({
      workshop,
      request,
      call,
      client: clientOf(request),
      binding: new Binding(call.principal.id, request),
      emit,
      signal,
    })
      .catch((error: unknown) => {
        throw observed(workshop, request, call, error);
      })
      // Whoever has the answer can rely on others being told what the call has changed.
      .finally(() => workshop.feeds.kept(call.principal.id)),
  );
  if (typeof attempt === 'string') return;
  const { observer, environment } = workshop.options;
  const durationMs = environment.now() - beganAtMs;
  observer({ event: 'round.ended', level: 'debug', principal: call.principal.id, method: request.method, durationMs });
  yield responseOf(request.id, attempt);
}

async function attempted(round: Served): Promise<Attempt> {
  const { workshop, request, client, signal, emit } = round;
  const traits = traitsOf(request.method);
  if (traits.legacyOnly) return methodUnknown(request.method);
  if (traits.mayAsk) return served(round);
  if (request.method === 'server/discover') {
    const introduction = await workshop.introduction(client, signal, LIMITS.introductionKeepMs);
    return introduction === undefined ? 'unreached' : { result: discovery(shown(workshop, introduction)) };
  }
  const end = await workshop.run(client, programRequest(request, workshop.options.environment.newId()), signal, emit, {
    ...ASKS_NOTHING,
    call: round.call,
  });
  if (end.kind === 'completed') return modernOutcome(request, end);
  return 'lost';
}

const methodUnknown = (method: string): Outcome => ({
  error: { code: -32601, message: `Method not found: ${method}` },
});

async function* listen(workshop: Workshop, request: ModernRequest, call: CallContext): Output {
  const introduction = await workshop.introduction(clientOf(request), call.signal, Number.POSITIVE_INFINITY);
  if (introduction === undefined) return;
  yield* listening(request, call.signal, shown(workshop, introduction), await workshop.feeds.open(call.principal.id));
}

/** What the program says of itself, as far as it can be kept. */
const shown = ({ options }: Workshop, introduction: Introduction): Introduction =>
  options.tells === false ? withoutChanges(introduction) : introduction;

/** Faults of the program are for its owner to see; those of a client are its own business. */
function observed(workshop: Workshop, request: ModernRequest, call: CallContext, error: unknown): Fault {
  const fault = faultOf(error);
  workshop.options.observer({
    event: 'round.failed',
    level: fault.blame === 'client' ? 'info' : 'error',
    principal: call.principal.id,
    method: request.method,
    code: fault.code,
    message: fault.message,
    ...(fault.detail === undefined ? {} : { detail: fault.detail }),
  });
  return fault;
}
