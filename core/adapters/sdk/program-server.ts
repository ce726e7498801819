/**
 * A factory of SDK v1 or v2 as a `StatelessServer`, whatever style its handlers have.
 *
 * Handlers that *await* their questions are run by replay; handlers that *return* `inputRequired(…)` are called as 2026-07-28. Which
 * one a handler is shows when it is entered, so every first round is run by the runner. A return that is noticed there
 * becomes the `input_required` result it is; the handler was entered once. A retry then goes to whoever made its
 * `requestState`: nothing is remembered between rounds, so every process decides the same. A handler that asks without a
 * state of its own is given one that says only that.
 */
import type { ClientCapabilities } from '@modelcontextprotocol/server';
import type { Tells } from '../../ports/feed.ts';
import type { Program } from '../../ports/program.ts';
import type { StatelessServer } from '../../ports/stateless-server.ts';
import type { ModernRequest } from '../../protocol/envelope.ts';
import { META } from '../../protocol/envelope.ts';
import { isObject, responseOf } from '../../protocol/messages.ts';
import { traitsOf } from '../../protocol/methods.ts';
import type { ServerFactory } from './built-server.ts';
import { build } from './built-server.ts';
import { returnedBy } from './input-required.ts';
import { modernServer } from './modern-server.ts';
import { nameOf, sdkProgram } from './program.ts';

export interface SdkServerOptions {
  readonly factory: ServerFactory;
  /** For people; the factory's own name by default. */
  readonly name?: string;
  /** Runs a program by replay. */
  readonly runner: (program: Program) => Replay;
  /**
   * `await`: every handler is replayed (one that returns its questions is then right, and slow). `mrtr`: every request is
   * answered as 2026-07-28 (SDK v2 only; a handler that awaits its questions fails). `auto`, the default: each as it is.
   */
  readonly style?: 'auto' | 'await' | 'mrtr';
}

/** A runner, which also knows who listens. */
type Replay = StatelessServer & Partial<Tells>;

export function sdkServer({ factory, runner, style = 'auto', ...options }: SdkServerOptions): StatelessServer {
  const name = options.name ?? nameOf(factory);
  if (style === 'mrtr') return calledAsModern(factory, name, runner(sdkProgram(factory, { name })));
  if (style === 'await') return runner(sdkProgram(factory, { name }));
  return choosing(factory, name, runner(sdkProgram(factory, { name, noticeReturns: true })));
}

/** Who listens is known to the runner, in every style. */
const tellsOf = ({ tell }: Replay): Tells | undefined => (tell === undefined ? undefined : { tell });

function calledAsModern(factory: ServerFactory, name: string, replay: Replay): StatelessServer {
  const tells = tellsOf(replay);
  const modern = modernServer(factory, { name, tells });
  return (request, call) =>
    tells !== undefined && request.method === 'subscriptions/listen' ? replay(request, call) : modern(request, call);
}

function choosing(factory: ServerFactory, name: string, replay: Replay): StatelessServer {
  const modern = marking(modernServer(factory, { name, tells: tellsOf(replay) }));
  let generation: Promise<'v1' | 'v2'> | undefined;
  const isModern = async (): Promise<boolean> => {
    generation ??= generationOf(factory, name);
    return (await generation) === 'v2';
  };

  return async function* (request, call) {
    if (isForeign(request) && (await isModern())) {
      yield* modern(request, call);
      return;
    }
    for await (const message of replay(request, call)) {
      const returned = 'error' in message ? returnedBy(message.error) : undefined;
      if (returned === undefined) yield message;
      else if (isCovered(returned, request.params._meta[META.clientCapabilities]))
        yield responseOf(request.id, { result: marked({ ...returned, resultType: 'input_required' }) });
      // The SDK itself says what is wrong with such a return.
      else yield* modern(request, call);
    }
  };
}

/** What every `requestState` of the runner begins with. */
const OWN_STATE = 'fermata1.';
/** The `requestState` that stands for none, on the questions of a handler that returned them. */
const NO_STATE = 'fermata.returned';

/** A retry whose `requestState` the runner did not make; the runner never asks without one. */
const isForeign = ({ method, params: { requestState } }: ModernRequest): boolean =>
  traitsOf(method).mayAsk === true && requestState !== undefined && !String(requestState).startsWith(OWN_STATE);

/** The server with `NO_STATE` put on what it asks, and taken off what it is told. */
const marking = (server: StatelessServer): StatelessServer =>
  async function* (request, call) {
    for await (const message of server(unmarked(request), call)) {
      const asks = 'result' in message && message.result.resultType === 'input_required';
      yield asks ? responseOf(request.id, { result: marked(message.result) }) : message;
    }
  };

const marked = (result: Record<string, unknown>): Record<string, unknown> =>
  result.requestState === undefined ? { ...result, requestState: NO_STATE } : result;

function unmarked(request: ModernRequest): ModernRequest {
  const { requestState, ...params } = request.params;
  return requestState === NO_STATE ? { ...request, params } : request;
}

/** Builds one server to look at it. */
async function generationOf(factory: ServerFactory, name: string): Promise<'v1' | 'v2'> {
  const { generation, outer } = await build(factory, name, 'modern');
  await outer.close().catch(() => {});
  return generation;
}

/** Whether a returned `input_required` is complete and asks only for what the client can answer. */
function isCovered(returned: Record<string, unknown>, capabilities: ClientCapabilities): boolean {
  const { inputRequests = {}, requestState } = returned;
  if (!isObject(inputRequests) || (requestState !== undefined && typeof requestState !== 'string')) return false;
  const questions = Object.values(inputRequests);
  return (
    (questions.length > 0 || requestState !== undefined) && questions.every(one => isAnswerable(one, capabilities))
  );
}

function isAnswerable(question: unknown, { elicitation, sampling, roots }: ClientCapabilities): boolean {
  if (!isObject(question)) return false;
  const params = isObject(question.params) ? question.params : undefined;
  switch (question.method) {
    case 'roots/list':
      return roots !== undefined;
    case 'sampling/createMessage':
      return (
        params !== undefined && sampling !== undefined && (params.tools === undefined || sampling.tools !== undefined)
      );
    case 'elicitation/create':
      if (params === undefined || elicitation === undefined) return false;
      // A client that names no mode takes forms (2025-11-25, "Elicitation", capabilities).
      return params.mode === 'url'
        ? elicitation.url !== undefined
        : elicitation.form !== undefined || elicitation.url === undefined;
    default:
      return false;
  }
}
