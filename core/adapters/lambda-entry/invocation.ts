/**
 * One invocation: an app is asked, and what is left of the invocation's time is kept in view.
 *
 * The app's time ends a while before the invocation's, since an invocation that runs out of time is killed together with its
 * environment. Whatever goes wrong becomes a response here; nothing is thrown that would cost the environment.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type Fault, faultOf, rpcErrorOf } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { Observer } from '../../ports/observer.ts';
import type { Shape } from './event.ts';
import { arrivedIn } from './event.ts';
import type { LambdaContext } from './runtime.ts';

export interface EntryOptions {
  readonly app: { fetch(request: Request): Response | Promise<Response> };
  readonly observer: Observer;
  /** What goes on behind responses that have ended: an invocation lasts until it is over, or until its time is. */
  readonly afterwards?: (() => Promise<void>) | undefined;
}

export interface Asked {
  readonly response: Response;
  readonly shape: Shape;
  /** Aborted when the body must come to an end. Answers of our own are short, and have all the time that is left. */
  readonly until: AbortSignal;
}

const NEVER = new AbortController().signal;

/** When an app must have come to an end. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(context: LambdaContext) {
    const leftMs = context.getRemainingTimeInMillis();
    const marginMs = Math.min(LIMITS.invocationMarginMs, leftMs / 4);
    this.#timer = setTimeout(() => this.#controller.abort(), leftMs - marginMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Resolves when the promise does, or when the time is over. */
  async within(promise: Promise<unknown>): Promise<void> {
    let over: () => void = () => undefined;
    const time = new Promise<void>(resolve => {
      over = resolve;
      this.signal.addEventListener('abort', over, { once: true });
      if (this.signal.aborted) resolve();
    });
    await Promise.race([promise, time]).finally(() => this.signal.removeEventListener('abort', over));
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}

/** The app's response. One that does not come in time, or not at all, is told as a JSON-RPC error. */
export async function ask(
  { app, observer }: EntryOptions,
  event: unknown,
  { tenantId }: LambdaContext,
  deadline: Deadline,
): Promise<Asked> {
  let shape: Shape = 'cookies';
  await thawed();
  try {
    const arrived = arrivedIn(event, deadline.signal, tenantId);
    shape = arrived.shape;
    const response = Promise.resolve(app.fetch(arrived.request));
    await deadline.within(response);
    if (!deadline.signal.aborted) return { response: await response, shape, until: deadline.signal };
    response.then(late => late.body?.cancel()).catch(() => undefined);
    observer({ event: 'invocation.late', level: 'warning', message: 'The invocation ends before its response came.' });
    return { response: lateResponse(), shape, until: NEVER };
  } catch (thrown) {
    const fault = faultOf(thrown);
    reportFault(observer, 'invocation.failed', fault);
    return { response: errorResponse(fault.code === 'invalid_request' ? 400 : 500, fault), shape, until: NEVER };
  }
}

/**
 * An environment may have been frozen since its last invocation. One turn of timers lets it notice which of its connections were
 * closed meanwhile, or are too old, before any of them is used.
 */
export const thawed = (): Promise<void> => pause(0);

/** Waits for what goes on behind the response, as long as there is time. It reports its own faults. */
export async function finish({ afterwards }: EntryOptions, deadline: Deadline): Promise<void> {
  if (afterwards !== undefined) await deadline.within(afterwards().catch(() => undefined));
  deadline.clear();
}

export function reportFault(observer: Observer, event: string, { code, message, detail }: Fault): void {
  observer({ event, level: 'error', code, message, ...(detail === undefined ? {} : { detail }) });
}

const json = (status: number, error: unknown, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify({ jsonrpc: '2.0', error }), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });

const errorResponse = (status: number, fault: Fault): Response => json(status, rpcErrorOf(fault));

const lateResponse = (): Response =>
  json(
    504,
    { code: -32603, message: 'This took longer than an invocation may last.', data: { code: 'upstream_timeout' } },
    { 'retry-after': '1' },
  );
