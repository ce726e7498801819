/**
 * A modern client in this process, for tests of the runner: it makes requests, answers questions and keeps everything it
 * was told.
 */
import type { ClientCapabilities } from '@modelcontextprotocol/server';
import { aesSeal } from '../../../core/adapters/crypto/seal.ts';
import { memoryStores } from '../../../core/adapters/memory/stores.ts';
import { nodeEnvironment } from '../../../core/adapters/node/environment.ts';
import type { Observation } from '../../../core/ports/observer.ts';
import type { Program } from '../../../core/ports/program.ts';
import type { CallContext, StatelessServer } from '../../../core/ports/stateless-server.ts';
import type { ModernRequest } from '../../../core/protocol/envelope.ts';
import { META } from '../../../core/protocol/envelope.ts';
import type { RpcError, RpcNotification } from '../../../core/protocol/messages.ts';
import type { Runner, RunnerOptions } from '../../../core/runner/runner.ts';
import { runner } from '../../../core/runner/runner.ts';

type Json = Record<string, unknown>;

export const EVERY_CAPABILITY: ClientCapabilities = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };

/** The key is pinned in `test/journal/pins`. */
export const SEAL = aesSeal({ keys: [{ id: 'test', secret: new Uint8Array(32).fill(7) }] });

export interface Caller {
  readonly server: StatelessServer;
  readonly observations: Observation[];
}

export interface RunnerCaller extends Caller {
  readonly server: Runner;
}

export function callerOf(program: Program, options: Partial<RunnerOptions> = {}): RunnerCaller {
  const observations: Observation[] = [];
  const server = runner({
    program,
    seal: SEAL,
    environment: nodeEnvironment(),
    observer: observation => observations.push(observation),
    owner: 'test',
    retryLost: 'idempotent',
    ...options,
  });
  return { server, observations };
}

export const memoryGuard = (): NonNullable<RunnerOptions['guard']> => memoryStores().rounds;

/** A request with a full envelope. `meta` overrides it, key by key. */
export const requestOf = (
  method: string,
  params: Json = {},
  meta: Json = {},
  id: string | number = 1,
): ModernRequest => ({
  jsonrpc: '2.0',
  id,
  method,
  params: {
    ...params,
    _meta: {
      [META.protocolVersion]: '2026-07-28',
      [META.clientCapabilities]: EVERY_CAPABILITY,
      [META.clientInfo]: { name: 'test-client', version: '1.2.3' },
      ...meta,
    },
  },
});

export const toolCall = (name: string, fields: Json = {}, meta: Json = {}): ModernRequest =>
  requestOf('tools/call', { name, arguments: {}, ...fields }, meta);

export interface Told {
  readonly notifications: RpcNotification[];
  readonly result?: Json;
  readonly error?: RpcError;
}

export const contextOf = (context: Partial<CallContext> = {}): CallContext => ({
  principal: { id: 'alice' },
  signal: new AbortController().signal,
  ...context,
});

/** Makes one request and collects what comes of it. */
export async function told(caller: Caller, request: ModernRequest, context?: Partial<CallContext>): Promise<Told> {
  const notifications: RpcNotification[] = [];
  for await (const message of caller.server(request, contextOf(context))) {
    if ('method' in message) notifications.push(message);
    else if ('error' in message) return { notifications, error: message.error };
    else return { notifications, result: message.result };
  }
  return { notifications };
}

/** The retry of a request with answers. */
export const retried = (request: ModernRequest, asked: Told, inputResponses?: Json): ModernRequest => ({
  ...request,
  id: `${request.id}'`,
  params: {
    ...request.params,
    ...(asked.result?.requestState === undefined ? {} : { requestState: String(asked.result.requestState) }),
    ...(inputResponses === undefined ? {} : { inputResponses: inputResponses as never }),
  },
});

export const questionsIn = (asked: Told): Record<string, { method: string; params?: Json }> =>
  (asked.result?.inputRequests ?? {}) as Record<string, { method: string; params?: Json }>;

/** An accepted form of one text field. */
export const value = (text: string): Json => ({ action: 'accept', content: { value: text } });

/** The text of a tool's result. */
export const textOf = ({ result }: Told): string | undefined =>
  (result?.content as { text: string }[] | undefined)?.[0]?.text;
