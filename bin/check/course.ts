/**
 * One call of one tool from its begin to its result, replayed at every question, with everything each of its runs asked and did:
 * what differs between two runs, and what both did, is what an author must know.
 */

import { newKeyRing } from '../../core/adapters/crypto/key-ring.ts';
import { aesSeal } from '../../core/adapters/crypto/seal.ts';
import { memoryStores } from '../../core/adapters/memory/stores.ts';
import { nodeEnvironment } from '../../core/adapters/node/environment.ts';
import { faultOf } from '../../core/base/errors.ts';
import { LIMITS } from '../../core/base/limits.ts';
import type { Program } from '../../core/ports/program.ts';
import type { StatelessServer } from '../../core/ports/stateless-server.ts';
import { META } from '../../core/protocol/envelope.ts';
import { canonicalJson } from '../../core/protocol/json.ts';
import { isObject, isRequest } from '../../core/protocol/messages.ts';
import { isInputMethod } from '../../core/protocol/methods.ts';
import { LATEST_MODERN_REVISION } from '../../core/protocol/revisions.ts';
import { runner } from '../../core/runner/runner.ts';
import { sampleOf } from './sample.ts';

type Json = Record<string, unknown>;

export interface Finding {
  readonly what: string;
  readonly texts: readonly string[];
  readonly remedy: string;
}

export interface Course {
  readonly tool: string;
  readonly questions: number;
  readonly runs: number;
  readonly findings: readonly Finding[];
  /** Why it did not come to a result: then it was checked only so far. */
  readonly failure?: string;
}

interface Run {
  readonly questions: string[];
  readonly effects: string[];
}

const CAPABILITIES = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };
const REMEDY_ASK = 'Use now(), random() and uuid() of fermata, put changing values into a step, or name the question.';
const REMEDY_EFFECT = 'Put it into step(name, fn).';

export class Checker {
  readonly #server: StatelessServer;
  readonly #signal: AbortSignal;
  #runs: Run[] = [];

  constructor(program: Program, signal: AbortSignal) {
    const environment = nodeEnvironment();
    this.#signal = signal;
    this.#server = runner({
      program: this.#watched(program),
      seal: aesSeal({ keys: newKeyRing() }),
      environment,
      observer: () => {},
      owner: environment.newId(),
      retryLost: 'always',
      state: memoryStores().state,
    });
  }

  /** Something was done by the run that is at work. */
  effect(effect: string): void {
    this.#runs.at(-1)?.effects.push(effect);
  }

  async tools(): Promise<readonly Json[]> {
    const { tools } = await this.#ask('tools/list', {});
    return Array.isArray(tools) ? tools.filter(isObject) : [];
  }

  async course(tool: Json, given: Json | undefined): Promise<Course> {
    const name = String(tool.name);
    const call = { name, arguments: given ?? sampleOf(tool.inputSchema) };
    this.#runs = [];
    const failure = await this.#through(call).catch((thrown: unknown) => faultOf(thrown).message);
    const runs = this.#runs;
    const findings = [
      ...runs.slice(1).flatMap((run, nth) => differences(runs[nth], run, nth + 1)),
      ...repetitions(runs),
    ];
    const questions = Math.max(0, ...runs.map(run => run.questions.length));
    return { tool: name, questions, runs: runs.length, findings, ...(failure === undefined ? {} : { failure }) };
  }

  /** Answers whatever is asked until there is a result; says what kept it from one. */
  async #through(call: Json): Promise<string | undefined> {
    let result = await this.#ask('tools/call', call);
    for (let round = 1; result.resultType === 'input_required' && round < LIMITS.roundsMax; round++) {
      const asked = isObject(result.inputRequests) ? Object.entries(result.inputRequests) : [];
      const inputResponses = Object.fromEntries(asked.map(([key, question]) => [key, answerTo(question)]));
      result = await this.#ask('tools/call', { ...call, requestState: result.requestState, inputResponses });
    }
    if (result.isError !== true) return undefined;
    const [first]: readonly unknown[] = Array.isArray(result.content) ? result.content : [];
    return isObject(first) ? String(first.text) : 'The tool reported an error.';
  }

  async #ask(method: string, params: Json): Promise<Json> {
    const _meta = { [META.protocolVersion]: LATEST_MODERN_REVISION, [META.clientCapabilities]: CAPABILITIES };
    const request = { jsonrpc: '2.0' as const, id: 'check', method, params: { ...params, _meta } };
    const session = { id: 'check', name: 'check', endsAtMs: Number.MAX_SAFE_INTEGER };
    for await (const message of this.#server(request, { principal: { id: 'check' }, signal: this.#signal, session })) {
      if ('method' in message) continue;
      if ('error' in message) throw new Error(message.error.message);
      return message.result;
    }
    throw new Error('The program gave no answer.');
  }

  #watched(program: Program): Program {
    return {
      ...program,
      start: listener => {
        const run: Run = { questions: [], effects: [] };
        this.#runs.push(run);
        return program.start({
          ...listener,
          onMessage: (message, about) => {
            if (isRequest(message) && isInputMethod(message.method))
              run.questions.push(
                `${message.method} ${canonicalJson(message.params, new Set(['_meta', 'elicitationId']))}`,
              );
            listener.onMessage(message, about);
          },
        });
      },
    };
  }
}

/** What a later run asked in place of an earlier one's questions. */
function differences(before: Run | undefined, after: Run, nth: number): readonly Finding[] {
  const missing = (before?.questions ?? []).filter(question => !after.questions.includes(question));
  return missing.map(question => ({
    what: 'A question is another one when the handler runs again.',
    texts: [
      `run ${nth}: ${question}`,
      `run ${nth + 1}: ${after.questions[before?.questions.indexOf(question) ?? 0] ?? 'no such question'}`,
    ],
    remedy: REMEDY_ASK,
  }));
}

/** Effects that a run had before a question, and the next run again. */
function repetitions(runs: readonly Run[]): readonly Finding[] {
  const again = runs.flatMap((run, nth) => run.effects.filter(effect => runs[nth + 1]?.effects.includes(effect)));
  return [...new Set(again)].map(effect => ({
    what: 'Something is done before a question, and done again by every run.',
    texts: [effect],
    remedy: REMEDY_EFFECT,
  }));
}

function answerTo(question: unknown): Json {
  const { method, params } = isObject(question) ? question : {};
  if (method === 'roots/list') return { roots: [] };
  if (method === 'sampling/createMessage')
    return { role: 'assistant', content: { type: 'text', text: 'a' }, model: 'check', stopReason: 'endTurn' };
  const schema = isObject(params) ? params.requestedSchema : undefined;
  const content = sampleOf(schema);
  return { action: 'accept', ...(isObject(schema) && isObject(content) ? { content } : {}) };
}
