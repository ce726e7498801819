/**
 * What one run of a program costs in process, without HTTP and without a store: a plain call, and a round that replays so and
 * so many answered questions before it ends. Writes its numbers to the bench and exits.
 */
import { newKeyRing } from '../../core/adapters/crypto/key-ring.ts';
import { aesSeal } from '../../core/adapters/crypto/seal.ts';
import { nodeEnvironment } from '../../core/adapters/node/environment.ts';
import { sdkServer } from '../../core/adapters/sdk/program-server.ts';
import type { StatelessServer } from '../../core/ports/stateless-server.ts';
import type { InputResponses, ModernRequest } from '../../core/protocol/envelope.ts';
import { META } from '../../core/protocol/envelope.ts';
import { isObject } from '../../core/protocol/messages.ts';
import { runner } from '../../core/runner/runner.ts';
import { spreadOf } from '../statistics.ts';
import benchProgram from './program.ts';
import sharing from './program-shared-validator.ts';

type Params = Omit<ModernRequest['params'], '_meta'>;
type Result = Record<string, unknown>;

const _meta = {
  [META.protocolVersion]: '2026-07-28',
  [META.clientCapabilities]: { elicitation: { form: {} } },
  [META.clientInfo]: { name: 'bench', version: '1.0.0' },
};

const run = {
  seal: aesSeal({ keys: newKeyRing() }),
  environment: nodeEnvironment(),
  observer: () => {},
  owner: 'bench',
  retryLost: 'never' as const,
};

async function resultOf(server: StatelessServer, params: Params): Promise<Result> {
  const request: ModernRequest = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { ...params, _meta } };
  const { signal } = new AbortController();
  const lease = { session: 'bench', exchange: 'bench', generation: 1 };
  for await (const message of server(request, { principal: { id: 'bench' }, signal, lease })) {
    if ('result' in message) return message.result;
    if ('error' in message) throw new Error(message.error.message);
  }
  throw new Error('The program did not answer.');
}

/** The parameters of the last round of a call that asks `times` questions: all but the last are in its journal. */
async function lastRound(server: StatelessServer, times: number): Promise<Params> {
  let params: Params = { name: 'ask_many', arguments: { times } };
  for (let round = 1; round <= times; round++) {
    const { inputRequests, requestState } = await resultOf(server, params);
    if (!isObject(inputRequests) || typeof requestState !== 'string') throw new Error('The program did not ask.');
    const responses = Object.keys(inputRequests).map(key => [key, { action: 'accept', content: { amount: 1 } }]);
    params = { ...params, inputResponses: Object.fromEntries(responses) as InputResponses, requestState };
  }
  return params;
}

async function timed(call: () => Promise<unknown>, repetitions: number): Promise<number[]> {
  const times: number[] = [];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const beganAt = performance.now();
    await call();
    times.push(performance.now() - beganAt);
  }
  return times;
}

async function measured(server: StatelessServer, questions: number, repetitions: number) {
  const params = questions === 0 ? { name: 'add', arguments: { a: 19, b: 23 } } : await lastRound(server, questions);
  const call = () => resultOf(server, params);
  await timed(call, repetitions / 2);
  return { questions, ms: spreadOf(batches(await timed(call, repetitions), 5)) };
}

/** Medians of the parts, so that the spread is one between repetitions and not one between single runs. */
const batches = (times: readonly number[], parts: number): number[] =>
  Array.from({ length: parts }, (_, part) => {
    const size = times.length / parts;
    return spreadOf(times.slice(part * size, (part + 1) * size)).median;
  });

const repetitions = Number(process.argv[2]);
for (const [program, factory] of Object.entries({ 'as it is': benchProgram, 'sharing its validator': sharing })) {
  const server = sdkServer({ factory: () => factory(), runner: one => runner({ program: one, ...run }) });
  for (const questions of [0, 1, 4, 16])
    process.send?.({ program, ...(await measured(server, questions, repetitions)) });
}
process.exit(0);
