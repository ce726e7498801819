/**
 * Requests carried by invocations of a function, streamed where it can be.
 *
 * An invocation cannot be taken back: who gives up stops listening, and the function goes on to its end. Nothing is invoked twice
 * but what Lambda has refused for want of capacity, for whatever else failed may have begun.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { InvokeWithResponseStreamResponseEvent, LambdaClient } from '@aws-sdk/client-lambda';
import { InvokeCommand, InvokeWithResponseStreamCommand } from '@aws-sdk/client-lambda';
import { Fault } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { Answer, Carrier, Post } from '../../upstream/carrier.ts';
import type { Place } from './event.ts';
import { eventOf } from './event.ts';
import { bodyFault, cannotStream, functionFault, invokeFault, isBusy } from './failure.ts';
import { httpAnswerOf, whole } from './http-answer.ts';
import type { Tenancy } from './tenant.ts';
import { tenantOf } from './tenant.ts';

export interface Invoked extends Place {
  readonly client: LambdaClient;
  /** Name or ARN, with a version or an alias if need be. */
  readonly functionName: string;
  readonly mode: 'stream' | 'buffered' | 'auto';
  readonly tenancy: Tenancy;
}

interface Input {
  readonly FunctionName: string;
  readonly Payload: Buffer;
  readonly TenantId?: string;
}

export function lambdaCarrier(invoked: Invoked): Carrier {
  const { functionName, mode } = invoked;
  let streams = mode !== 'buffered';
  const once = async (input: Input, signal: AbortSignal): Promise<Answer> => {
    if (!streams) return buffered(invoked, input, signal);
    try {
      return await streamed(invoked, input, signal);
    } catch (thrown) {
      if (mode !== 'auto' || !cannotStream(thrown)) throw thrown;
      streams = false;
      return buffered(invoked, input, signal);
    }
  };
  return async (post, signal) => {
    const input = inputOf(invoked, post);
    for (let attempt = 1; ; attempt++) {
      try {
        return await once(input, signal);
      } catch (thrown) {
        if (!isBusy(thrown) || attempt >= LIMITS.busyAttemptsMax) throw invokeFault(thrown, functionName);
        await pause(busyPauseMs(attempt), undefined, { signal });
      }
    }
  };
}

/** Twice as long each time, and never the same for two that were refused together. */
const busyPauseMs = (attempt: number): number => LIMITS.busyPauseMs * 2 ** (attempt - 1) * (0.5 + Math.random());

function inputOf(invoked: Invoked, post: Post): Input {
  const TenantId = tenantOf(post, invoked.tenancy);
  const event = eventOf(post, invoked, randomUUID(), Date.now());
  const input = { FunctionName: invoked.functionName, Payload: Buffer.from(JSON.stringify(event)) };
  return TenantId === undefined ? input : { ...input, TenantId };
}

async function buffered({ client, functionName }: Invoked, input: Input, signal: AbortSignal): Promise<Answer> {
  const { Payload, FunctionError } = await client.send(new InvokeCommand(input), { abortSignal: signal });
  const payload = Payload ?? new Uint8Array();
  if (FunctionError !== undefined) throw functionFault(FunctionError, Buffer.from(payload).toString(), functionName);
  return whole(payload);
}

async function streamed({ client, functionName }: Invoked, input: Input, signal: AbortSignal): Promise<Answer> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const command = new InvokeWithResponseStreamCommand(input);
  const { EventStream } = await client.send(command, { abortSignal: either });
  if (EventStream === undefined)
    throw new Fault('upstream_invalid', 'The upstream broke the protocol: it sent nothing.');
  return httpAnswerOf(chunksOf(EventStream, functionName, () => stop.abort()));
}

/** The bytes of a streamed answer. Leaving it early lets the little that may follow pass, so that the connection can be used again. */
async function* chunksOf(
  events: AsyncIterable<InvokeWithResponseStreamResponseEvent>,
  functionName: string,
  stop: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = events[Symbol.asyncIterator]();
  let over = false;
  try {
    for (;;) {
      const next = await iterator.next().catch(thrown => {
        over = true;
        throw bodyFault(thrown, functionName);
      });
      over = next.done === true || next.value.InvokeComplete !== undefined;
      if (next.done) return;
      const { PayloadChunk, InvokeComplete } = next.value;
      if (InvokeComplete?.ErrorCode !== undefined)
        throw functionFault(InvokeComplete.ErrorCode, InvokeComplete.ErrorDetails ?? '', functionName);
      if (PayloadChunk?.Payload !== undefined) yield PayloadChunk.Payload;
    }
  } finally {
    if (!over) void release(iterator, stop);
  }
}

async function release(
  iterator: AsyncIterator<InvokeWithResponseStreamResponseEvent>,
  stop: () => void,
): Promise<void> {
  const timer = setTimeout(stop, LIMITS.upstreamTailMs);
  try {
    while (!(await iterator.next()).done);
  } catch {
    // Whatever breaks now breaks after the response.
  } finally {
    clearTimeout(timer);
  }
}
