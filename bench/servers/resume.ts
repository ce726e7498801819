/**
 * What it costs in process to go on with a call when an answer comes, without HTTP and without a store: a live await of SDK v1
 * in an instance of its own, a run that waited in memory, and a replay from the journal. And what 10 000 waiting runs take, and
 * give back. Writes its numbers to the bench and exits.
 */
import { setTimeout } from 'node:timers/promises';
import { newKeyRing } from '../../core/adapters/crypto/key-ring.ts';
import { aesSeal } from '../../core/adapters/crypto/seal.ts';
import { nodeEnvironment } from '../../core/adapters/node/environment.ts';
import { sdkProgram } from '../../core/adapters/sdk/program.ts';
import { LIMITS } from '../../core/base/limits.ts';
import type { InputResponses, ModernRequest } from '../../core/protocol/envelope.ts';
import { META } from '../../core/protocol/envelope.ts';
import { isObject } from '../../core/protocol/messages.ts';
import type { Runner, RunnerOptions } from '../../core/runner/runner.ts';
import { runner } from '../../core/runner/runner.ts';
import type { Spread } from '../statistics.ts';
import { quantile, spreadOf } from '../statistics.ts';
import benchProgram from './program.ts';

/** Milliseconds from an answer to the next question, or to the result: the mean over a call. */
export interface ResumeScore {
  readonly name: 'live' | 'warm' | 'cold';
  readonly questions: number;
  readonly answerMs: Spread;
  /** By that of the live await, within a repetition. */
  readonly ratio: Spread;
}

/** Bytes of live objects. */
export interface ParkedScore {
  readonly parked: number;
  readonly idleBytes: number;
  readonly parkedBytes: number;
  /** After as many again, for which the first had to go. */
  readonly replacedBytes: number;
  readonly droppedBytes: number;
}

type Json = Record<string, unknown>;
type Go = (questions: number) => Promise<number>;

const EVERY = { elicitation: { form: {} } };
const ANSWER = { action: 'accept', content: { amount: 1 } };
const toolParams = (times: number) => ({ name: 'ask_many', arguments: { times } });

/** The SDK's own server, kept for its session, whose client answers at once. */
async function live(): Promise<Go> {
  const server = benchProgram();
  let heard: (message: Json) => void = () => {};
  const transport = {
    onmessage: (_: unknown): void => {},
    start: async () => {},
    close: async () => {},
    send: async (message: unknown) => heard(message as Json),
  };
  await server.connect(transport as unknown as Parameters<typeof server.connect>[0]);
  const said = (message: Json): Promise<Json> =>
    new Promise(resolve => {
      heard = resolve;
      transport.onmessage({ jsonrpc: '2.0', ...message });
    });
  const clientInfo = { name: 'bench', version: '1.0.0' };
  const opening = { protocolVersion: '2025-11-25', capabilities: { elicitation: {} }, clientInfo };
  await said({ id: 'open', method: 'initialize', params: opening });
  transport.onmessage({ jsonrpc: '2.0', method: 'notifications/initialized' });
  let calls = 0;
  return async questions => {
    let next = await said({ id: `call-${++calls}`, method: 'tools/call', params: toolParams(questions) });
    const beganAt = performance.now();
    while (next.method !== undefined) next = await said({ id: next.id, result: ANSWER });
    if (next.result === undefined) throw new Error('The live server did not answer.');
    return (performance.now() - beganAt) / questions;
  };
}

const _meta = {
  [META.protocolVersion]: '2026-07-28',
  [META.clientCapabilities]: EVERY,
  [META.clientInfo]: { name: 'bench', version: '1.0.0' },
};
const SEAL = aesSeal({ keys: newKeyRing() });
const session = { id: 'bench', name: 'bench', endsAtMs: Number.MAX_SAFE_INTEGER };

const runnerOf = (warm: NonNullable<RunnerOptions['warm']>): Runner =>
  runner({
    program: sdkProgram(() => benchProgram()),
    seal: SEAL,
    environment: nodeEnvironment(),
    observer: () => {},
    owner: 'bench',
    retryLost: 'never',
    warm,
  });

async function resultOf(server: Runner, params: Json): Promise<Json> {
  const request = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { ...params, _meta } } as ModernRequest;
  const { signal } = new AbortController();
  const call = {
    principal: { id: 'bench' },
    signal,
    session,
    lease: { session: 'bench', exchange: 'bench', generation: 1 },
  };
  for await (const message of server(request, call)) {
    if ('result' in message) return message.result;
    if ('error' in message) throw new Error(message.error.message);
  }
  throw new Error('The program did not answer.');
}

function answering(server: Runner): Go {
  return async questions => {
    const params = toolParams(questions);
    let now = await resultOf(server, params);
    const beganAt = performance.now();
    while (isObject(now.inputRequests)) {
      const inputResponses = Object.fromEntries(
        Object.keys(now.inputRequests).map(key => [key, ANSWER]),
      ) as InputResponses;
      now = await resultOf(server, { ...params, inputResponses, requestState: now.requestState });
    }
    return (performance.now() - beganAt) / questions;
  };
}

async function resumes(repetitions: number, calls: number): Promise<readonly ResumeScore[]> {
  const contestants = {
    live: await live(),
    warm: answering(runnerOf('programs')),
    cold: answering(runnerOf('nothing')),
  };
  const names = ['live', 'warm', 'cold'] as const;
  const turn = async (go: Go, questions: number): Promise<number> => {
    const times: number[] = [];
    for (let call = 0; call < calls; call++) times.push(await go(questions));
    return quantile(times, 0.5);
  };
  const scores: ResumeScore[] = [];
  for (const questions of [1, 5, 20]) {
    for (const name of names) await turn(contestants[name], questions);
    const times: Record<(typeof names)[number], number[]> = { live: [], warm: [], cold: [] };
    for (let repetition = 0; repetition < repetitions; repetition++)
      for (const offset of names.keys()) {
        const name = names[(repetition + offset) % names.length] ?? 'live';
        times[name].push(await turn(contestants[name], questions));
      }
    for (const name of names) {
      const ratios = times[name].map((ms, at) => ms / (times.live[at] ?? Number.NaN));
      scores.push({ name, questions, answerMs: spreadOf(times[name]), ratio: spreadOf(ratios) });
    }
  }
  return scores;
}

async function heapBytes(): Promise<number> {
  for (let pass = 0; pass < 3; pass++) {
    globalThis.gc?.();
    await setTimeout(100);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Each runner keeps so many; together they keep them all. */
async function parked(count: number): Promise<ParkedScore> {
  const runners = Array.from({ length: Math.ceil(count / LIMITS.parkedRunsMax) }, () => runnerOf('runs'));
  const fill = async (): Promise<void> => {
    for (const one of runners) for (let run = 0; run < LIMITS.parkedRunsMax; run++) await resultOf(one, toolParams(1));
  };
  for (const one of runners) await resultOf(one, toolParams(1));
  for (const one of runners) one.close();
  const idleBytes = await heapBytes();
  await fill();
  const parkedBytes = await heapBytes();
  await fill();
  const replacedBytes = await heapBytes();
  for (const one of runners) one.close();
  return {
    parked: runners.length * LIMITS.parkedRunsMax,
    idleBytes,
    parkedBytes,
    replacedBytes,
    droppedBytes: await heapBytes(),
  };
}

const [repetitions, calls, count] = process.argv.slice(2).map(Number);
process.send?.({ resumes: await resumes(repetitions ?? 5, calls ?? 50), parked: await parked(count ?? 10_000) });
process.exit(0);
